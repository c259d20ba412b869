"""The JSON calls about questions and public answers."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Depends, Query

from services.chassis.auth import Principal, require
from services.chassis.fields import Country, Topic
from services.chassis.idempotency import OncePerKey
from services.chassis.lists import DEFAULT_LIMIT, LARGEST_LIMIT, PageOut
from services.chassis.ratelimit import PublicRate
from services.content.questions import answers, answers_reading, asking, merging, reading, service
from services.content.questions.answers import (
    PublicAnswerEdit,
    PublicAnswerIn,
    PublicAnswerOut,
    PublishIn,
    WithdrawIn,
)
from services.content.questions.reading import Filters, View
from services.content.questions.schemas import (
    AnswerIn,
    AssignIn,
    HeardIn,
    MergeIn,
    NoteIn,
    QuestionIn,
    QuestionOut,
    QuestionReceived,
    QuestionSummary,
)

api = APIRouter(tags=["questions"])

Viewer = Annotated[Principal, Depends(require("questions.view"))]
Answerer = Annotated[Principal, Depends(require("questions.answer"))]
Limit = Annotated[int, Query(ge=1, le=LARGEST_LIMIT)]


@api.post("/questions", status_code=201, dependencies=[PublicRate])
def ask(wanted: QuestionIn, once: OncePerKey) -> QuestionReceived:
    """Ask something; at least one of e-mail and telephone is needed to answer.

    ``urgent`` in the answer says that its words are those of somebody in distress: please show
    12308 (from abroad +86 10 12308) at once.
    """
    return asking.ask(wanted, once, via="program")


@api.post("/questions/heard", status_code=201)
def enter(wanted: HeardIn, principal: Answerer, once: OncePerKey) -> QuestionReceived:
    """Write down a question that staff heard, with or without contact."""
    return asking.enter(principal, wanted, once)


@api.get("/questions")
def list_questions(
    principal: Viewer,
    *,
    view: View = "open",
    district: Annotated[str | None, Query(max_length=6)] = None,
    expert: uuid.UUID | None = None,
    topic: Topic | None = None,
    country: Country | None = None,
    cursor: str | None = None,
    limit: Limit = DEFAULT_LIMIT,
) -> PageOut[QuestionSummary]:
    """Questions for staff: urgent ones first, then by when they are due; ``district=city``: those
    that no district has.
    """
    filters = Filters(view, district or None, expert, topic, country)
    found = reading.list_for_staff(principal, filters, cursor=cursor, limit=limit)
    return PageOut(items=list(found.items), next_cursor=found.next_cursor)


@api.get("/questions/{question_id:uuid}")
def get_question(question_id: uuid.UUID, principal: Viewer) -> QuestionOut:
    """A question with everything that was said about it, for staff."""
    return reading.get_for_staff(principal, question_id)


@api.post("/questions/{question_id:uuid}/take")
def take(question_id: uuid.UUID, principal: Answerer) -> QuestionOut:
    """Say that one is at it."""
    service.take(principal, question_id)
    return reading.get_for_staff(principal, question_id)


@api.post("/questions/{question_id:uuid}/assign", status_code=204)
def assign(question_id: uuid.UUID, wanted: AssignIn, principal: Answerer) -> None:
    """Give it to an office, put it to an expert, or both."""
    service.assign(principal, question_id, wanted)


@api.post("/questions/{question_id:uuid}/notes", status_code=201)
def note(
    question_id: uuid.UUID, wanted: NoteIn, principal: Answerer, once: OncePerKey
) -> QuestionOut:
    """An internal note."""
    service.note(principal, question_id, wanted, once)
    return reading.get_for_staff(principal, question_id)


@api.post("/questions/{question_id:uuid}/answers", status_code=201)
def answer(
    question_id: uuid.UUID, wanted: AnswerIn, principal: Answerer, once: OncePerKey
) -> QuestionOut:
    """Answer it and all that were merged into it. With ``version`` an older state is refused."""
    service.answer(principal, question_id, wanted, once)
    return reading.get_for_staff(principal, question_id)


@api.post("/questions/{question_id:uuid}/reopen")
def reopen(question_id: uuid.UUID, principal: Answerer) -> QuestionOut:
    """Work on it again."""
    service.reopen(principal, question_id)
    return reading.get_for_staff(principal, question_id)


@api.post("/questions/{question_id:uuid}/close")
def close(question_id: uuid.UUID, principal: Answerer) -> QuestionOut:
    """Nothing is left to do."""
    service.close(principal, question_id)
    return reading.get_for_staff(principal, question_id)


@api.post("/questions/{question_id:uuid}/merge")
def merge(question_id: uuid.UUID, wanted: MergeIn, principal: Answerer) -> QuestionOut:
    """Have it answered with another one."""
    merging.merge(principal, question_id, wanted.into)
    return reading.get_for_staff(principal, question_id)


@api.post("/questions/{question_id:uuid}/unmerge")
def unmerge(question_id: uuid.UUID, principal: Answerer) -> QuestionOut:
    """Undo that, within a day and as long as no answer has gone out."""
    merging.undo(principal, question_id)
    return reading.get_for_staff(principal, question_id)


@api.post("/questions/{question_id:uuid}/public-answer", status_code=201)
def promote(
    question_id: uuid.UUID, wanted: PublicAnswerIn, principal: Answerer, once: OncePerKey
) -> PublicAnswerOut:
    """A draft of a public answer made from a question, written anew without the person."""
    return answers.write(principal, wanted, once, question_id=question_id)


@api.get("/answers")
def list_answers(
    *,
    topic: Topic | None = None,
    country: Country | None = None,
    cursor: str | None = None,
    limit: Limit = DEFAULT_LIMIT,
) -> PageOut[PublicAnswerOut]:
    """The public answers, the newest first; ``country`` finds also those for every destination."""
    found = answers_reading.list_public(topic=topic, country=country, cursor=cursor, limit=limit)
    return PageOut(items=list(found.items), next_cursor=found.next_cursor)


@api.get("/answers/{reference}")
def get_answer(reference: str) -> PublicAnswerOut:
    """A public answer by its id or slug."""
    return answers_reading.get_public(reference)


@api.post("/answers", status_code=201)
def write_answer(wanted: PublicAnswerIn, principal: Answerer, once: OncePerKey) -> PublicAnswerOut:
    """A draft of a public answer."""
    return answers.write(principal, wanted, once)


@api.put("/answers/{answer_id:uuid}")
def edit_answer(
    answer_id: uuid.UUID, wanted: PublicAnswerEdit, principal: Answerer
) -> PublicAnswerOut:
    """Write it anew; it counts as reviewed today. 422 ``person-may-be-named`` as for publishing."""
    return answers.edit(principal, answer_id, wanted, wanted.version)


@api.post("/answers/{answer_id:uuid}/reviewed")
def review_answer(answer_id: uuid.UUID, principal: Answerer) -> PublicAnswerOut:
    """Say that one has read it and that it is still right."""
    return answers.reviewed(principal, answer_id)


@api.post("/answers/{answer_id:uuid}/publish")
def publish_answer(answer_id: uuid.UUID, wanted: PublishIn, principal: Answerer) -> PublicAnswerOut:
    """Make it public. 422 ``person-may-be-named`` has the ``traces`` that nobody has ticked yet."""
    return answers.publish(principal, answer_id, wanted)


@api.post("/answers/{answer_id:uuid}/withdraw")
def withdraw_answer(
    answer_id: uuid.UUID, wanted: WithdrawIn, principal: Answerer
) -> PublicAnswerOut:
    """Take it back, saying why."""
    return answers.withdraw(principal, answer_id, wanted)
