"""Of what other systems can be told, and in which words staff choose it."""

from __future__ import annotations

from services.chassis import outgoing
from services.chassis.i18n import Lazy, lazy

TEST = "webhook.test.v1"

# Events of this service whose payload holds no personal data. A new one is entered here, and in
# services/subscriptions.py, and its calls follow.
EVENTS: dict[str, Lazy] = {
    "delivery.failed.v1": lazy("A message could not be delivered"),
    "broadcast.approved.v1": lazy("A broadcast was approved"),
    "broadcast.started.v1": lazy("A broadcast began to go out"),
    "broadcast.paused.v1": lazy("A broadcast was paused"),
    "broadcast.finished.v1": lazy("A broadcast is finished"),
    "broadcast.cancelled.v1": lazy("A broadcast was cancelled"),
    "preference.changed.v1": lazy("Somebody changed what they want to receive"),
}

NAMES: dict[str, Lazy] = EVENTS | {TEST: lazy("Test call")}

STATE_NAMES: dict[str, Lazy] = {
    "waiting": lazy("Waiting"),
    "calling": lazy("In hand"),
    "done": lazy("Taken"),
    "given-up": lazy("Given up"),
}
STATE_TONES = {"waiting": "wait", "calling": "live", "done": "good", "given-up": "bad"}

# Why there was no answer, where the words are ours; what a server said stays as it is.
_OWN_WORDS: dict[str, Lazy] = {
    outgoing.INSIDE: lazy("The address leads inside our own network, where calls must not go."),
    outgoing.NOT_FOUND: lazy("The name cannot be found."),
    outgoing.NOT_IN_TIME: lazy("No answer in time."),
    "All connection attempts failed": lazy("The server cannot be reached."),
}


def said(words: str) -> str:
    """An answer, in the reader's language where it is none but our own note."""
    return str(_OWN_WORDS.get(words, words))


def event_name(kind: str) -> str:
    """A type of event as people say it."""
    return str(NAMES.get(kind, kind))
