"""What this service says about its broadcasts: how they stand, never to whom they go."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal

from sqlalchemy.orm import Session

from services.chassis.events import publish
from services.chassis.events.envelope import Event
from services.notifications.broadcasts.models import Broadcast
from services.notifications.broadcasts.reading import counts_of


class BroadcastEvent(Event):
    """How a broadcast stands. ``counts`` are its messages by state and together (``total``).

    ``drill`` says that it is an exercise; then the title begins with the mark of one, so that
    nobody who only shows it takes it for the real thing. ``district`` is whose it is (GB/T 2260),
    ``None`` for the city's.
    """

    subject_kind: ClassVar[str] = "broadcast"

    title: str
    urgency: Literal["routine", "important", "emergency"]
    drill: bool
    district: str | None
    counts: Mapping[str, int]


class BroadcastApproved(BroadcastEvent):
    """A second person approved a broadcast; whom it reaches is fixed. Nothing has gone out."""

    type: ClassVar[str] = "broadcast.approved.v1"


class BroadcastStarted(BroadcastEvent):
    """A broadcast has begun to go out, or goes on after a pause."""

    type: ClassVar[str] = "broadcast.started.v1"


class BroadcastPaused(BroadcastEvent):
    """A broadcast rests: a member of staff stopped it (``staff``), or too many failures did
    (``errors``)."""

    type: ClassVar[str] = "broadcast.paused.v1"

    reason: str


class BroadcastFinished(BroadcastEvent):
    """Every message of a broadcast is in a final state."""

    type: ClassVar[str] = "broadcast.finished.v1"


class BroadcastCancelled(BroadcastEvent):
    """A broadcast was given up. What had gone out has gone out."""

    type: ClassVar[str] = "broadcast.cancelled.v1"


PUBLISHED: tuple[type[BroadcastEvent], ...] = (
    BroadcastApproved,
    BroadcastStarted,
    BroadcastPaused,
    BroadcastFinished,
    BroadcastCancelled,
)

# In both languages at once: who reads it elsewhere is not known here.
DRILL_MARK = "【演练 DRILL】"


def tell(session: Session, event: type[BroadcastEvent], broadcast: Broadcast) -> None:
    """Publish how a broadcast stands now, in the transaction of the change."""
    more = {"reason": broadcast.pause_reason} if event is BroadcastPaused else {}
    publish(
        session,
        event(
            subject_id=broadcast.id,
            version=broadcast.version,
            title=DRILL_MARK + broadcast.title if broadcast.drill else broadcast.title,
            urgency=broadcast.urgency,
            drill=broadcast.drill,
            district=broadcast.district,
            counts=counts_of(session, broadcast.id).model_dump(),
            **more,
        ),
    )
