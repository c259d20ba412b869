"""Words for how registrations stand and where they came from, in the reader's language."""

from __future__ import annotations

from services.chassis.i18n import Lazy, lazy

STATUS_TONES = {
    "unverified": "neutral",
    "confirmed": "good",
    "offered": "live",
    "waiting": "wait",
    "cancelled": "neutral",
}

SOURCE_NAMES: dict[str, Lazy] = {
    "web": lazy("On our pages"),
    "api": lazy("From another program"),
    "staff": lazy("By staff"),
    "door": lazy("At the door"),
}

CAUSE_NAMES: dict[str, Lazy] = {
    "registrant": lazy("by the person"),
    "activity": lazy("with the activity"),
    "staff": lazy("by staff"),
    "expired": lazy("because the time ran out"),
}

SORT_NAMES: dict[str, Lazy] = {
    "registered": lazy("Earliest first"),
    "latest": lazy("Latest first"),
    "name": lazy("By name"),
    "party": lazy("Largest party first"),
    "waiting": lazy("Order of the waiting list"),
}

CHANNEL_NAMES: dict[str, Lazy] = {"email": lazy("E-mail"), "sms": lazy("SMS")}
