"""Sample questions in several states, and public answers, by the same use cases as real ones."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any, Final

from services.chassis.auth import Principal
from services.content.database import database
from services.content.questions import answers, asking, experts, helpful, merging, service
from services.content.questions.answers import PublicAnswerIn, PublishIn
from services.content.questions.helpful import VoteIn
from services.content.questions.models import Expert, PublicAnswer, Question
from services.content.questions.schemas import (
    AnswerIn,
    AssignIn,
    Consents,
    ExpertIn,
    HeardIn,
    NoteIn,
    QuestionIn,
)

_FOLDER: Final = Path(__file__).parents[1] / "samples"
# A fixed space of names (RFC 9562, version 5): the same sample has the same id on every machine.
_NAMES: Final = uuid.uuid5(uuid.NAMESPACE_DNS, "samples.content.lingbao.example")


def load(principal: Principal) -> int:
    """Write the samples that are not there yet.

    Returns:
        How many were new.
    """
    listed = json.loads((_FOLDER / "questions.json").read_text(encoding="utf-8"))
    return (
        sum(_expert(principal, one) for one in listed["experts"])
        + sum(_answer(principal, one) for one in listed["answers"])
        + sum(_question(principal, one) for one in listed["questions"])
    )


def _expert(principal: Principal, sample: dict[str, Any]) -> bool:
    expert_id = _id("expert", sample.pop("key"))
    if _is_there(Expert, expert_id):
        return False
    experts.add(principal, ExpertIn(**sample), expert_id=expert_id)
    return True


def _answer(principal: Principal, sample: dict[str, Any]) -> bool:
    answer_id = _id("answer", sample.pop("key"))
    if _is_there(PublicAnswer, answer_id):
        return False
    yes, no = sample.pop("helped", [0, 0])
    done = answers.write(principal, PublicAnswerIn(**sample), answer_id=answer_id)
    answers.publish(principal, answer_id, PublishIn())
    for number in range(yes + no):
        said = VoteIn(helpful="yes" if number < yes else "no")
        helpful.vote(done.slug, uuid.uuid5(answer_id, f"visitor/{number}"), said)
    return True


def _question(principal: Principal, sample: dict[str, Any]) -> bool:
    """``then`` is what staff have done with it, in this order."""
    question_id = _id("question", sample.pop("key"))
    if _is_there(Question, question_id):
        return False
    then = sample.pop("then", {})
    if sample.pop("heard", False):
        asking.enter(principal, HeardIn(**sample), question_id=question_id)
    else:
        consents = Consents(privacy_version="2026-11")
        asking.ask(QuestionIn(**sample, consents=consents), question_id=question_id)
    if assigned := then.get("assign"):
        expert = assigned.pop("expert", None)
        wanted = AssignIn(**assigned, expert_id=_id("expert", expert) if expert else None)
        service.assign(principal, question_id, wanted)
    if noted := then.get("note"):
        service.note(principal, question_id, NoteIn(text=noted))
    if told := then.get("answer"):
        service.answer(principal, question_id, AnswerIn(text=told))
    if into := then.get("merge"):
        merging.merge(principal, question_id, _id("question", into))
    return True


def _id(kind: str, key: str) -> uuid.UUID:
    return uuid.uuid5(_NAMES, f"{kind}/{key}")


def _is_there(model: type[Expert | PublicAnswer | Question], identifier: uuid.UUID) -> bool:
    with database.transaction() as session:
        return session.get(model, identifier) is not None
