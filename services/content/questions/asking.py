"""Asking, and what whoever asked can do behind their link: look, add something, erase."""

from __future__ import annotations

import uuid

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.chassis import audit, crypto
from services.chassis.auth import Principal
from services.chassis.database import new_id, utc_now
from services.chassis.events import publish
from services.chassis.i18n import lazy
from services.chassis.idempotency import NOT_REPEATED, Once
from services.chassis.problems import LinkNotValid, Problem
from services.content.database import database
from services.content.questions import events
from services.content.questions.deadlines import due
from services.content.questions.erasing import erase
from services.content.questions.holding import (
    held,
    held_with_other,
    hold_mergings,
    must_be_there,
)
from services.content.questions.merging import release
from services.content.questions.models import Question, QuestionEntry
from services.content.questions.schemas import (
    EntryOut,
    HeardIn,
    OwnQuestion,
    QuestionIn,
    QuestionReceived,
)
from services.content.questions.urgent import alarms

# Whoever adds something once a minute is not asking any more.
MOST_ADDED = 20


def ask(
    wanted: QuestionIn,
    once: Once = NOT_REPEATED,
    *,
    via: str = "form",
    question_id: uuid.UUID | None = None,
) -> QuestionReceived:
    """Take a question; whoever asked is told that it has arrived.

    Args:
        via: ``form``, or ``program`` for the API.
        question_id: its id, where the caller needs to know it beforehand; else a fresh one.
    """
    with database.transaction() as session:
        if answer := once.first_answer(session):
            return QuestionReceived.model_validate(answer)
        given = wanted.model_dump(exclude={"consents"})
        question = _new(question_id, via, given)
        question.privacy_version = wanted.consents.privacy_version
        session.add(question)
        session.flush()
        publish(session, events.asked(question))
        done = QuestionReceived.of(question)
        once.keep(session, done.model_dump(mode="json"))
    return done


def enter(
    principal: Principal,
    wanted: HeardIn,
    once: Once = NOT_REPEATED,
    *,
    question_id: uuid.UUID | None = None,
) -> QuestionReceived:
    """Write down a question that staff heard; with a contact it is answered like any other.

    Staff of a district keep it in their district, whatever they write.

    Raises:
        Problem: 403 ``other-district``.
    """
    with database.transaction() as session:
        if answer := once.first_answer(session):
            return QuestionReceived.model_validate(answer)
        question = _new(question_id, "staff", wanted.model_dump())
        question.district = wanted.district or principal.district
        principal.must_cover(question.district)
        question.entered_district = principal.district
        question.entered_by_name = principal.name
        if question.district:
            question.status = "assigned"
        session.add(question)
        session.flush()
        if question.can_be_reached:
            publish(session, events.asked(question))
        audit.record(
            session,
            principal,
            "question.entered",
            f"question/{question.id}",
            district=question.district,
            detail=", ".join(question.alarms),
        )
        done = QuestionReceived.of(question)
        once.keep(session, done.model_dump(mode="json"))
    return done


def look(token: str) -> OwnQuestion:
    """The question behind a link, with its answers and what was added; no internal note.

    One that was merged shows the answers of the question that it was merged into.

    Raises:
        LinkNotValid: the token is forged or damaged.
        Problem: 410 ``question-erased``.
    """
    with database.transaction() as session:
        question = session.get(Question, _identifier(token))
        if question is None:
            raise LinkNotValid
        must_be_there(question)
        return _shown(session, question)


