"""Why a feed did not answer as it should: kept as a kind and a detail, said as a sentence."""

from __future__ import annotations

from typing import Any, Final

from services.chassis.i18n import Lazy, lazy

_SENTENCES: Final = {
    "inside": lazy("The address leads inside our own network, where calls must not go."),
    "no-such-name": lazy("The name of the server cannot be found."),
    "no-answer": lazy("The server did not answer in time."),
    "unreachable": lazy("The server cannot be reached."),
    "too-large": lazy("The answer is larger than we read."),
    "not-found": lazy("There is nothing at this address any more; please look for its new one."),
    "not-allowed": lazy("The server does not let us read it; please ask its office."),
    "not-a-feed": lazy("What is there is neither a feed (Atom, RSS) nor a CAP alert."),
}


class Failed(Exception):
    """A feed could not be read; ``kind`` and ``detail`` say why."""

    def __init__(self, kind: str, detail: str = "") -> None:
        super().__init__(kind)
        self.kind = kind
        self.detail = detail

    def as_json(self) -> dict[str, Any]:
        """What is kept of it."""
        return {"kind": self.kind, "detail": self.detail}


def of_status(status: int) -> Failed:
    """What an HTTP status means that is neither 200 nor 304."""
    if status in (404, 410):
        return Failed("not-found")
    if status in (401, 403):
        return Failed("not-allowed")
    return Failed("status", str(status))


def sentence(failure: dict[str, Any]) -> Lazy:
    """A failure for whoever follows the feed, and what to do about it."""
    kind, detail = failure["kind"], failure["detail"]
    if kind in _SENTENCES:
        return _SENTENCES[kind]
    if kind == "moved":
        return lazy("It has moved to %(address)s; please enter that address.", address=detail)
    if kind == "status":
        return lazy("The server answered with an error (%(status)s).", status=detail)
    if kind == "some-unread":
        return lazy(
            "Some of its alerts could not be read, the first one here: %(what)s", what=detail
        )
    return lazy("It could not be read: %(what)s", what=detail)
