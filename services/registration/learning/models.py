"""Projections: the newest that registration heard of each quiz, and of each quiz's results."""

from __future__ import annotations

import uuid
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Mapped, mapped_column

from services.registration.database import Base


class QuizResults(Base):
    """What the attempts at a quiz that belongs to an activity came to; numbers, and nobody's name.

    ``counts``: how many reached 0–9, 10–19, …, 90–100 percent. ``url``: the staff's page with all
    figures.
    """

    __tablename__ = "quiz_results"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    version: Mapped[int]
    activity_id: Mapped[uuid.UUID] = mapped_column(index=True)
    purpose: Mapped[str]
    title: Mapped[dict[str, str]]
    attempts: Mapped[int]
    mean_percent: Mapped[int]
    passed: Mapped[int]
    counts: Mapped[list[int]] = mapped_column(postgresql.ARRAY(sa.Integer))
    url: Mapped[str]


class KnownQuiz(Base):
    """A quiz for those of an activity or of a booking, as the content service last told it.

    ``purpose``: ``before`` or ``after`` an activity, ``cohort`` for a booking's people. ``url`` is
    what the room's QR code opens; ``minutes``: the time limit, if there is one.
    """

    __tablename__ = "known_quizzes"
    __table_args__ = (
        sa.Index("ix_known_quizzes_activity_id", "activity_id"),
        sa.Index("ix_known_quizzes_booking_id", "booking_id"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    version: Mapped[int]
    purpose: Mapped[str]
    activity_id: Mapped[uuid.UUID | None]
    booking_id: Mapped[uuid.UUID | None]
    title: Mapped[dict[str, str]]
    items: Mapped[int]
    minutes: Mapped[int | None]
    opens_at: Mapped[datetime | None]
    closes_at: Mapped[datetime | None]
    url: Mapped[str]
    withdrawn: Mapped[bool]
