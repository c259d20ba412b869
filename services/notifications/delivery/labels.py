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
    "unknown": lazy("The connection broke after it was handed over: it may have arrived."),
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
    "template-test": lazy("Test of a template"),
    "booking-requested": lazy("Booking received"),
    "booking-proposed": lazy("Booking: other times proposed"),
    "booking-accepted": lazy("Booking accepted"),
    "booking-declined": lazy("Booking declined"),
    "booking-withdrawn": lazy("Booking withdrawn"),
    "booking-pack": lazy("Booking: pack"),
    "question-asked": lazy("Question received"),
    "question-answered": lazy("Question answered"),
    "question-referred": lazy("Question passed to an expert"),
    "order-placed": lazy("Order received"),
    "order-packed": lazy("Order packed"),
    "order-ready": lazy("Order ready to be fetched"),
    "order-sent": lazy("Order sent"),
    "order-delivered": lazy("Order delivered"),
    "order-cancelled": lazy("Order cancelled"),
    "order-returned": lazy("Order came back"),
    "order-links": lazy("Links to orders"),
    "subscription-asked": lazy("Subscription to confirm"),
    "preferences-link": lazy("Link to one’s choices"),
    "trip-pack": lazy("Before a trip"),
    "broadcast": lazy("Broadcast"),
    "digest": lazy("Digest of broadcasts"),
    "broadcast-test": lazy("Trial of a broadcast"),
    "sms-stopped": lazy("Broadcasts by SMS stopped"),
}


def kind_name(kind: str) -> str:
    """What a message is, as people say it."""
    return str(KIND_NAMES.get(kind, kind))


SEND_AGAIN = lazy("Send once more")
COUNT_AS_ARRIVED = lazy("Count as arrived")

# What a page says after an act on unknown messages, and why nothing came of one.
_DONE: dict[str, Lazy] = {
    "send-again": lazy("The messages are on their way again."),
    "count-as-arrived": lazy("The messages count as arrived."),
}
_NOT_DONE: dict[str, Lazy] = {
    "none-chosen": lazy("No message was ticked, so nothing was done."),
    "settled": lazy("Nothing was done: an answer has come meanwhile, or a colleague was quicker."),
    "too-late": lazy(
        "None of them can be sent again: it is too late, or the broadcast was cancelled. You can "
        "count them as arrived."
    ),
}


def said_after(act: str) -> tuple[Lazy, str] | None:
    """The sentence after an act on unknown messages and the tone of its notice."""
    if act in _NOT_DONE:
        return _NOT_DONE[act], "warning"
    return (_DONE[act], "success") if act in _DONE else None


LANE_NAMES: dict[str, Lazy] = {
    "urgent": lazy("Urgent"),
    "transactional": lazy("Personal messages"),
    "bulk": lazy("Broadcasts"),
    "digest-daily": lazy("Waits for the daily digest"),
    "digest-weekly": lazy("Waits for the weekly digest"),
}

# What we ourselves note in a message's history; what a server said stays as it is.
_OWN_WORDS: dict[str, Lazy] = {
    "Sent again: nobody knows whether it arrived, and an emergency must.": lazy(
        "Sent again: nobody knows whether it arrived, and an emergency must."
    ),
    "Sent again by staff.": lazy("Sent again by staff."),
    "Counted as arrived by staff.": lazy("Counted as arrived by staff."),
    "Too late to be of use.": lazy("Too late to be of use."),
    "The address is blocked.": lazy("The address is blocked."),
    "No longer wanted.": lazy("No longer wanted."),
    "The server closed the connection.": lazy("The server closed the connection."),
    "The person has stopped broadcasts.": lazy("The person has stopped broadcasts."),
    "The worker ended before the server's answer was written down.": lazy(
        "The worker ended before the server's answer was written down."
    ),
}


def reply(said: str) -> str:
    """A line of a message's history in the reader's language, where the words are ours."""
    return str(_OWN_WORDS.get(said, said))
