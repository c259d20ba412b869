"""Surveys and what was answered: their tables."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.chassis.database import Sealed, utc_now
from services.chassis.i18n import lazy
from services.registration.database import Base

CommentState = Literal["new", "shown", "hidden"]

COMMENT_STATES = {
    "new": lazy("Not looked at yet"),
    "shown": lazy("Shown"),
    "hidden": lazy("Hidden"),
}


class Survey(Base):
    """What staff settled about an activity's survey; without a row the usual questions are asked.

    ``asked``: whether people are asked at all. ``questions`` are the activity's own, beside the
    usual ones.
    """

    __tablename__ = "surveys"

    activity_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("activities.id"), primary_key=True)
    version: Mapped[int] = mapped_column(default=1)
    asked: Mapped[bool]
    questions: Mapped[list[dict[str, Any]]]
    updated_at: Mapped[datetime] = mapped_column(
        default=utc_now, onupdate=utc_now, server_default=sa.func.now()
    )


class Feedback(Base):
    """One party's answers, without a name.

    Nothing in the row leads to the registration: the id is random, the day has no hour, and
    ``mark`` is a keyed hash of the registration's id. Whoever holds the link finds the own answers
    again by it, and a second answer is refused; whoever reads the database without the keys learns
    nothing from it. With the registration's erasure the mark is replaced by a random one.

    ``answers``: a number by question, 1 to 5 for a rating, the place (from 0) for a choice.
    """

    __tablename__ = "feedback"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    version: Mapped[int] = mapped_column(default=1)
    activity_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("activities.id"), index=True)
    mark: Mapped[str] = mapped_column(unique=True)
    answers: Mapped[dict[str, Any]]
    given_on: Mapped[date] = mapped_column(sa.Date)


class Comment(Base):
    """A text that somebody wrote in a survey, and whether others may read it.

    ``may_be_quoted``: its writer agreed that it stands on the public page, without a name.
    ``hidden_reason`` is for staff.
    """

    __tablename__ = "feedback_comments"
    __table_args__ = (
        sa.CheckConstraint("state IN ('new', 'shown', 'hidden')", name="state"),
        sa.CheckConstraint("(state = 'hidden') = (hidden_reason IS NOT NULL)", name="hidden"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    feedback_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("feedback.id", ondelete="CASCADE"), index=True
    )
    question: Mapped[str]
    text: Mapped[str] = mapped_column(Sealed)
    may_be_quoted: Mapped[bool]
    state: Mapped[str] = mapped_column(default="new", server_default="new")
    hidden_reason: Mapped[str | None]


class Thanked(Base):
    """A registration whose people were thanked for coming, so that it happens once."""

    __tablename__ = "thanked"

    registration_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("registrations.id"), primary_key=True
    )
    thanked_at: Mapped[datetime]
