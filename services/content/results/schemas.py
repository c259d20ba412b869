"""What programs are told of a quiz's results."""

from __future__ import annotations

import uuid

from pydantic import BaseModel, Field

from services.content.results.reading import Results


class ItemOut(BaseModel):
    """An item and how it did. The terms are explained in ``docs/quizzes.md``."""

    id: uuid.UUID
    name: str
    kind: str
    text: dict[str, str]
    papers: int
    difficulty: float | None = Field(description="The mean mark, 0 to 1.")
    discrimination: float | None = Field(description="−1 to 1; null with fewer than ten papers.")
    remark: str = Field(description="few, negative, weak, easy, hard or fine")


class ResultsOut(BaseModel):
    """A quiz's results; no attempt can be told from another."""

    quiz_id: uuid.UUID
    started: int
    finished: int
    mean_percent: int | None
    passed: int
    counts: list[int] = Field(description="How many reached 0–9, 10–19, …, 90–100 percent.")
    median_minutes: float | None
    gain: int | None = Field(
        description="Percentage points from the quiz before to the one after, where there are both."
    )
    items: list[ItemOut]


def results_out(found: Results) -> ResultsOut:
    """Results as the API answers them."""
    summary = found.summary
    return ResultsOut(
        quiz_id=found.quiz.id,
        started=summary.started,
        finished=summary.finished,
        mean_percent=summary.mean,
        passed=summary.passed,
        counts=summary.bins,
        median_minutes=summary.minutes,
        gain=found.learned.gain if found.learned else None,
        items=[
            ItemOut(
                id=item.id,
                name=item.name,
                kind=item.kind,
                text=item.text,
                papers=item.figures.answered,
                difficulty=item.figures.difficulty,
                discrimination=item.figures.discrimination,
                remark=item.figures.remark,
            )
            for item in found.items
        ],
    )
