"""Registrations: their table and their states."""

from __future__ import annotations

import json
import uuid
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.chassis.crypto import sign_id
from services.chassis.database import Sealed, new_id
from services.chassis.i18n import lazy
from services.chassis.settings import settings
from services.registration.database import Base

Status = Literal["unverified", "confirmed", "offered", "waiting", "cancelled"]
Cause = Literal["registrant", "activity", "staff", "expired"]
Source = Literal["web", "api", "staff", "door"]

# Every move that there is: from a state to the states that may follow it.
MOVES: dict[Status, frozenset[Status]] = {
    "unverified": frozenset({"confirmed", "waiting", "cancelled"}),
    "waiting": frozenset({"offered", "confirmed", "cancelled"}),
    "offered": frozenset({"confirmed", "cancelled"}),
    "confirmed": frozenset({"cancelled"}),
    "cancelled": frozenset(),
}
# Registrations that still stand: they hold a place, or the hope of one.
LIVE: tuple[Status, ...] = ("unverified", "confirmed", "offered", "waiting")

STATUS_NAMES = {
    "unverified": lazy("Not confirmed yet"),
    "confirmed": lazy("Confirmed"),
    "offered": lazy("Place offered"),
    "waiting": lazy("On the waiting list"),
    "cancelled": lazy("Cancelled"),
}

# The order of the waiting list. A number is drawn while the activity's row is locked, so the order
# is that of the commits.
WAITING_ORDER = sa.Sequence("registrations_waiting_order", metadata=Base.metadata)

_IS_LIVE = sa.text("status <> 'cancelled'")


class Registration(Base):
    """One person's registration for an activity, for a party of one or more.

    ``version`` rises with every change that is told. ``seats_held`` is the party while it is
    confirmed or offered its places, nothing while it waits or when it is over, and either while
    its contact is not verified (nothing when there was no room); so an activity's ``seats_taken``
    is always the sum of them. ``hold_expires_at``: until when an offer stands, or a contact may be
    verified. ``party_size`` counts everybody, ``children`` of them too. ``source`` says by which
    door it came in, ``registered_by`` who typed it in for somebody else. ``asked_at``: since when
    the person is asked whether a new time or place suits them. ``erased_at``: since when no
    personal data is left in it.
    """

    __tablename__ = "registrations"
    __table_args__ = (
        sa.CheckConstraint(
            "status IN ('unverified', 'confirmed', 'offered', 'waiting', 'cancelled')",
            name="status",
        ),
        sa.CheckConstraint("party_size >= 1", name="party_size"),
        sa.CheckConstraint("children BETWEEN 0 AND party_size", name="children"),
        sa.CheckConstraint(
            "CASE status WHEN 'confirmed' THEN seats_held = party_size"
            " WHEN 'offered' THEN seats_held = party_size"
            " WHEN 'unverified' THEN seats_held IN (0, party_size) ELSE seats_held = 0 END",
            name="seats_held",
        ),
        sa.CheckConstraint(
            "(status IN ('offered', 'unverified')) = (hold_expires_at IS NOT NULL)", name="hold"
        ),
        sa.CheckConstraint("status <> 'waiting' OR waiting_since IS NOT NULL", name="in_order"),
        sa.Index(
            "uq_registrations_live_email",
            "activity_id",
            "email_hash",
            unique=True,
            postgresql_where=_IS_LIVE,
        ),
        sa.Index(
            "uq_registrations_live_phone",
            "activity_id",
            "phone_hash",
            unique=True,
            postgresql_where=_IS_LIVE,
        ),
        sa.Index(
            "ix_registrations_waiting",
            "activity_id",
            "waiting_since",
            postgresql_where=sa.text("status = 'waiting'"),
        ),
        sa.Index("ix_registrations_activity_id_id", "activity_id", "id"),
        # How many registrations one contact has, whatever they are for.
        sa.Index("ix_registrations_live_email_hash", "email_hash", postgresql_where=_IS_LIVE),
        sa.Index("ix_registrations_live_phone_hash", "phone_hash", postgresql_where=_IS_LIVE),
        sa.Index(
            "ix_registrations_hold",
            "hold_expires_at",
            postgresql_where=sa.text("hold_expires_at IS NOT NULL"),
        ),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    version: Mapped[int] = mapped_column(default=1)
    activity_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("activities.id"))
    status: Mapped[str]
    name: Mapped[str] = mapped_column(Sealed)
    email: Mapped[str | None] = mapped_column(Sealed)
    phone: Mapped[str | None] = mapped_column(Sealed)
    email_hash: Mapped[str | None]
    phone_hash: Mapped[str | None]
    language: Mapped[str]
    party_size: Mapped[int]
    seats_held: Mapped[int]
    answers_json: Mapped[str] = mapped_column(Sealed)
    consents: Mapped[dict[str, Any]]
    ticket_code: Mapped[str] = mapped_column(unique=True)
    waiting_since: Mapped[int | None] = mapped_column(sa.BigInteger)
    registered_at: Mapped[datetime]
    cancelled_at: Mapped[datetime | None]
    cancel_cause: Mapped[str | None]
    checked_in_at: Mapped[datetime | None]
    contact_failed: Mapped[bool] = mapped_column(server_default=sa.false())
    children: Mapped[int] = mapped_column(default=0, server_default="0")
    companions_json: Mapped[str | None] = mapped_column(Sealed)
    source: Mapped[str] = mapped_column(default="web", server_default="web")
    registered_by: Mapped[uuid.UUID | None]
    hold_expires_at: Mapped[datetime | None]
    asked_at: Mapped[datetime | None]
    erased_at: Mapped[datetime | None]

    @property
    def answers(self) -> dict[str, Any]:
        """The answers to the activity's questions, by question."""
        found: dict[str, Any] = json.loads(self.answers_json)
        return found

    @answers.setter
    def answers(self, answers: dict[str, Any]) -> None:
        self.answers_json = json.dumps(answers, ensure_ascii=False)

    @property
    def companions(self) -> list[str]:
        """The names of those who come along, where the activity asks for them."""
        found: list[str] = json.loads(self.companions_json or "[]")
        return found

    @companions.setter
    def companions(self, names: list[str]) -> None:
        self.companions_json = json.dumps(names, ensure_ascii=False) if names else None

    @property
    def reminders(self) -> bool:
        """Whether the person wants to be reminded; a consent that they may withdraw."""
        return bool(self.consents.get("reminders"))

    @reminders.setter
    def reminders(self, wanted: bool) -> None:
        self.consents = {**self.consents, "reminders": wanted}

    @property
    def state(self) -> Status:
        """The status as one of those that there are."""
        return self.status  # type: ignore[return-value]  # the table's check holds it to them

    @property
    def manage_url(self) -> str:
        """The registrant's own page; the link is theirs alone."""
        return manage_url(self.id)


def manage_token(registration_id: uuid.UUID) -> str:
    """The signed token in a registrant's link."""
    return sign_id("registration", registration_id)


def manage_url(registration_id: uuid.UUID) -> str:
    """The absolute address of a registrant's own page; it ends in the manage token."""
    return f"{settings().public_url}/registrations/{manage_token(registration_id)}"
