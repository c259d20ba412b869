"""Words for broadcasts, in the reader's language."""

from __future__ import annotations

from services.chassis.i18n import Lazy, lazy
from services.notifications.broadcasts.freezing import BROKE_OFF, NOBODY
from services.notifications.broadcasts.models import STATUS_NAMES, Status
from services.notifications.broadcasts.schemas import BroadcastOut
from services.notifications.broadcasts.sending import BY_BOUNCES, BY_ERRORS, BY_STAFF

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
    BY_BOUNCES: lazy(
        "It paused by itself, because too many messages came back as undeliverable. A city "
        "administrator can release the brake on the page of senders; then please resume it here."
    ),
}

LAPSED: dict[str, Lazy] = {
    NOBODY: lazy(
        "When its recipients were drawn up, nobody was left who would get it. Please choose "
        "others, or approve it again when that has changed."
    ),
    BROKE_OFF: lazy(
        "Our work on its recipients broke off several times. Please approve it once more; when it "
        "happens again, tell whoever runs this system."
    ),
}

WHOSE_NAMES: dict[str, Lazy] = {
    "failed": lazy("Those whom the earlier broadcast did not reach"),
    "unanswered": lazy("Those who have not answered the earlier broadcast"),
}

EXCLUDED_NAMES: dict[str, Lazy] = {
    "unsubscribed": lazy("Left out: stopped broadcasts"),
    "suppressed": lazy("Left out: address known to be dead"),
    "paused": lazy("Left out: asked for silence until a day"),
    "capped": lazy("Left out: had enough broadcasts lately"),
    "no_address": lazy("Left out: no address for these channels"),
}

LANGUAGE_NAMES: dict[str, Lazy] = {"zh-CN": lazy("Chinese"), "en": lazy("English")}


def status_name(status: str) -> str:
    """A status as people say it."""
    return str(STATUS_NAMES[Status(status)])


def standing(broadcast: BroadcastOut) -> str:
    """What a page's offers depend on: the status, and whether its recipients are drawn up."""
    return f"{broadcast.status}-freezing" if broadcast.freezing else broadcast.status


def status_tone(status: str) -> str:
    """The tone of a status badge."""
    return STATUS_TONES[Status(status)]


def urgency_name(urgency: str) -> str:
    """An urgency as people say it."""
    return str(URGENCIES[urgency][0])
