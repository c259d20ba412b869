"""Words for what a delivery is and how it stands, in the reader's language."""

from __future__ import annotations

from services.chassis.i18n import Lazy, lazy

CHANNEL_NAMES: dict[str, Lazy] = {"email": lazy("E-mail"), "sms": lazy("SMS")}

STATE_NAMES: dict[str, Lazy] = {
    "pending": lazy("Waiting"),
    "sending": lazy("In hand"),
    "accepted": lazy("Handed over"),
    "delivered": lazy("Arrived"),
    "bounced": lazy("Address refused"),
    "failed": lazy("Failed"),
    "suppressed": lazy("Held back"),
    "expired": lazy("Too late, not sent"),
    "cancelled": lazy("Cancelled"),
    "unknown": lazy("No answer"),
}

# What each state means, for the table under a broadcast.
STATE_HINTS: dict[str, Lazy] = {
    "pending": lazy("Its turn has not come yet."),
    "sending": lazy("A worker is sending it at this moment."),
    "accepted": lazy("The mail server or the SMS provider has taken it."),
    "delivered": lazy("It was confirmed that it arrived."),
    "bounced": lazy("The address does not exist or takes nothing; we will not write to it again."),
    "failed": lazy("It was tried several times and was not taken."),
    "suppressed": lazy(
        "The person has stopped these messages, or the address is known to be dead."
    ),
    "expired": lazy("The time after which it must not be sent had passed."),
    "cancelled": lazy("The broadcast or the occasion was cancelled before it went out."),
    "unknown": lazy("The connection broke after it was handed over; it is not sent twice."),
}

STATE_TONES = {
    "pending": "wait",
    "sending": "live",
    "accepted": "good",
    "delivered": "good",
    "bounced": "bad",
    "failed": "bad",
    "suppressed": "neutral",
    "expired": "bad",
    "cancelled": "neutral",
    "unknown": "bad",
}

KIND_NAMES: dict[str, Lazy] = {
    "registration-unverified": lazy("Code to verify an address"),
    "registration-confirmed": lazy("Registration confirmed"),
    "registration-asked": lazy("Asked whether they come"),
    "registration-moved": lazy("Moved to another date"),
    "registration-offered": lazy("Place offered"),
    "registration-waiting": lazy("On the waiting list"),
    "registration-cancelled": lazy("Registration cancelled"),
    "registration-attended": lazy("Thanks for coming"),
    "activity-changed": lazy("Time or place changed"),
    "activity-message": lazy("Message to the registered"),
    "links": lazy("Links asked for"),
    "reminder": lazy("Reminder"),
    "booking-requested": lazy("Booking received"),
    "booking-proposed": lazy("Booking: other times proposed"),
    "booking-accepted": lazy("Booking accepted"),
    "booking-declined": lazy("Booking declined"),
    "booking-withdrawn": lazy("Booking withdrawn"),
    "broadcast": lazy("Broadcast"),
    "broadcast-test": lazy("Trial of a broadcast"),
}


def kind_name(kind: str) -> str:
    """What a message is, as people say it."""
    return str(KIND_NAMES.get(kind, kind))
