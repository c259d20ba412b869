"""Attempts and certificates: their tables."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.chassis.database import Sealed, new_id
from services.chassis.settings import settings
from services.content.database import Base

ENDINGS: Final = ("handed-in", "time-up")


class Attempt(Base):
    """One person's attempt at a quiz; who it is, nobody asks.

    ``paper`` holds the items as they were when the attempt began, in their order and with their
    key (:class:`~services.content.attempts.paper.PaperItem`): what editors change later changes
    nothing for whoever is answering. ``responses`` and, once it is handed in, ``marks`` (0 to 1)
    are by the id of the item; ``score`` is the sum of the marks, of ``most``.

    ``visitor`` is a random id that the browser keeps for this one quiz, so that it finds its
    attempts again; it says nothing of the same browser at another quiz. ``name`` is given for a
    certificate alone. ``erased_at``: when both went, with every text that was typed.
    """

    __tablename__ = "attempts"
    __table_args__ = (
        sa.Index("ix_attempts_quiz_id_started_at", "quiz_id", "started_at"),
        sa.Index("ix_attempts_visitor", "visitor", postgresql_where=sa.text("visitor IS NOT NULL")),
        sa.Index(
            "ix_attempts_open_deadline",
            "deadline",
            postgresql_where=sa.text("finished_at IS NULL"),
        ),
        sa.Index("ix_attempts_finished_at", "finished_at"),
        sa.CheckConstraint("ending IN ('handed-in', 'time-up')", "ending"),
        sa.CheckConstraint(
            "(finished_at IS NULL) = (score IS NULL) AND (finished_at IS NULL) = (marks IS NULL)"
            " AND (finished_at IS NULL) = (ending IS NULL)",
            "finished",
        ),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    quiz_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("quizzes.id"))
    visitor: Mapped[uuid.UUID | None]
    paper: Mapped[list[dict[str, Any]]]
    responses: Mapped[dict[str, Any]] = mapped_column(default=dict)
    marks: Mapped[dict[str, Any] | None]
    most: Mapped[int]
    score: Mapped[float | None]
    passed: Mapped[bool | None]
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    deadline: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    ending: Mapped[str | None]
    name: Mapped[str | None] = mapped_column(Sealed)
    erased_at: Mapped[datetime | None]


class Certificate(Base):
    """Says that the person of an attempt passed; anybody may check it by its code.

    It has no name of its own: the name is read from the attempt, so that one erasure is enough.
    ``withdrawn_reason`` is for staff; whoever checks the code learns only that it holds no longer.
    """

    __tablename__ = "quiz_certificates"
    __table_args__ = (
        sa.CheckConstraint(
            "(withdrawn_at IS NULL) = (withdrawn_reason IS NULL)"
            " AND (withdrawn_at IS NULL) = (withdrawn_by IS NULL)",
            "withdrawn",
        ),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    attempt_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("attempts.id"), unique=True)
    code: Mapped[str] = mapped_column(unique=True)
    issued_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
    withdrawn_reason: Mapped[str | None] = mapped_column(Sealed)
    withdrawn_by: Mapped[uuid.UUID | None]

    @property
    def url(self) -> str:
        """The absolute address where anybody can check it."""
        return f"{settings().public_url}/quizzes/certificates/{self.code}"
