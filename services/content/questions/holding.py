"""Holding questions for a change, in one order, so that nobody waits for each other for ever.

A question that others were merged into is always held before those; mergings, which change who is
which, come one after the other.
"""

from __future__ import annotations

import uuid

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.chassis.auth import Principal
from services.chassis.i18n import lazy
from services.chassis.problems import NotFound, Problem
from services.content.questions.models import Question


def held(session: Session, question_id: uuid.UUID) -> Question | None:
    """A question that nobody else changes until the transaction ends; ``None``: there is none."""
    return session.get(Question, question_id, with_for_update=True, populate_existing=True)


def held_with_other(session: Session, question_id: uuid.UUID) -> tuple[Question, Question] | None:
    """A question and the one that it was merged into (itself when it was not), both held.

    Raises:
        Problem: 409 ``changed-meanwhile``: it was merged at this very moment.
    """
    before = session.scalar(sa.select(Question.merged_into).where(Question.id == question_id))
    other = held(session, before) if before else None
    question = held(session, question_id)
    if question is None:
        return None
    if question.merged_into != before:
        raise Problem(
            409,
            "changed-meanwhile",
            lazy("This question was changed at this very moment."),
            lazy("Please send it again. Nothing has been lost."),
        )
    return question, other or question


def held_for(session: Session, principal: Principal, question_id: uuid.UUID) -> Question:
    """A question of the caller's office, held.

    Raises:
        NotFound: there is none.
        Problem: 403 ``other-district``; 410 ``question-erased``.
    """
    question = held(session, question_id)
    if question is None:
        raise NotFound(lazy("There is no such question."))
    must_cover(principal, question)
    must_be_there(question)
    return question


def must_cover(principal: Principal, question: Question) -> None:
    """Refuse a question that is another office's.

    Raises:
        Problem: 403 ``other-district``.
    """
    if not question.covered_by(principal):
        principal.must_cover(question.district)


def must_be_there(question: Question) -> None:
    """Refuse a question of which nothing is left.

    Raises:
        Problem: 410 ``question-erased``.
    """
    if question.erased_at is not None:
        raise Problem(
            410,
            "question-erased",
            lazy("This question has been erased."),
            lazy("Nothing of it is kept with us. You can ask again at any time."),
        )


def hold_mergings(session: Session) -> None:
    """Have mergings come one after the other."""
    session.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtext("questions.merge"))))
