"""The tables of questions: what was asked, what was said about it, and the public answers."""

from __future__ import annotations

import uuid
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.chassis.auth import Principal
from services.chassis.database import Sealed, new_id, utc_now
from services.chassis.i18n import lazy
from services.chassis.problems import Problem
from services.content.database import Base
from services.content.publication import STATUS_CHECK as PUBLICATION_CHECK
from services.content.publication import Publication
from services.content.questions.states import MOVES, OPEN, STATUS_CHECK, Status


class Expert(Base):
    """Somebody outside the staff whom a question can be put to, by mail.

    Attributes:
        field: what they know about, in a few words.
        district: whose expert it is (GB/T 2260); ``None``: the city's.
        removed_at: when staff took them out; nothing new is put to them from then on.
    """

    __tablename__ = "question_experts"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(Sealed)
    email: Mapped[str] = mapped_column(Sealed)
    field: Mapped[str]
    district: Mapped[str | None]
    removed_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())


class Question(Base):
    """One question of one person.

    ``version`` rises with every change, so that of two members of staff who answer at once the
    second is told, and every message about a question has a number of its own.

    Attributes:
        via: ``form``, ``staff`` (heard at an activity or on the telephone) or ``program``.
        alarms: which kinds of distress its words speak of (``urgent.json``).
        urgent: whether it stands on top; staff may take the mark off.
        district: the office that answers it (GB/T 2260); ``None``: the city's.
        entered_district: the office whose staff wrote it down; that office sees it, too.
        expert_id: whom it was put to, and ``expert_ref`` the secret part of that one letter's link.
        taken_by: which member of staff is at it, and ``taken_by_name`` their name.
        due_at: by when an answer was promised.
        first_answered_at: for the statistics; ``answered_at`` is when it was last answered.
        merged_into: the question whose answer this one gets, too; ``merged_from`` is the state that
            it goes back to when that is undone.
        merged_via: the question that it had been merged into before that one was merged itself;
            ``None`` when staff merged it into the present one.
        finished_at: since when nobody has to do anything about it; the time until it is erased
            counts from there.
        erased_at: when text and contact were erased.
    """

    __tablename__ = "questions"
    __table_args__ = (
        sa.CheckConstraint(STATUS_CHECK, "status"),
        sa.CheckConstraint("via IN ('form', 'staff', 'program')", "via"),
        sa.CheckConstraint("(status = 'merged') = (merged_into IS NOT NULL)", "merged"),
        sa.Index("ix_questions_inbox", "status", "urgent", "due_at"),
        sa.Index("ix_questions_merged_into", "merged_into"),
        sa.Index("ix_questions_created_at", "created_at"),
        sa.Index("ix_questions_expert_ref", "expert_ref"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    version: Mapped[int] = mapped_column(default=1)
    status: Mapped[str] = mapped_column(default="new")
    via: Mapped[str]
    language: Mapped[str]
    country: Mapped[str | None]
    topic: Mapped[str | None]
    name: Mapped[str | None] = mapped_column(Sealed)
    email: Mapped[str | None] = mapped_column(Sealed)
    phone: Mapped[str | None] = mapped_column(Sealed)
    text: Mapped[str | None] = mapped_column(Sealed)
    privacy_version: Mapped[str | None]
    alarms: Mapped[list[str]]
    urgent: Mapped[bool]
    district: Mapped[str | None]
    entered_district: Mapped[str | None]
    entered_by_name: Mapped[str | None] = mapped_column(Sealed)
    expert_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("question_experts.id"))
    expert_ref: Mapped[uuid.UUID | None]
    taken_by: Mapped[uuid.UUID | None]
    taken_by_name: Mapped[str | None] = mapped_column(Sealed)
    due_at: Mapped[datetime]
    first_answered_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
    merged_into: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("questions.id"))
    merged_via: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("questions.id"))
    merged_from: Mapped[str | None]
    merged_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    erased_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())

    @property
    def is_open(self) -> bool:
        """Whether somebody has to do something about it."""
        return self.status in OPEN

    @property
    def can_be_reached(self) -> bool:
        """Whether an answer can be sent."""
        return bool(self.email or self.phone)

    def touch(self) -> None:
        """Count one more change."""
        self.version += 1
        self.updated_at = utc_now()

    def move(self, to: Status) -> None:
        """Bring it into another state.

        Raises:
            Problem: 409 ``wrong-state``.
        """
        here: Status = self.status  # type: ignore[assignment]  # the column's CHECK allows no other
        # What is still merged goes where the other one goes, until it was taken out of that.
        if to not in MOVES[here] or self.merged_into is not None:
            raise Problem(
                409,
                "wrong-state",
                lazy("This cannot be done in its present state."),
                lazy("Please load its page again; somebody may have changed it."),
            )
        self.status = to
        self.touch()
        self.finished_at = None if to in OPEN else self.updated_at

    def must_be_at(self, version: int | None) -> None:
        """Refuse what was written on an older state than the present one.

        Args:
            version: the version that was seen; ``None`` when it was not given.

        Raises:
            Problem: 409 ``changed-meanwhile``.
        """
        if version is not None and version != self.version:
            raise Problem(
                409,
                "changed-meanwhile",
                lazy("Somebody else has worked on this question while you were writing."),
                lazy(
                    "What is new stands below. What you typed is still here; sending it again "
                    "sends it as well."
                ),
                current_version=self.version,
            )

    def covered_by(self, principal: Principal) -> bool:
        """Whether it is the caller's to see: assigned to their office, or written down by it."""
        return principal.covers(self.district) or (
            self.entered_district is not None and principal.covers(self.entered_district)
        )


