"""What a rush keeps: proofs that were used, turns that were given, and the line of a fair queue."""

from __future__ import annotations

import uuid
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.chassis.database import new_id
from services.registration.database import Base


class ProofUsed(Base):
    """A proof of work or a turn that somebody used, until it would have expired anyway.

    ``used_by`` is a hash of the request that used it: the same one, sent twice, may use it twice.
    """

    __tablename__ = "proofs_used"

    id: Mapped[str] = mapped_column(primary_key=True)
    used_by: Mapped[str]
    expires_at: Mapped[datetime] = mapped_column(index=True)


class SlowLane(Base):
    """When the next turn is, for those whose browsers cannot do the work."""

    __tablename__ = "slow_lanes"

    activity_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("activities.id", ondelete="CASCADE"), primary_key=True
    )
    next_at: Mapped[datetime]


class Queue(Base):
    """The line before an activity's form.

    ``drawn_at``: since when those who were there before the opening have their places.
    ``last_place`` is the last one given, ``admitted_to`` the furthest one let in; ``looked_at``:
    when somebody last looked whether there is room at the form.
    """

    __tablename__ = "queues"

    activity_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("activities.id", ondelete="CASCADE"), primary_key=True
    )
    drawn_at: Mapped[datetime | None]
    last_place: Mapped[int] = mapped_column(default=0, server_default="0")
    admitted_to: Mapped[int] = mapped_column(default=0, server_default="0")
    looked_at: Mapped[datetime]


class QueuePlace(Base):
    """Somebody in line; who it is, nobody knows: only their browser holds the id.

    ``place`` counts from 1 and is none before the draw. ``seen_at``: when their page last asked,
    to the half minute; whoever has gone is passed over. ``used_by``: the request that registered.
    """

    __tablename__ = "queue_places"
    __table_args__ = (
        sa.UniqueConstraint("activity_id", "place"),
        sa.Index(
            "ix_queue_places_in_line",
            "activity_id",
            "place",
            postgresql_where=sa.text("admitted_at IS NULL"),
        ),
        sa.Index(
            "ix_queue_places_at_the_form",
            "activity_id",
            "admitted_at",
            postgresql_where=sa.text("admitted_at IS NOT NULL AND used_by IS NULL"),
        ),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    activity_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("queues.activity_id", ondelete="CASCADE")
    )
    place: Mapped[int | None]
    joined_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    admitted_at: Mapped[datetime | None]
    used_by: Mapped[str | None]
