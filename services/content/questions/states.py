"""The states of a question and the moves between them, and the words for what it carries."""

from __future__ import annotations

from typing import Final, Literal

from services.chassis.i18n import lazy

Status = Literal["new", "assigned", "answered", "closed", "merged", "withdrawn", "spam"]

# Every state and where it may go. To "assigned" an answered one goes when it is opened again, and
# from "merged" one goes back to where it was when the merging is undone.
MOVES: Final[dict[Status, frozenset[Status]]] = {
    "new": frozenset({"assigned", "answered", "closed", "merged", "withdrawn", "spam"}),
    "assigned": frozenset({"assigned", "answered", "closed", "merged", "withdrawn", "spam"}),
    # Answered once more: whoever asked has both answers.
    "answered": frozenset({"assigned", "answered", "closed", "merged"}),
    "closed": frozenset({"assigned", "answered"}),
    "merged": frozenset({"new", "assigned", "answered", "withdrawn"}),
    "withdrawn": frozenset(),
    "spam": frozenset({"new"}),
}

# Somebody has to do something about these.
OPEN: Final[tuple[Status, ...]] = ("new", "assigned")
# Those whose contents are erased on schedule.
OVER: Final[tuple[Status, ...]] = ("answered", "closed", "spam")

STATUS_CHECK: Final = (
    "status IN ('new', 'assigned', 'answered', 'closed', 'merged', 'withdrawn', 'spam')"
)

STATUS_NAMES: Final = {
    "new": lazy("New"),
    "assigned": lazy("Assigned"),
    "answered": lazy("Answer given"),
    "closed": lazy("Closed"),
    "merged": lazy("Merged"),
    "withdrawn": lazy("Taken back"),
    "spam": lazy("Not a question"),
}

STATUS_TONES: Final = {
    "new": "wait",
    "assigned": "live",
    "answered": "good",
    "closed": "neutral",
    "merged": "neutral",
    "withdrawn": "neutral",
    "spam": "bad",
}

VIA_NAMES: Final = {
    "form": lazy("by the form"),
    "staff": lazy("heard by staff"),
    "program": lazy("by a program"),
}

EntryKind = Literal["note", "added", "answer", "suggestion"]

ENTRY_NAMES: Final = {
    "note": lazy("Internal note"),
    "added": lazy("Added by the asker"),
    "answer": lazy("Our answer"),
    "suggestion": lazy("Suggestion of the expert"),
}
