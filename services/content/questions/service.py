"""What staff do with a question: take it, assign it, note something, answer it, close it."""

from __future__ import annotations

import uuid

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.chassis import audit
from services.chassis.auth import Principal
from services.chassis.database import new_id, utc_now
from services.chassis.events import publish
from services.chassis.i18n import lazy
from services.chassis.idempotency import NOT_REPEATED, Once
from services.chassis.problems import FieldError, Invalid
from services.content.database import database
from services.content.questions import events
from services.content.questions.deadlines import due
from services.content.questions.holding import held, held_for
from services.content.questions.models import Expert, Question, QuestionEntry
from services.content.questions.schemas import AnswerIn, AssignIn, NoteIn


def take(principal: Principal, question_id: uuid.UUID) -> None:
    """Say that one is at it oneself, so that colleagues need not be.

    Raises:
        NotFound, Problem: as :func:`~.holding.held_for`; 409 ``wrong-state``.
    """
    with database.transaction() as session:
        question = held_for(session, principal, question_id)
        question.move("assigned")
        question.taken_by = principal.id
        question.taken_by_name = principal.name
        _record(session, principal, question, "taken")


def assign(principal: Principal, question_id: uuid.UUID, wanted: AssignIn) -> None:
    """Give a question to an office, put it to an expert, or both. An expert gets a mail.

    A district can give its own questions to the city or another district, too; it then sees them
    only when it had written them down.

    Raises:
        Invalid: there is no such expert.
        NotFound, Problem: as :func:`~.holding.held_for`; 409 ``wrong-state``.
    """
    with database.transaction() as session:
        question = held_for(session, principal, question_id)
        question.move("assigned")
        if wanted.district != question.district:
            question.taken_by = question.taken_by_name = None
        question.district = wanted.district
        if wanted.expert_id != question.expert_id or wanted.expert_id is None:
            question.expert_id, question.expert_ref = None, None
            if wanted.expert_id is not None:
                _put_to(session, principal, question, wanted.expert_id)
        _record(session, principal, question, "assigned", wanted.district or "city")


def _put_to(
    session: Session, principal: Principal, question: Question, expert_id: uuid.UUID
) -> None:
    expert = session.get(Expert, expert_id)
    theirs = expert is not None and (expert.district is None or principal.covers(expert.district))
    if expert is None or expert.removed_at is not None or not theirs:
        raise Invalid([FieldError("expert_id", lazy("Please choose an expert from the list."))])
    question.expert_id = expert.id
    # Of each letter its own: a link from before opens nothing any more.
    question.expert_ref = new_id()
    publish(session, events.referred(question, expert, question.expert_ref))


def note(
    principal: Principal, question_id: uuid.UUID, wanted: NoteIn, once: Once = NOT_REPEATED
) -> None:
    """Write down something for colleagues; it never leaves the office.

    Raises:
        NotFound, Problem: as :func:`~.holding.held_for`.
    """
    with database.transaction() as session:
        question = held_for(session, principal, question_id)
        if once.first_answer(session) is not None:
            return
        session.add(
            QuestionEntry(
                question_id=question.id, kind="note", text=wanted.text, by_name=principal.name
            )
        )
        _record(session, principal, question, "noted")
        once.keep(session, {"id": str(question.id)})


def answer(
    principal: Principal, question_id: uuid.UUID, wanted: AnswerIn, once: Once = NOT_REPEATED
) -> None:
    """Answer a question and all that were merged into it; each asker is written to once.

    Raises:
        NotFound, Problem: as :func:`~.holding.held_for`; 409 ``wrong-state``; 409
            ``changed-meanwhile`` when somebody else has worked on it since it was opened.
    """
    with database.transaction() as session:
        question = held_for(session, principal, question_id)
        # Whoever sends the same form twice is not told that somebody else was quicker.
        if once.first_answer(session) is not None:
            return
        question.must_be_at(wanted.version)
        question.move("answered")
        now = utc_now()
        entry = QuestionEntry(
            id=new_id(),
            question_id=question.id,
            kind="answer",
            text=wanted.text,
            by_name=principal.name,
        )
        session.add(entry)
        for one in (question, *merged_into(session, question)):
            if one is not question:
                one.touch()
            one.answered_at = now
            one.first_answered_at = one.first_answered_at or now
            one.urgent = False
            tell(session, one, entry)
        _record(session, principal, question, "answered")
        once.keep(session, {"id": str(entry.id)})


def tell(session: Session, question: Question, entry: QuestionEntry) -> None:
    """Have an answer sent to whoever asked, where there is a way to reach them."""
    if question.can_be_reached and question.erased_at is None:
        publish(session, events.answered(question, entry.id, entry.text or ""))


def merged_into(session: Session, question: Question) -> list[Question]:
    """The questions that get the same answer, held; the oldest first."""
    ids = session.scalars(
        sa.select(Question.id).where(Question.merged_into == question.id).order_by(Question.id)
    ).all()
    return [one for one in (held(session, identifier) for identifier in ids) if one is not None]


def reopen(principal: Principal, question_id: uuid.UUID) -> None:
    """Work on it again: an answer was not enough, or something was closed too early.

    Raises:
        NotFound, Problem: as :func:`~.holding.held_for`; 409 ``wrong-state``.
    """
    with database.transaction() as session:
        question = held_for(session, principal, question_id)
        was_spam = question.status == "spam"
        question.move("new" if was_spam else "assigned")
        question.due_at = due(utc_now(), urgent=question.urgent)
        _record(session, principal, question, "reopened")


def close(principal: Principal, question_id: uuid.UUID) -> None:
    """Nothing is left to do: answered and thanked for, or settled on the telephone.

    Raises:
        NotFound, Problem: as :func:`~.holding.held_for`; 409 ``wrong-state``.
    """
    with database.transaction() as session:
        question = held_for(session, principal, question_id)
        question.move("closed")
        question.urgent = False
        _record(session, principal, question, "closed")


def set_aside(principal: Principal, question_id: uuid.UUID) -> None:
    """It is no question: advertising, or nonsense. Nobody is written to.

    Raises:
        NotFound, Problem: as :func:`~.holding.held_for`; 409 ``wrong-state``.
    """
    with database.transaction() as session:
        question = held_for(session, principal, question_id)
        question.move("spam")
        question.urgent = False
        _record(session, principal, question, "set_aside")


def mark(principal: Principal, question_id: uuid.UUID, *, urgent: bool) -> None:
    """Mark a question as urgent, or take the mark off when its words only sounded like it.

    Raises:
        NotFound, Problem: as :func:`~.holding.held_for`.
    """
    with database.transaction() as session:
        question = held_for(session, principal, question_id)
        if question.urgent == urgent:
            return
        question.urgent = urgent
        question.due_at = due(utc_now() if urgent else question.created_at, urgent=urgent)
        question.touch()
        _record(session, principal, question, "marked_urgent" if urgent else "not_urgent")


def _record(
    session: Session, principal: Principal, question: Question, act: str, detail: str = ""
) -> None:
    audit.record(
        session,
        principal,
        f"question.{act}",
        f"question/{question.id}",
        district=question.district,
        detail=detail or ", ".join(question.alarms),
    )