class QuestionEntry(Base):
    """What was said about a question, in its order.

    Attributes:
        kind: ``note`` (internal, never leaves), ``added`` (by whoever asked), ``answer``,
            ``suggestion`` (by an expert; internal as well).
        by_name: the member of staff or the expert; ``None`` for whoever asked.
    """

    __tablename__ = "question_entries"
    __table_args__ = (
        sa.CheckConstraint("kind IN ('note', 'added', 'answer', 'suggestion')", "kind"),
        sa.Index("ix_question_entries_question_id", "question_id", "id"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    question_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("questions.id", ondelete="CASCADE")
    )
    kind: Mapped[str]
    text: Mapped[str | None] = mapped_column(Sealed)
    by_name: Mapped[str | None] = mapped_column(Sealed)
    created_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())


class PublicAnswer(Publication, Base):
    """A question and its answer for everybody, written anew without the person who asked.

    Attributes:
        district: the office that keeps it (GB/T 2260); ``None`` is the city's.
        question: in one line, as somebody would ask it.
        answer: Markdown.
        countries: ISO 3166-1 alpha-2; without any it is for every destination.
        question_id: what it was made from; ``None`` when staff wrote it of their own accord.
        checked: traces of persons that staff have looked at and found to be harmless (``persons``).
        reviewed_on: the day on which somebody last checked that it is still right.
    """

    __tablename__ = "public_answers"
    __table_args__ = (
        sa.CheckConstraint(PUBLICATION_CHECK, "status"),
        sa.Index("ix_public_answers_question_id", "question_id"),
    )

    slug: Mapped[str] = mapped_column(unique=True)
    district: Mapped[str | None]
    question: Mapped[dict[str, str]]
    answer: Mapped[dict[str, str]]
    topics: Mapped[list[str]]
    countries: Mapped[list[str]]
    question_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("questions.id"))
    checked: Mapped[list[str]]
    reviewed_on: Mapped[date]


class AnswerVote(Base):
    """Whether an answer helped one visitor; ``words`` is what they wrote with it."""

    __tablename__ = "answer_votes"

    answer_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("public_answers.id", ondelete="CASCADE"), primary_key=True
    )
    visitor: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    helpful: Mapped[bool]
    words: Mapped[str | None] = mapped_column(Sealed)
    created_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())
