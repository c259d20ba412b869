"""Words for broadcasts, in the reader's language."""

from __future__ import annotations

from services.chassis.i18n import Lazy, lazy
from services.notifications.broadcasts.models import STATUS_NAMES, Status
from services.notifications.broadcasts.sending import BY_ERRORS, BY_STAFF

URGENCIES: dict[str, tuple[Lazy, Lazy]] = {
    "routine": (
        lazy("Routine"),
        lazy("News and invitations, to people who agreed to receive advisories."),
    ),
    "important": (
        lazy("Important"),
        lazy("A changed situation or a new risk, to people who agreed to receive advisories."),
    ),
    "emergency": (
        lazy("Emergency"),
        lazy(
            "Danger to life, health or property now. It overtakes everything else and goes to "
            "everyone we can reach."
        ),
    ),
}

STATUS_TONES: dict[Status, str] = {
    Status.DRAFT: "neutral",
    Status.SUBMITTED: "wait",
    Status.APPROVED: "good",
    Status.SCHEDULED: "wait",
    Status.SENDING: "live",
    Status.PAUSED: "bad",
    Status.SENT: "good",
    Status.CANCELLED: "neutral",
}

ORGANISATIONS: dict[str, Lazy] = {
    "school": lazy("Schools"),
    "enterprise": lazy("Enterprises"),
    "community": lazy("Communities"),
}

PAUSES: dict[str, Lazy] = {
    BY_STAFF: lazy("A member of staff paused it."),
    BY_ERRORS: lazy("It paused by itself, because too many messages failed."),
}

LANGUAGE_NAMES: dict[str, Lazy] = {"zh-CN": lazy("Chinese"), "en": lazy("English")}


def status_name(status: str) -> str:
    """A status as people say it."""
    return str(STATUS_NAMES[Status(status)])


def status_tone(status: str) -> str:
    """The tone of a status badge."""
    return STATUS_TONES[Status(status)]


def urgency_name(urgency: str) -> str:
    """An urgency as people say it."""
    return str(URGENCIES[urgency][0])
