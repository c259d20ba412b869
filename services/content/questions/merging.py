"""The same question from several people: one of them is worked on, and its answer goes to all."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.chassis import audit
from services.chassis.auth import Principal
from services.chassis.database import utc_now
from services.chassis.i18n import lazy
from services.chassis.problems import FieldError, Invalid, Problem
from services.content.database import database
from services.content.questions.holding import held_for, held_with_other, hold_mergings
from services.content.questions.models import Question, QuestionEntry
from services.content.questions.service import merged_into, tell

# How long a merging can be undone, as long as no answer has gone out for it.
UNDO_WITHIN: Final = timedelta(hours=24)


def merge(principal: Principal, question_id: uuid.UUID, into_id: uuid.UUID) -> None:
    """Have a question answered with another one. What was merged into it moves along.

    When the other one has been answered already, its last answer is sent at once.

    Raises:
        Invalid: into itself, or into one that cannot be answered any more.
        NotFound, Problem: as :func:`~.holding.held_for`; 409 ``wrong-state``.
    """
    with database.transaction() as session:
        hold_mergings(session)
        chosen = sa.select(Question.merged_into).where(Question.id == into_id)
        other = held_for(session, principal, session.scalar(chosen) or into_id)
        if other.id == question_id or other.status not in ("new", "assigned", "answered"):
            raise Invalid(
                [FieldError("into", lazy("Please choose another question that is still open."))]
            )
        question = held_for(session, principal, question_id)
        before = question.status
        followers = merged_into(session, question)
        _put_under(question, other, before)
        for follower in followers:
            # They stay merged, so what they go back to stays as it was.
            follower.merged_into = other.id
            follower.merged_via = follower.merged_via or question.id
            follower.touch()
        if question.urgent or any(follower.urgent for follower in followers):
            other.urgent, other.due_at = True, min(other.due_at, question.due_at)
        other.touch()
        if before != "answered" and (answer := _last_answer(session, other)) is not None:
            for one in (question, *followers):
                one.answered_at = utc_now()
                one.first_answered_at = one.first_answered_at or one.answered_at
                tell(session, one, answer)
        _record(session, principal, question, "merged", f"into question/{other.id}")


def undo(principal: Principal, question_id: uuid.UUID) -> None:
    """Take a question out of the one that it was merged into; it goes back to where it was.

    What had been merged into it before, and moved along, comes back with it.

    Raises:
        NotFound, Problem: as :func:`~.holding.held_for`; 409 ``wrong-state``; 409
            ``too-late-to-undo`` after a day, or when the answer has gone out.
    """
    with database.transaction() as session:
        hold_mergings(session)
        held_with_other(session, question_id)  # the other one first, as whoever answers it does
        question = held_for(session, principal, question_id)
        if not may_be_undone(question):
            raise Problem(
                409,
                "too-late-to-undo",
                lazy("This merging cannot be undone any more."),
                lazy("A day has passed, or the answer has been sent. You can write a new one."),
            )
        for one in _moved_along(session, question):
            one.merged_into = question.id
            if one.merged_via == question.id:
                one.merged_via = None
            one.touch()
        _stand_alone(question, question.merged_from)
        _record(session, principal, question, "unmerged")


def release(session: Session, question: Question) -> None:
    """Have those that were merged into a question stand on their own, because it is taken back.

    Whoever was answered with it keeps the answers; the others wait for one again.
    """
    answers = session.scalars(
        sa.select(QuestionEntry)
        .where(QuestionEntry.question_id == question.id, QuestionEntry.kind == "answer")
        .order_by(QuestionEntry.id)
    ).all()
    for one in merged_into(session, question):
        if may_be_taken_out(one):
            _stand_alone(one, one.merged_from)
            continue
        _stand_alone(one, "answered")
        one.finished_at = question.finished_at or one.finished_at
        session.add_all(
            QuestionEntry(
                question_id=one.id,
                kind="answer",
                text=answer.text,
                by_name=answer.by_name,
                created_at=answer.created_at,
            )
            for answer in answers
        )


def may_be_undone(question: Question) -> bool:
    """Whether a merging can still be undone."""
    return (
        may_be_taken_out(question)
        and question.merged_at is not None
        and question.erased_at is None
        and utc_now() - question.merged_at < UNDO_WITHIN
    )


def may_be_taken_out(question: Question) -> bool:
    """Whether nobody has been told the other question's answer for a merged one."""
    return (
        question.status == "merged"
        and question.merged_at is not None
        and (question.answered_at is None or question.answered_at < question.merged_at)
    )


def _moved_along(session: Session, question: Question) -> list[Question]:
    """Of those merged where a question is: what came there with it, and with those again."""
    other = session.get_one(Question, question.merged_into)
    found: list[Question] = []
    with_it, beside = {question.id}, merged_into(session, other)
    while came := [one for one in beside if one.merged_via in with_it and one not in found]:
        found += came
        with_it |= {one.id for one in came}
    return found


def _stand_alone(question: Question, state: str | None) -> None:
    question.merged_into = question.merged_via = question.merged_at = question.merged_from = None
    question.move(state)  # type: ignore[arg-type]  # a state that it had


def _put_under(question: Question, other: Question, before: str) -> None:
    question.move("merged")  # before it is: what is merged does not move
    question.merged_into = other.id
    question.merged_from = before
    question.merged_at = question.updated_at


def _last_answer(session: Session, question: Question) -> QuestionEntry | None:
    return session.scalar(
        sa.select(QuestionEntry)
        .where(QuestionEntry.question_id == question.id, QuestionEntry.kind == "answer")
        .order_by(QuestionEntry.id.desc())
        .limit(1)
    )


def _record(
    session: Session, principal: Principal, question: Question, act: str, detail: str = ""
) -> None:
    audit.record(
        session,
        principal,
        f"question.{act}",
        f"question/{question.id}",
        district=question.district,
        detail=detail,
    )
