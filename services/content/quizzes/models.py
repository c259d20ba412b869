"""The table of quizzes."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.chassis.settings import settings
from services.content.database import Base
from services.content.publication import STATUS_CHECK, Publication


class Quiz(Publication, Base):
    """What is asked of whom, how long and how often.

    Attributes:
        code: six signs to type from a screen, see :mod:`services.content.quizzes.codes`.
        district: the office that keeps it (GB/T 2260); ``None`` is the city's.
        purpose: ``open`` stands in the public list; the others are reached by code or link.
        activity_id: the activity that it is for, before or after; of registration.
        booking_id: the booking of the school or company whose cohort takes it; of registration.
        copied_from: the quiz that this one was copied from: ``after`` is compared with ``before``.
        draws: ``[{"bank_id", "tags", "count"}]``, see :mod:`services.content.quizzes.drawing`.
        minutes: the time limit; ``None`` is none.
        attempts_allowed: how many times one may take it; ``None`` is as often as one likes.
        pass_mark: percent of all marks.
        show: when right answers and explanations are shown: ``at-once`` after handing in,
            ``after-close``, or ``never``.
    """

    __tablename__ = "quizzes"
    __table_args__ = (
        sa.CheckConstraint(STATUS_CHECK, "status"),
        sa.CheckConstraint("purpose IN ('open', 'before', 'after', 'cohort')", "purpose"),
        sa.CheckConstraint("show IN ('at-once', 'after-close', 'never')", "show"),
        sa.CheckConstraint("pass_mark BETWEEN 0 AND 100", "pass_mark"),
        sa.CheckConstraint("minutes BETWEEN 1 AND 240", "minutes"),
        sa.CheckConstraint("attempts_allowed BETWEEN 1 AND 20", "attempts_allowed"),
        sa.CheckConstraint("closes_at > opens_at", "open"),
        sa.Index("ix_quizzes_activity_id", "activity_id"),
    )

    slug: Mapped[str] = mapped_column(unique=True)
    code: Mapped[str] = mapped_column(unique=True)
    district: Mapped[str | None]
    title: Mapped[dict[str, str]]
    summary: Mapped[dict[str, str]]
    purpose: Mapped[str]
    activity_id: Mapped[uuid.UUID | None]
    booking_id: Mapped[uuid.UUID | None]
    copied_from: Mapped[uuid.UUID | None]
    draws: Mapped[list[dict[str, Any]]]
    minutes: Mapped[int | None]
    attempts_allowed: Mapped[int | None]
    pass_mark: Mapped[int]
    opens_at: Mapped[datetime | None]
    closes_at: Mapped[datetime | None]
    show: Mapped[str]

    @property
    def count(self) -> int:
        """How many items one paper has."""
        return sum(int(draw["count"]) for draw in self.draws)

    @property
    def url(self) -> str:
        """The absolute address to open or to show as QR picture in a room."""
        return f"{settings().public_url}/q/{self.code}"
