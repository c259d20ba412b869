"""The states of an order and every move between them, in one table."""

from __future__ import annotations

from typing import Final, Literal

from services.chassis.i18n import Lazy, lazy

Way = Literal["door", "desk", "activity"]
State = Literal[
    "requested",
    "ordered",
    "packed",
    "sent",
    "delivered",
    "ready",
    "collected",
    "handed-out",
    "returned",
    "cancelled",
]

_ANY: Final[frozenset[Way]] = frozenset({"door", "desk", "activity"})
_DOOR: Final[frozenset[Way]] = frozenset({"door"})
_DESK: Final[frozenset[Way]] = frozenset({"desk"})
_ACTIVITY: Final[frozenset[Way]] = frozenset({"activity"})

# From a state to each that may follow, and for which ways of handing over.
MOVES: Final[dict[State, dict[State, frozenset[Way]]]] = {
    "requested": {"ordered": _ANY, "cancelled": _ANY},
    "ordered": {"packed": _ANY, "cancelled": _ANY},
    "packed": {"sent": _DOOR, "ready": _DESK, "handed-out": _ACTIVITY, "cancelled": _ANY},
    "sent": {"delivered": _DOOR, "returned": _DOOR},
    "ready": {"collected": _DESK, "returned": _DESK},
    # The carrier was wrong, or the parcel was refused afterwards.
    "delivered": {"returned": _DOOR},
    "collected": {},
    "handed-out": {},
    "returned": {},
    "cancelled": {},
}

# While it is in one of these, its copies are promised to it and lie in the store.
PROMISED: Final[frozenset[State]] = frozenset({"ordered", "packed"})
# With these it leaves the store.
LEAVES: Final[frozenset[State]] = frozenset({"sent", "ready", "handed-out"})
# What may still be changed by whoever ordered.
OPEN: Final[frozenset[State]] = frozenset({"requested", "ordered"})
# After these nothing more happens, so its personal data is erased in time.
OVER: Final[frozenset[State]] = frozenset(
    {"delivered", "collected", "handed-out", "returned", "cancelled"}
)
# What staff mark many at once.
BULK: Final[tuple[State, ...]] = ("packed", "sent", "delivered", "ready", "collected")

STATE_NAMES: Final[dict[str, Lazy]] = {
    "requested": lazy("Waiting for approval"),
    "ordered": lazy("Ordered"),
    "packed": lazy("Packed"),
    "sent": lazy("On its way"),
    "delivered": lazy("Delivered"),
    "ready": lazy("Ready to be fetched"),
    "collected": lazy("Fetched"),
    "handed-out": lazy("Handed out"),
    "returned": lazy("Came back"),
    "cancelled": lazy("Cancelled"),
}
STATE_TONES: Final[dict[str, str]] = {
    "requested": "wait",
    "ordered": "wait",
    "packed": "wait",
    "sent": "live",
    "ready": "live",
    "delivered": "good",
    "collected": "good",
    "handed-out": "good",
    "returned": "bad",
    "cancelled": "neutral",
}
# What staff do to bring an order into a state.
ACT_NAMES: Final[dict[str, Lazy]] = {
    "packed": lazy("Mark as packed"),
    "sent": lazy("Mark as sent"),
    "delivered": lazy("Mark as delivered"),
    "ready": lazy("Mark as ready to be fetched"),
    "collected": lazy("Mark as fetched"),
}
WAY_NAMES: Final[dict[str, Lazy]] = {
    "door": lazy("To the door"),
    "desk": lazy("To a community’s desk"),
    "activity": lazy("For an activity"),
}


def may(here: State, to: State, way: Way) -> bool:
    """Whether an order of that way may go from one state to another."""
    return way in MOVES[here].get(to, frozenset())
