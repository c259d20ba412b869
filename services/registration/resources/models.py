"""Venues and lecturers, when lecturers are available, and what occupies either."""

from __future__ import annotations

import uuid
from datetime import date, datetime, time
from typing import Final, Literal, get_args

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Mapped, mapped_column, relationship

from services.chassis.database import Sealed, new_id, utc_now
from services.chassis.i18n import lazy
from services.registration.database import Base

ResourceKind = Literal["venue", "lecturer"]
HolderKind = Literal["activity", "booking"]

# Monday first, as :meth:`datetime.date.weekday` counts.
WEEKDAY_NAMES = (
    lazy("Monday"),
    lazy("Tuesday"),
    lazy("Wednesday"),
    lazy("Thursday"),
    lazy("Friday"),
    lazy("Saturday"),
    lazy("Sunday"),
)
MIDNIGHT: Final = time()


def _one_of(column: str, values: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(repr(value) for value in values)})"


class Venue(Base):
    """A room that activities take place in. ``capacity``: people it seats, if that is known.

    An archived one can no longer be chosen; what was planned in it stays.
    """

    __tablename__ = "venues"
    __table_args__ = (sa.CheckConstraint("capacity > 0", name="capacity"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    version: Mapped[int] = mapped_column(default=1)
    name: Mapped[dict[str, str]]
    address: Mapped[dict[str, str]]
    district: Mapped[str]
    capacity: Mapped[int | None]
    step_free: Mapped[bool]
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    note: Mapped[str | None]
    archived_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=utc_now, server_default=sa.func.now())


class Lecturer(Base):
    """Somebody who speaks at activities. The name is public, how to reach them is not.

    ``districts``: where they speak; none means in the whole city. Their week is on the clock of
    ``timezone``; with no hours at all nothing is known of it, and every time is taken for free.
    """

    __tablename__ = "lecturers"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    version: Mapped[int] = mapped_column(default=1)
    name: Mapped[dict[str, str]]
    about: Mapped[dict[str, str]]
    email: Mapped[str | None] = mapped_column(Sealed)
    phone: Mapped[str | None] = mapped_column(Sealed)
    languages: Mapped[list[str]]
    topics: Mapped[list[str]]
    districts: Mapped[list[str]]
    timezone: Mapped[str]
    archived_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=utc_now, server_default=sa.func.now())

    hours: Mapped[list[Hours]] = relationship(
        cascade="all, delete-orphan", order_by="Hours.weekday, Hours.begins", lazy="selectin"
    )
    exceptions: Mapped[list[Exceptional]] = relationship(
        cascade="all, delete-orphan", order_by="Exceptional.first", lazy="selectin"
    )

    @property
    def home(self) -> str | None:
        """The district whose staff keep this entry; ``None`` is the city."""
        return self.districts[0] if len(self.districts) == 1 else None


class Hours(Base):
    """Hours of every week on the wall clock; ``ends`` at 00:00 is the end of the day.

    ``weekday``: 0 is Monday.
    """

    __tablename__ = "lecturer_hours"
    __table_args__ = (
        sa.CheckConstraint("weekday BETWEEN 0 AND 6", name="weekday"),
        sa.CheckConstraint("ends > begins OR ends = '00:00'", name="ends_after_beginning"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    lecturer_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("lecturers.id", ondelete="CASCADE"), index=True
    )
    weekday: Mapped[int]
    begins: Mapped[time]
    ends: Mapped[time]


class Exceptional(Base):
    """Whole days that the week does not hold for, both ends included: away, or free all day."""

    __tablename__ = "lecturer_exceptions"
    __table_args__ = (sa.CheckConstraint("last >= first", name="last_after_first"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    lecturer_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("lecturers.id", ondelete="CASCADE"), index=True
    )
    first: Mapped[date]
    last: Mapped[date]
    available: Mapped[bool]
    note: Mapped[str]


class Occupancy(Base):
    """One venue or lecturer, taken for a time by an activity or a booking.

    The database keeps two of them from overlapping, but for one that ``overlaps`` on purpose; that
    has an ``override_reason``, as has one outside a lecturer's hours. ``tentative``: a draft, or a
    time that is only proposed; it occupies all the same. ``released_at``: it occupied until then;
    the row stays as the record.
    """

    __tablename__ = "occupancies"
    __table_args__ = (
        postgresql.ExcludeConstraint(
            (sa.column("resource_id"), "="),
            (sa.column("during"), "&&"),
            where=sa.text('NOT "overlaps" AND released_at IS NULL'),
            using="gist",
            name="ex_occupancies_never_twice",
        ),
        sa.CheckConstraint(_one_of("resource_kind", get_args(ResourceKind)), name="resource_kind"),
        sa.CheckConstraint(_one_of("holder_kind", get_args(HolderKind)), name="holder_kind"),
        sa.CheckConstraint("NOT isempty(during)", name="during"),
        sa.CheckConstraint(
            "override_reason <> '' AND (NOT \"overlaps\" OR override_reason IS NOT NULL)",
            name="override_reason",
        ),
        sa.Index("ix_occupancies_holder", "holder_id"),
        # Those that overlap are outside the constraint and its index.
        sa.Index(
            "ix_occupancies_resource",
            "resource_id",
            postgresql_where=sa.text("released_at IS NULL"),
        ),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    resource_kind: Mapped[str]
    resource_id: Mapped[uuid.UUID]
    during: Mapped[Range[datetime]] = mapped_column(postgresql.TSTZRANGE)
    holder_kind: Mapped[str]
    holder_id: Mapped[uuid.UUID]
    tentative: Mapped[bool]
    overlaps: Mapped[bool]
    override_reason: Mapped[str | None]
    made_by: Mapped[uuid.UUID | None]
    made_at: Mapped[datetime] = mapped_column(default=utc_now, server_default=sa.func.now())
    released_at: Mapped[datetime | None]
