"""Bookings: their table, their states and who may move them."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Literal, get_args

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Mapped, mapped_column

from services.chassis import crypto
from services.chassis.database import Sealed, new_id, utc_now
from services.chassis.i18n import lazy
from services.chassis.problems import Problem
from services.chassis.settings import settings
from services.registration.database import Base

Kind = Literal["school_session", "enterprise_visit"]
OrganisationKind = Literal["school", "enterprise", "community"]
Status = Literal["requested", "proposed", "accepted", "declined", "withdrawn"]

# Every move that there is. `proposed` and `accepted` may be proposed again: a date can move.
MOVES: dict[Status, frozenset[Status]] = {
    "requested": frozenset({"proposed", "accepted", "declined", "withdrawn"}),
    "proposed": frozenset({"proposed", "accepted", "declined", "withdrawn"}),
    "accepted": frozenset({"proposed", "declined", "withdrawn"}),
    "declined": frozenset(),
    "withdrawn": frozenset(),
}

KIND_NAMES = {
    "school_session": lazy("A session at a school"),
    "enterprise_visit": lazy("A visit to a company or an organisation"),
}
ORGANISATION_NAMES = {
    "school": lazy("School"),
    "enterprise": lazy("Company"),
    "community": lazy("Community or association"),
}
STATUS_NAMES = {
    "requested": lazy("Waiting for an answer"),
    "proposed": lazy("Other times proposed"),
    "accepted": lazy("Agreed"),
    "declined": lazy("Declined"),
    "withdrawn": lazy("Withdrawn"),
}
STATUS_TONES = {
    "requested": "wait",
    "proposed": "wait",
    "accepted": "good",
    "declined": "bad",
    "withdrawn": "neutral",
}


def _one_of(column: str, values: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(repr(value) for value in values)})"


class Booking(Base):
    """A school's or a company's request for a session, until it is agreed or ended.

    ``proposed_times`` are the organisation's wishes while ``requested`` and the office's offer
    while ``proposed``. ``answer`` is what staff last wrote. ``version`` rises with every move.
    """

    __tablename__ = "bookings"
    __table_args__ = (
        sa.CheckConstraint(_one_of("kind", get_args(Kind)), name="kind"),
        sa.CheckConstraint(_one_of("status", get_args(Status)), name="status"),
        sa.CheckConstraint(
            _one_of("organisation_kind", get_args(OrganisationKind)), name="organisation_kind"
        ),
        sa.CheckConstraint(
            "(status = 'accepted') = (agreed_time IS NOT NULL)", name="agreed_when_accepted"
        ),
        sa.CheckConstraint("duration_minutes > 0", name="duration"),
        sa.Index("ix_bookings_status_id", "status", "id"),
        sa.Index("ix_bookings_district_id", "district", "id"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    version: Mapped[int] = mapped_column(default=1)
    kind: Mapped[str]
    status: Mapped[str] = mapped_column(default="requested")
    organisation_name: Mapped[str] = mapped_column(Sealed)
    organisation_kind: Mapped[str]
    district: Mapped[str]
    contact_name: Mapped[str] = mapped_column(Sealed)
    contact_email: Mapped[str | None] = mapped_column(Sealed)
    contact_phone: Mapped[str | None] = mapped_column(Sealed)
    language: Mapped[str]
    proposed_times: Mapped[list[datetime]] = mapped_column(
        postgresql.ARRAY(sa.DateTime(timezone=True))
    )
    agreed_time: Mapped[datetime | None]
    timezone: Mapped[str]
    duration_minutes: Mapped[int] = mapped_column(default=120, server_default="120")
    headcount: Mapped[int]
    destinations: Mapped[list[str]]
    departs_on: Mapped[date | None]
    returns_on: Mapped[date | None]
    topics: Mapped[list[str]]
    note: Mapped[str | None] = mapped_column(Sealed)
    answer: Mapped[str | None] = mapped_column(Sealed)
    created_at: Mapped[datetime] = mapped_column(default=utc_now, server_default=sa.func.now())
    updated_at: Mapped[datetime] = mapped_column(
        default=utc_now, onupdate=utc_now, server_default=sa.func.now()
    )

    def move(self, status: Status) -> None:
        """Go to another state; the act raises the version.

        Raises:
            Problem: 409 ``booking-STATUS``: no such move leads from the present state.
        """
        if status not in MOVES[self.state]:
            raise Problem(
                409,
                f"booking-{self.status}",
                lazy(
                    "This is no longer possible: the request stands at “%(status)s”.",
                    status=STATUS_NAMES[self.status],
                ),
                lazy("Nothing was changed. Please look at its page for where it stands."),
            )
        self.status = status
        self.version += 1

    @property
    def state(self) -> Status:
        """The status as one of the five that there are."""
        return self.status  # type: ignore[return-value]  # the table's check holds it to them

    @property
    def manage_url(self) -> str:
        """The organisation's own page: the conversation; the link is theirs alone."""
        return f"{settings().public_url}/bookings/{manage_token(self.id)}"


def manage_token(booking_id: uuid.UUID) -> str:
    """The signed token in an organisation's link."""
    return crypto.sign_id("booking", booking_id)
