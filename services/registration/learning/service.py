"""Hears what quizzes came to, and finds those of an activity."""

from __future__ import annotations

import uuid

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from services.chassis.events import Envelope, Payload, Subscription
from services.chassis.events.inbox import Handlers
from services.chassis.i18n import lazy
from services.registration.learning.models import QuizResults

PURPOSE_NAMES = {
    "before": lazy("Before the activity"),
    "after": lazy("After the activity"),
    "open": lazy("Open quiz"),
    "cohort": lazy("A group’s quiz"),
}
# In this order they tell a story.
_ORDER = {purpose: place for place, purpose in enumerate(("before", "after", "cohort", "open"))}


class ResultsRead(Payload):
    """What registration reads of ``quiz.results``."""

    subject_id: uuid.UUID
    version: int
    activity_id: uuid.UUID | None = None
    purpose: str
    title: dict[str, str]
    attempts: int
    mean_percent: int
    passed: int
    counts: list[int]
    url: str


class QuizNote(BaseModel):
    """A quiz's results, as a page shows them beside the feedback."""

    model_config = ConfigDict(from_attributes=True)

    purpose: str
    title: dict[str, str]
    attempts: int
    mean_percent: int
    passed: int
    url: str


class Learned(BaseModel):
    """The quizzes of an activity. ``gain``: percentage points from before to after, if both."""

    quizzes: list[QuizNote] = Field(default_factory=list)
    gain: int | None = None


def hear(session: Session, payload: ResultsRead, _envelope: Envelope) -> None:
    """Keep the newest results of a quiz that belongs to an activity."""
    if payload.activity_id is None:
        # It may have belonged to one before.
        session.execute(sa.delete(QuizResults).where(QuizResults.id == payload.subject_id))
        return
    values = payload.model_dump(exclude={"subject_id"})
    insert = postgresql.insert(QuizResults).values(id=payload.subject_id, **values)
    session.execute(insert.on_conflict_do_update(index_elements=["id"], set_=values))


def learned_at(session: Session, activity_id: uuid.UUID) -> Learned:
    """What the quizzes of an activity came to, the one before it first."""
    rows = session.scalars(
        sa.select(QuizResults)
        .where(QuizResults.activity_id == activity_id)
        .order_by(QuizResults.id)
    )
    found = sorted(map(QuizNote.model_validate, rows), key=lambda one: _ORDER.get(one.purpose, 9))
    means: dict[str, list[QuizNote]] = {}
    for one in found:
        means.setdefault(one.purpose, []).append(one)
    before, after = _mean(means.get("before", [])), _mean(means.get("after", []))
    gain = None if before is None or after is None else round(after - before)
    return Learned(quizzes=found, gain=gain)


def _mean(quizzes: list[QuizNote]) -> float | None:
    attempts = sum(one.attempts for one in quizzes)
    if not attempts:
        return None
    return sum(one.mean_percent * one.attempts for one in quizzes) / attempts


HANDLERS: Handlers = {"quiz.results.v1": Subscription(ResultsRead, hear)}
