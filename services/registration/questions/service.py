"""What staff do with an activity's questions: add, edit, move, delete, copy.

Each is an edit of the activity, with all that belongs to one: its version, the audit trail, the
district.
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from pydantic import ValidationError

from services.chassis.auth import Principal
from services.chassis.i18n import lazy
from services.chassis.problems import FieldError, Invalid, NotFound
from services.chassis.validation import field_errors
from services.registration.activities import catalogue
from services.registration.activities import service as activities
from services.registration.activities.models import Activity
from services.registration.activities.schemas import ActivityOut, ActivityPatch
from services.registration.database import database
from services.registration.questions.given import given, how_many
from services.registration.questions.schemas import Question, ShownWhen, as_stored, readable

MOST_SOURCES = 50


@dataclass(frozen=True)
class Overview:
    """An activity and in how many registrations each of its questions is answered."""

    activity: ActivityOut
    answered: dict[str, int]

    @property
    def questions(self) -> list[Question]:
        """In the order in which they are asked."""
        return self.activity.questions


@dataclass(frozen=True)
class Source:
    """An activity whose questions can be copied."""

    id: uuid.UUID
    title: dict[str, str]
    starts_at: datetime
    timezone: str
    questions: list[Question]


def overview(principal: Principal, activity_id: uuid.UUID) -> Overview:
    """The questions of an activity.

    Raises:
        Problem: 404; 403 for another district's.
    """
    activity = catalogue.staff_activity(principal, str(activity_id))
    with database.transaction() as session:
        answers = given(session, activity_id)
    counts = {question.id: how_many(answers, question.id) for question in activity.questions}
    return Overview(activity, counts)


def one(activity: ActivityOut, question_id: str) -> Question:
    """One question of an activity.

    Raises:
        NotFound: it has been deleted, or there never was one.
    """
    for question in activity.questions:
        if question.id == question_id:
            return question
    raise NotFound(lazy("There is no such question any more."))


def fresh_id() -> str:
    """An id for a new question: never one that a deleted question had, whose answers remain."""
    return f"q-{secrets.token_hex(4)}"


def put(principal: Principal, activity_id: uuid.UUID, question: Question, version: int) -> None:
    """Write a question in the place of the one with its id, or as the last one.

    Args:
        version: of the activity, as the editor saw it.

    Raises:
        Invalid: it does not suit the other questions, or the answers that it has had.
        Problem: 404; 403 for another district's; 409 ``edited-meanwhile``, ``activity-STATUS``.
    """
    questions = catalogue.staff_activity(principal, str(activity_id)).questions
    places = [place for place, other in enumerate(questions) if other.id == question.id]
    if places:
        questions[places[0]] = question
    else:
        questions.append(question)
    place = places[0] if places else len(questions) - 1
    try:
        _save(principal, activity_id, questions, version)
    except Invalid as error:
        raise Invalid(_of_the_form(error, f"questions.{place}.")) from error


def move(principal: Principal, activity_id: uuid.UUID, question_id: str, by: int) -> None:
    """Ask a question so many places later (earlier when negative); at the end it stays.

    Raises:
        Invalid: another question depends on the order.
        Problem: as :func:`put`.
    """
    activity = catalogue.staff_activity(principal, str(activity_id))
    questions = activity.questions
    place = next((p for p, one in enumerate(questions) if one.id == question_id), None)
    if place is None:
        raise NotFound(lazy("There is no such question any more."))
    moved = questions.pop(place)
    questions.insert(max(0, place + by), moved)
    _save(principal, activity_id, questions, activity.version)


def delete(principal: Principal, activity_id: uuid.UUID, question_id: str) -> None:
    """Ask a question no more. Doing so twice changes nothing.

    Raises:
        Invalid: another question depends on it.
        Problem: as :func:`put`.
    """
    activity = catalogue.staff_activity(principal, str(activity_id))
    left = [one for one in activity.questions if one.id != question_id]
    _save(principal, activity_id, left, activity.version)


def sources(principal: Principal, activity_id: uuid.UUID) -> list[Source]:
    """Other activities of theirs that ask something, the latest first."""
    query = sa.select(Activity).where(
        Activity.id != activity_id, sa.func.jsonb_array_length(Activity.questions) > 0
    )
    if principal.district is not None:
        query = query.where(Activity.district == principal.district)
    with database.transaction() as session:
        rows = session.scalars(query.order_by(Activity.starts_at.desc()).limit(MOST_SOURCES)).all()
        return [
            Source(row.id, row.title, row.starts_at, row.timezone, questions)
            for row in rows
            if (questions := readable(row.questions))
        ]


def copy(principal: Principal, activity_id: uuid.UUID, source_id: uuid.UUID, version: int) -> None:
    """Ask here what another activity of theirs asks, after the questions that are here.

    Args:
        version: of the activity, as the editor saw it; so the same form twice copies once.

    Raises:
        Invalid: together they are too many.
        Problem: as :func:`put`, for either activity.
    """
    source = catalogue.staff_activity(principal, str(source_id))
    questions = catalogue.staff_activity(principal, str(activity_id)).questions
    copied = _renamed(source.questions, questions)
    _save(principal, activity_id, questions + copied, version)


def _renamed(copied: Sequence[Question], here: Sequence[Question]) -> list[Question]:
    """Copies under ids of their own where theirs are in use, what they depend on likewise."""
    used = {question.id for question in here}
    names = {one.id: fresh_id() if one.id in used else one.id for one in copied}
    return [
        question.model_copy(
            update={
                "id": names[question.id],
                "shown_when": question.shown_when
                and ShownWhen(
                    question=names[question.shown_when.question], values=question.shown_when.values
                ),
            }
        )
        for question in copied
    ]


def _save(
    principal: Principal,
    activity_id: uuid.UUID,
    questions: Sequence[Question],
    version: int,
) -> None:
    """Write the whole list over the version from which it was made, so that no edit is lost."""
    try:
        patch = ActivityPatch.model_validate(
            {"questions": as_stored(questions), "version": version}
        )
    except ValidationError as error:
        raise Invalid(field_errors(error.errors())) from error
    activities.edit_activity(principal, activity_id, patch)


def _of_the_form(error: Invalid, prefix: str) -> list[FieldError]:
    """Errors of one question, at the fields of its own form; those of the list without a field."""
    return [
        FieldError(
            item.field.removeprefix(prefix) if item.field.startswith(prefix) else "", item.message
        )
        for item in error.errors
    ]
