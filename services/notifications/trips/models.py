"""What is due before a trip, and the materials that it consists of."""

from __future__ import annotations

import uuid
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.chassis.database import new_id
from services.notifications.database import Base


class TripPack(Base):
    """What a traveller is to read before one trip: once for a contact, country and departure.

    Trips are written anew whenever a booking or a choice changes; the pack stays, so that nobody
    gets it twice.

    Attributes:
        country: ISO 3166-1 alpha-2.
        due_at: when it is sent (UTC).
        state: ``waiting``, ``planned`` (its delivery exists), ``withdrawn`` (the trip is off) or
            ``expired`` (the trip was over before its time came).
    """

    __tablename__ = "trip_packs"
    __table_args__ = (
        sa.UniqueConstraint("contact_id", "country", "departs_on", name="uq_trip_packs_trip"),
        sa.CheckConstraint(
            "state IN ('waiting', 'planned', 'withdrawn', 'expired')", name="state_known"
        ),
        sa.Index("ix_trip_packs_due", "due_at", postgresql_where=sa.text("state = 'waiting'")),
        sa.Index("ix_trip_packs_departs_on", "departs_on"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    contact_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("contacts.id", ondelete="CASCADE"))
    country: Mapped[str]
    departs_on: Mapped[date]
    due_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(default="waiting", server_default="waiting")


class MaterialSeen(Base):
    """A material of the library as its newest event described it.

    ``countries``: ISO 3166-1 alpha-2; empty for one that is for every destination.
    """

    __tablename__ = "materials_seen"
    __table_args__ = (sa.Index("ix_materials_seen_countries", "countries", postgresql_using="gin"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    version: Mapped[int]
    kind: Mapped[str]
    title: Mapped[dict[str, str]]
    summary: Mapped[dict[str, str]]
    topics: Mapped[list[str]]
    countries: Mapped[list[str]]
    url: Mapped[str]
    withdrawn: Mapped[bool]
