"""Words for contacts, in the reader's language."""

from __future__ import annotations

from typing import Final

from services.chassis.i18n import Lazy, lazy

SUPPRESSION_REASONS: Final[dict[str, Lazy]] = {
    "bounced": lazy("The address does not exist, or takes nothing"),
    "complaint": lazy("The recipient complained"),
    "soft-bounces": lazy("The mailbox was full again and again"),
    "staff": lazy("Blocked by staff"),
}

# What a page says when somebody has lifted a block.
RELEASED: Final = lazy("Messages go to this address again. What was held back is not sent later.")

CONSENT_NAMES: Final[dict[str, Lazy]] = {
    "broadcasts": lazy("Routine and important broadcasts"),
    "emergencies": lazy("Emergency broadcasts"),
}

# What a consent's source begins with.
CONSENT_SOURCES: Final[dict[str, Lazy]] = {
    "registration": lazy("with a registration"),
    "booking": lazy("with a booking"),
    "subscription": lazy("with a subscription"),
    "preferences": lazy("on the page of their choices"),
    "unsubscribe": lazy("by the link in a message"),
    "sms": lazy("by SMS"),
    "import": lazy("with a list"),
    "staff": lazy("noted by staff"),
    "erasure": lazy("when the data was erased"),
    "complaint": lazy("by a complaint to the mail provider"),
}

DIGESTS: Final[dict[str, Lazy]] = {
    "at-once": lazy("each at once"),
    "daily": lazy("gathered daily"),
    "weekly": lazy("gathered weekly"),
}


def suppression_reason(reason: str) -> str:
    """Why nothing is sent to an address, in words."""
    return str(SUPPRESSION_REASONS.get(reason, reason))


def consent_source(source: str) -> str:
    """Where something was agreed to or taken back, in words."""
    return str(CONSENT_SOURCES.get(source.partition("/")[0], source))