def add(token: str, text: str, once: Once = NOT_REPEATED) -> OwnQuestion:
    """Add something to one's question; one that was answered is opened again.

    So is one that was set aside when words of distress are added.

    Raises:
        LinkNotValid: the token is forged or damaged.
        Problem: 410 ``question-erased``; 409 ``enough-added``.
    """
    with database.transaction() as session:
        found = held_with_other(session, _identifier(token))
        if found is None:
            raise LinkNotValid
        question, worked_on = found
        must_be_there(question)
        if once.first_answer(session) is not None:
            return _shown(session, question)
        _must_take_more(session, question)
        session.add(QuestionEntry(question_id=question.id, kind="added", text=text))
        # What is added to a merged question is for those who work on the other one.
        if alarm := alarms(text):
            _raise_alarm(worked_on, alarm)
        if worked_on.status in ("answered", "closed"):
            worked_on.move("assigned")
            worked_on.due_at = due(utc_now(), urgent=bool(alarm))
        elif worked_on.status == "spam" and alarm:
            # Whatever was set aside before: this somebody has to read.
            worked_on.move("new")
            worked_on.due_at = due(utc_now(), urgent=True)
        else:
            worked_on.touch()
        once.keep(session, {"id": str(question.id)})
        session.flush()
        return _shown(session, question)


def erase_own(token: str) -> None:
    """Take a question back: text, contact and whatever was said about it are erased at once.

    One that still waits is withdrawn with it. Those that were merged into it stand on their own
    from then on: nobody else's answer goes with this one.

    Raises:
        LinkNotValid: the token is forged or damaged.
        Problem: 410 ``question-erased``.
    """
    with database.transaction() as session:
        hold_mergings(session)
        question = held(session, _identifier(token))
        if question is None:
            raise LinkNotValid
        must_be_there(question)
        release(session, question)
        if question.status in ("new", "assigned", "merged"):
            question.merged_into = question.merged_via = None
            question.move("withdrawn")
        erase(session, question)


def _new(question_id: uuid.UUID | None, via: str, given: dict[str, object]) -> Question:
    found = alarms(str(given["text"]))
    return Question(
        **(given | {"district": None}),
        id=question_id or new_id(),
        status="new",
        version=1,
        via=via,
        alarms=found,
        urgent=bool(found),
        due_at=due(utc_now(), urgent=bool(found)),
        created_at=utc_now(),
    )


def _raise_alarm(question: Question, found: list[str]) -> None:
    question.alarms = list(dict.fromkeys([*question.alarms, *found]))
    question.urgent = True
    question.due_at = min(question.due_at, due(utc_now(), urgent=True))


def _identifier(token: str) -> uuid.UUID:
    try:
        return crypto.read_id(events.ASKER, token)
    except crypto.TokenError as error:
        raise LinkNotValid from error


def _must_take_more(session: Session, question: Question) -> None:
    added = session.scalar(
        sa.select(sa.func.count()).where(
            QuestionEntry.question_id == question.id, QuestionEntry.kind == "added"
        )
    )
    if (added or 0) >= MOST_ADDED:
        raise Problem(
            409,
            "enough-added",
            lazy("You have added a lot to this question already."),
            lazy("Please wait for the answer, or ask a new question."),
        )


def _shown(session: Session, question: Question) -> OwnQuestion:
    worked_on = (
        session.get_one(Question, question.merged_into) if question.merged_into else question
    )
    own = sa.and_(QuestionEntry.question_id == question.id, QuestionEntry.kind == "added")
    answers = sa.and_(
        QuestionEntry.question_id.in_([question.id, worked_on.id]), QuestionEntry.kind == "answer"
    )
    rows = session.scalars(
        sa.select(QuestionEntry).where(sa.or_(own, answers)).order_by(QuestionEntry.id)
    )
    entries = [EntryOut.model_validate(row) for row in rows]
    for entry in entries:
        # Offices answer, not one of their people.
        entry.by_name = None
    return OwnQuestion.model_validate(
        {
            "id": question.id,
            # Merging is the office's affair: to the asker it is open or answered.
            "status": worked_on.status,
            "urgent": question.urgent,
            "text": question.text or "",
            "country": question.country,
            "topic": question.topic,
            "due_at": worked_on.due_at,
            "created_at": question.created_at,
            "answered_at": worked_on.answered_at,
            "entries": entries,
            "is_open": worked_on.is_open,
        }
    )
