"""The answers that an activity's questions have had, and what staff may therefore still change."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.chassis.i18n import lazy, localized
from services.chassis.problems import FieldError, Invalid
from services.registration.activities.models import Activity
from services.registration.questions.schemas import Question, readable
from services.registration.registrations.models import LIVE, Registration


def given(session: Session, activity_id: uuid.UUID) -> list[dict[str, Any]]:
    """The answers of every registration that stands, each by question."""
    texts = session.scalars(
        sa.select(Registration.answers_json).where(
            Registration.activity_id == activity_id, Registration.status.in_(LIVE)
        )
    )
    return [json.loads(text) for text in texts]


def how_many(answers: Sequence[Mapping[str, Any]], question_id: str, value: str = "") -> int:
    """In how many registrations a question is answered, or answered with an option's value."""
    found = [answer[question_id] for answer in answers if question_id in answer]
    if not value:
        return len(found)
    return sum(value in (item if isinstance(item, list) else [item]) for item in found)


def must_suit_the_answers(session: Session, activity: Activity, wanted: Sequence[Question]) -> None:
    """Refuse an edit under which answers that were given would lose their meaning.

    A question that was answered keeps its kind, and every answer that somebody chose. It may still
    be deleted as a whole.

    Args:
        activity: with its questions as they are until now.

    Raises:
        Invalid: at ``questions.PLACE.kind`` and ``questions.PLACE.options``; says in how many
            registrations it was answered so.
    """
    before = {question.id: question for question in readable(activity.questions)}
    touched = [
        (place, before[question.id], question)
        for place, question in enumerate(wanted)
        if question.id in before and _loses(before[question.id], question)
    ]
    if not touched:
        return
    answers = given(session, activity.id)
    errors = []
    for place, old, new in touched:
        if old.kind != new.kind:
            if count := how_many(answers, old.id):
                errors.append(FieldError(f"questions.{place}.kind", _kind_stays(count)))
            continue
        for option in old.options:
            if option.value not in new.decides and (
                count := how_many(answers, old.id, option.value)
            ):
                sentence = lazy(
                    "%(count)s registrations chose “%(answer)s”, so it has to stay.",
                    count=count,
                    answer=localized(option.label),
                )
                errors.append(FieldError(f"questions.{place}.options", sentence))
    if errors:
        raise Invalid(errors)


def _loses(old: Question, new: Question) -> bool:
    return old.kind != new.kind or not set(old.decides) <= set(new.decides)


def _kind_stays(count: int) -> Any:  # noqa: ANN401 - a lazy text
    return lazy(
        "%(count)s registrations have answered this question, so its kind has to stay. To ask "
        "otherwise, please add another question.",
        count=count,
    )
