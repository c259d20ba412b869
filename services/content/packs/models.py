"""The tables of packs: as staff work on each, as it was given out, and how often it was opened."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.chassis import crypto
from services.chassis.database import Sealed
from services.chassis.settings import settings
from services.content.database import Base
from services.content.publication import STATUS_CHECK, Publication

LINK = "pack"  # what its links are signed for


class Pack(Publication, Base):
    """A collection for one activity, for one booking, or for neither, as staff work on it.

    What its holders see is its latest edition; what staff change is seen with the next one.

    Attributes:
        letter: what the office writes to those who get it (Markdown).
        items: what is in it, in its order, as JSON of ``ItemIn``: a kind, a reference, a note.
        countries, topics, audience: what it was proposed from, and is again.
        edition: the number of the latest edition; 0 before the first.
        held: the keys (``material/…``) of what is in the latest edition.
        told: by key, the mark of each item as its holders last heard of it.
        told_at: when they last heard anything.
    """

    __tablename__ = "packs"
    __table_args__ = (
        sa.CheckConstraint(STATUS_CHECK, "status"),
        sa.CheckConstraint("num_nonnulls(activity_id, booking_id) <= 1", "one_occasion"),
        sa.CheckConstraint("(status = 'draft') = (edition = 0)", "edition"),
        sa.Index("ix_packs_held", "held", postgresql_using="gin"),
    )

    district: Mapped[str | None]
    title: Mapped[dict[str, str]]
    letter: Mapped[dict[str, str]]
    activity_id: Mapped[uuid.UUID | None] = mapped_column(unique=True)
    booking_id: Mapped[uuid.UUID | None] = mapped_column(unique=True)
    countries: Mapped[list[str]]
    topics: Mapped[list[str]]
    audience: Mapped[list[str]]
    items: Mapped[list[dict[str, Any]]]
    edition: Mapped[int] = mapped_column(default=0)
    held: Mapped[list[str]] = mapped_column(default=list)
    told: Mapped[dict[str, str]] = mapped_column(default=dict)
    told_at: Mapped[datetime | None]

    @property
    def url(self) -> str:
        """Its one address: on no list, and not to be guessed."""
        return f"{settings().public_url}/packs/{crypto.sign_id(LINK, self.id)}"


class PackEdition(Base):
    """A pack as it was given out, once.

    Attributes:
        items: as JSON of ``EditionItem``: each item with its note and all that it said then.
    """

    __tablename__ = "pack_editions"

    pack_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("packs.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[dict[str, str]]
    letter: Mapped[dict[str, str]]
    items: Mapped[list[dict[str, Any]]]
    published_at: Mapped[datetime]
    published_by_name: Mapped[str] = mapped_column(Sealed)


class PackOpening(Base):
    """How often a pack's page was opened on a day of the city; nobody is told apart."""

    __tablename__ = "pack_openings"

    pack_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("packs.id", ondelete="CASCADE"), primary_key=True
    )
    day: Mapped[date] = mapped_column(primary_key=True)
    count: Mapped[int]
