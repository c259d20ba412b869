"""What this service says about quizzes."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import ClassVar

from services.chassis.events import Event
from services.content.quizzes.models import Quiz
from services.content.quizzes.schemas import Purpose


class QuizPublished(Event):
    """A quiz was published, or changed while it is public; ``url`` opens it.

    ``items`` is how many questions one paper has, ``minutes`` the time limit. One ``before`` or
    ``after`` an activity names it. That its opening times begin or end is no event.
    """

    type: ClassVar[str] = "quiz.published.v1"
    subject_kind: ClassVar[str] = "quiz"

    title: dict[str, str]
    summary: dict[str, str]
    purpose: Purpose
    activity_id: uuid.UUID | None
    booking_id: uuid.UUID | None
    items: int
    minutes: int | None
    opens_at: datetime | None
    closes_at: datetime | None
    url: str
    withdrawn: bool


class QuizWithdrawn(QuizPublished):
    """A quiz was taken back; its code opens nothing any more."""

    type: ClassVar[str] = "quiz.withdrawn.v1"


def event_of(quiz: Quiz) -> QuizPublished:
    """The event that tells of the quiz's present state."""
    withdrawn = quiz.status == "withdrawn"
    kind = QuizWithdrawn if withdrawn else QuizPublished
    return kind.model_validate(
        {
            "subject_id": quiz.id,
            "version": quiz.version,
            "title": quiz.title,
            "summary": quiz.summary,
            "purpose": quiz.purpose,
            "activity_id": quiz.activity_id,
            "booking_id": quiz.booking_id,
            "items": quiz.count,
            "minutes": quiz.minutes,
            "opens_at": quiz.opens_at,
            "closes_at": quiz.closes_at,
            "url": quiz.url,
            "withdrawn": withdrawn,
        }
    )
