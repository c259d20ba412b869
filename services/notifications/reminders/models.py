"""Projections of what other services said, and the reminders that are due."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.chassis.database import Sealed, new_id
from services.notifications.database import Base


class ActivitySeen(Base):
    """An activity as its newest event described it.

    Attributes:
        version: of the activity; an older description never replaces a newer one.
        state: the whole description, as in the event.
        starts_at: UTC; ``ends_at`` alike. The venue's zone is in ``state``.
    """

    __tablename__ = "activities_seen"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    version: Mapped[int]
    state: Mapped[dict[str, Any]]
    status: Mapped[str]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]


class RegistrationSeen(Base):
    """A registration as its newest event described it.

    Attributes:
        activity_version: the version of the activity that the person was last told of.
        calendar_sequence: iCalendar's SEQUENCE: rises with whatever may change the entry, also
            when the registration moves to another activity.
        waiting_position: place on the waiting list, from 1, while ``status`` is ``waiting``.
        hold_expires_at: until when an offer stands.
        asked: the person is asked whether a new time or place suits them.
        cause: who cancelled: ``registrant``, ``activity`` or ``staff``; or ``expired``.
    """

    __tablename__ = "registrations_seen"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    version: Mapped[int]
    activity_id: Mapped[uuid.UUID] = mapped_column(index=True)
    activity_version: Mapped[int]
    contact_id: Mapped[uuid.UUID] = mapped_column(index=True)
    status: Mapped[str]
    name: Mapped[str] = mapped_column(Sealed)
    ticket_code: Mapped[str] = mapped_column(Sealed)
    manage_url: Mapped[str] = mapped_column(Sealed)
    party_size: Mapped[int]
    language: Mapped[str]
    consents: Mapped[dict[str, Any]]
    waiting_position: Mapped[int | None]
    promoted: Mapped[bool]
    cause: Mapped[str | None]
    calendar_sequence: Mapped[int] = mapped_column(default=0, server_default="0")
    children: Mapped[int] = mapped_column(default=0, server_default="0")
    hold_expires_at: Mapped[datetime | None]
    asked: Mapped[bool] = mapped_column(default=False, server_default=sa.false())


class Reminder(Base):
    """One reminder of one registration: ``lead_time`` (ISO 8601) before the activity starts.

    ``state``: ``waiting`` for its time, ``planned`` (its deliveries exist), ``withdrawn`` (the
    registration or the activity was cancelled), ``expired`` (its time passed unused).
    """

    __tablename__ = "reminders"
    __table_args__ = (
        sa.UniqueConstraint(
            "registration_id", "lead_time", name="uq_reminders_registration_id_lead_time"
        ),
        sa.Index("ix_reminders_due", "due_at", postgresql_where=sa.text("state = 'waiting'")),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    registration_id: Mapped[uuid.UUID]
    activity_id: Mapped[uuid.UUID] = mapped_column(index=True)
    lead_time: Mapped[str]
    due_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(server_default="waiting")


class AdvisorySeen(Base):
    """A country's advisory as its newest event described it; shown in mails of activities."""

    __tablename__ = "advisories_seen"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    version: Mapped[int]
    country: Mapped[str] = mapped_column(index=True)
    region: Mapped[dict[str, str]]
    level: Mapped[str]
    word: Mapped[str]
    headline: Mapped[dict[str, str]]
    advice: Mapped[dict[str, str]]
    valid_from: Mapped[datetime]
    valid_until: Mapped[datetime | None]
    url: Mapped[str]
    withdrawn: Mapped[bool]
