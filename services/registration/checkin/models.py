"""Scans at the doors, and how many of each party came of them."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Literal

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.registration.database import Base

Result = Literal[
    "checked-in",
    "already",
    "not-found",
    "cancelled",
    "wrong-activity",
    "waiting",
    "offered",
    "unverified",
]
# What was shown at the door: a ticket's code, a registrant's own link, a name chosen from the
# list, a walk-in; or, in vain, part of a code, some other address, a business card, anything else.
What = Literal["ticket", "link", "person", "walk-in", "part", "address", "card", "other"]

# The order in which a door's list changes. A number is drawn while the activity's row is locked,
# so the order is that of the commits, and a door that asks for what is newer misses nothing.
CHANGES = sa.Sequence("arrivals_changes", metadata=Base.metadata)

# The answers that depend on the other scans of the same party.
IN_THE_ROOM: tuple[Result, ...] = ("checked-in", "already")


class Scan(Base):
    """Something that was shown at a door, and what became of it. Rows stay, undone ones too.

    ``id`` is given by the device, so that a scan sent twice counts once. ``people``: how many of
    the party the doorkeeper let in; ``None`` for all of it. ``let_in``: how many count by this
    scan. ``device_at`` is what the device's clock said, ``at`` the same corrected by what the
    server knows of that clock, ``received_at`` when it arrived here. ``clock_wrong``: the corrected
    time cannot be, and ``at`` is when it arrived. ``shown`` is the answer that the doorkeeper saw,
    ``result`` the one that holds now: a scan from a door without a network that arrives late, and
    is earlier, changes it. ``door`` is a word such as "North"; ``by`` the member of staff or key.
    """

    __tablename__ = "scans"
    __table_args__ = (
        sa.CheckConstraint("people IS NULL OR people >= 1", name="people"),
        sa.CheckConstraint(
            "let_in >= 0 AND (let_in > 0) = (result = 'checked-in' AND undone_at IS NULL)",
            name="let_in",
        ),
        sa.Index("ix_scans_activity_id_at", "activity_id", "at"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    activity_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("activities.id"))
    registration_id: Mapped[uuid.UUID | None] = mapped_column(
        sa.ForeignKey("registrations.id"), index=True
    )
    what: Mapped[str]
    people: Mapped[int | None]
    let_in: Mapped[int] = mapped_column(default=0)
    door: Mapped[str]
    device_at: Mapped[datetime]
    at: Mapped[datetime]
    received_at: Mapped[datetime]
    clock_wrong: Mapped[bool] = mapped_column(default=False)
    shown: Mapped[str]
    result: Mapped[str]
    undone_at: Mapped[datetime | None]
    undone_by: Mapped[uuid.UUID | None]
    by: Mapped[uuid.UUID]


# Somebody was let in whom the scans, all together, do not let in (or not so many).
IS_CONFLICT = sa.and_(
    Scan.shown == "checked-in",
    Scan.undone_at.is_(None),
    sa.or_(Scan.result != "checked-in", Scan.let_in < Scan.people),
)


class Arrival(Base):
    """How many people of one registration came: the sum of its scans.

    ``change`` is its place in the order of changes (see :data:`CHANGES`).
    """

    __tablename__ = "arrivals"
    __table_args__ = (
        sa.CheckConstraint("came >= 0", name="came"),
        sa.Index("ix_arrivals_activity_id_change", "activity_id", "change"),
    )

    registration_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("registrations.id"), primary_key=True
    )
    activity_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("activities.id"))
    came: Mapped[int]
    change: Mapped[int] = mapped_column(sa.BigInteger)
