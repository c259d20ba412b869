"""Projection: the newest that registration heard of each quiz's results."""

from __future__ import annotations

import uuid

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
