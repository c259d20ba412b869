"""What this service says of the results of quizzes."""

from __future__ import annotations

import uuid
from typing import ClassVar

from services.chassis.events import Event
from services.content.quizzes.models import Quiz
from services.content.results.reading import Summary


class QuizResults(Event):
    """What the attempts at a quiz have come to so far; numbers, and nothing of a person.

    It is told some seconds after somebody has handed in, for all who did so meanwhile. ``counts``:
    how many reached 0–9, 10–19, …, 90–100 percent. ``url``: the staff's page with all figures.
    """

    type: ClassVar[str] = "quiz.results.v1"
    subject_kind: ClassVar[str] = "quiz-results"

    activity_id: uuid.UUID | None
    purpose: str
    title: dict[str, str]
    attempts: int
    mean_percent: int
    passed: int
    counts: list[int]
    url: str


def results_of(quiz: Quiz, summary: Summary, version: int) -> QuizResults:
    """The event about a quiz that somebody has handed in."""
    return QuizResults(
        subject_id=quiz.id,
        version=version,
        activity_id=quiz.activity_id,
        purpose=quiz.purpose,
        title=quiz.title,
        attempts=summary.finished,
        mean_percent=summary.mean or 0,
        passed=summary.passed,
        counts=summary.bins,
        url=f"/staff/quizzes/{quiz.id}/results",
    )
