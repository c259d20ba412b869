"""Experts: whom staff put a question to, and what they suggest as an answer."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.chassis import audit, crypto
from services.chassis.auth import Principal
from services.chassis.database import utc_now
from services.chassis.idempotency import NOT_REPEATED, Once
from services.chassis.problems import LinkNotValid, NotFound
from services.content.database import database
from services.content.questions.events import EXPERT
from services.content.questions.holding import held, must_be_there
from services.content.questions.models import Expert, Question, QuestionEntry
from services.content.questions.schemas import ExpertIn, ExpertOut


@dataclass(frozen=True)
class Referral:
    """A question as an expert sees it: without the person. ``suggested`` is what they wrote."""

    text: str
    added: list[str]
    country: str | None
    topic: str | None
    expert: str
    suggested: str | None


def add(
    principal: Principal,
    wanted: ExpertIn,
    once: Once = NOT_REPEATED,
    *,
    expert_id: uuid.UUID | None = None,
) -> ExpertOut:
    """Keep an expert. Staff of a district keep their own.

    Raises:
        Problem: 403 ``other-district``.
    """
    with database.transaction() as session:
        if answer := once.first_answer(session):
            return ExpertOut.model_validate(answer)
        expert = Expert(**wanted.model_dump())
        if expert_id is not None:
            expert.id = expert_id
        expert.district = expert.district or principal.district
        principal.must_cover(expert.district)
        session.add(expert)
        session.flush()
        _record(session, principal, expert, "added")
        done = ExpertOut.model_validate(expert)
        once.keep(session, done.model_dump(mode="json"))
    return done


def remove(principal: Principal, expert_id: uuid.UUID) -> None:
    """Take an expert out: nothing is put to them any more, and their links open nothing.

    Their name and address are erased.

    Raises:
        NotFound: there is none.
        Problem: 403 ``other-district``.
    """
    with database.transaction() as session:
        expert = session.get(Expert, expert_id, with_for_update=True)
        if expert is None or expert.removed_at is not None:
            raise NotFound
        principal.must_cover(expert.district)
        expert.removed_at = utc_now()
        _forget_name(session, expert)
        expert.name = expert.email = ""
        session.execute(
            sa.update(Question)
            .where(Question.expert_id == expert.id)
            .values(expert_id=None, expert_ref=None)
        )
        _record(session, principal, expert, "removed")


def _forget_name(session: Session, expert: Expert) -> None:
    """Take the name off what an expert suggested to the questions that they still have."""
    suggested = session.scalars(
        sa.select(QuestionEntry)
        .join(Question, Question.id == QuestionEntry.question_id)
        .where(Question.expert_id == expert.id, QuestionEntry.kind == "suggestion")
    )
    for entry in suggested:
        if entry.by_name == expert.name:
            entry.by_name = None


def listed(principal: Principal) -> list[ExpertOut]:
    """Whom the caller can put a question to: the city's experts, and those of their district."""
    wanted = sa.select(Expert).where(Expert.removed_at.is_(None)).order_by(Expert.id)
    if principal.district is not None:
        wanted = wanted.where(
            sa.or_(Expert.district.is_(None), Expert.district == principal.district)
        )
    with database.transaction() as session:
        return [ExpertOut.model_validate(expert) for expert in session.scalars(wanted)]


def look(token: str) -> Referral:
    """The question behind an expert's link.

    Raises:
        LinkNotValid: the link is forged, or the question is not theirs any more.
        Problem: 410 ``question-erased``.
    """
    with database.transaction() as session:
        question, expert = _referred(session, token)
        entries = session.scalars(
            sa.select(QuestionEntry)
            .where(
                QuestionEntry.question_id == question.id,
                QuestionEntry.kind.in_(["added", "suggestion"]),
            )
            .order_by(QuestionEntry.id)
        ).all()
        suggested = [entry.text for entry in entries if entry.kind == "suggestion"]
        return Referral(
            text=question.text or "",
            added=[entry.text or "" for entry in entries if entry.kind == "added"],
            country=question.country,
            topic=question.topic,
            expert=expert.name,
            suggested=suggested[-1] if suggested else None,
        )


def suggest(token: str, text: str, once: Once = NOT_REPEATED) -> None:
    """Take what an expert would answer; staff read it, and answer.

    Raises:
        LinkNotValid: the link is forged, or the question is not theirs any more.
        Problem: 410 ``question-erased``.
    """
    with database.transaction() as session:
        question, expert = _referred(session, token, lock=True)
        if once.first_answer(session) is not None:
            return
        session.add(
            QuestionEntry(
                question_id=question.id, kind="suggestion", text=text, by_name=expert.name
            )
        )
        question.touch()
        once.keep(session, {"id": str(question.id)})


def _referred(session: Session, token: str, *, lock: bool = False) -> tuple[Question, Expert]:
    try:
        referral = crypto.read_id(EXPERT, token)
    except crypto.TokenError as error:
        raise LinkNotValid from error
    found = session.scalar(sa.select(Question.id).where(Question.expert_ref == referral))
    question = None
    if found is not None:
        question = held(session, found) if lock else session.get(Question, found)
    if question is None or question.expert_ref != referral or question.expert_id is None:
        raise LinkNotValid
    must_be_there(question)
    return question, session.get_one(Expert, question.expert_id)


def _record(session: Session, principal: Principal, expert: Expert, act: str) -> None:
    audit.record(
        session,
        principal,
        f"expert.{act}",
        f"expert/{expert.id}",
        district=expert.district,
        detail=expert.field,
    )
