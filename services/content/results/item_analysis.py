"""Figures about items and quizzes: difficulty, discrimination, what was learned. Pure reckoning.

The terms are those of classical test theory (for example Crocker and Algina, *Introduction to
Classical and Modern Test Theory*, 1986, chapters 5 and 14): an item's *difficulty* is its mean
mark, its *discrimination* the correlation of its marks with what the same people reached in the
rest of the paper. The item itself is left out of that rest ("corrected"), because in a short paper
it would otherwise agree with itself.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import StatisticsError, correlation
from typing import Final, Literal

# With fewer answers no discrimination is given: it would be chance alone.
DISCRIMINATES_FROM: Final = 10
# Until so many, one says that the figures may still change a good deal: at n = 30 a correlation
# of 0.3 has a 95 per cent interval from about −0.07 to 0.6.
STEADY_FROM: Final = 30
# Below this an item does not tell those who know from those who do not (Ebel and Frisbie, 1991).
WEAK_BELOW: Final = 0.2
# With few papers a little below zero is chance; so far below, it is not.
ALARMING_BELOW: Final = -0.3
TOO_EASY: Final = 0.95
TOO_HARD: Final = 0.2

Marks = Mapping[str, float]
Remark = Literal["few", "negative", "weak", "easy", "hard", "fine"]


@dataclass(frozen=True)
class ItemFigures:
    """How an item did.

    Attributes:
        answered: in how many papers that were handed in it stood, left out or not.
        difficulty: the mean mark, 0 (nobody knew) to 1 (everybody); ``None`` without papers.
        discrimination: −1 to 1; ``None`` with fewer than ten papers, or where all marks or all
            rests are alike.
        remark: what is most worth a look.
    """

    answered: int
    difficulty: float | None
    discrimination: float | None
    remark: Remark

    @property
    def steady(self) -> bool:
        """Whether there were enough papers to rely on the figures."""
        return self.answered >= STEADY_FROM


def of_item(item_id: uuid.UUID, papers: Sequence[Marks]) -> ItemFigures:
    """The figures of one item over the marks of all papers, of which some did not have it."""
    key = str(item_id)
    having = [paper for paper in papers if key in paper]
    marks = [paper[key] for paper in having]
    difficulty = sum(marks) / len(marks) if marks else None
    discrimination = None
    if len(having) >= DISCRIMINATES_FROM:
        # A share and not a sum: papers that are drawn at random differ in what else they have.
        rests = [_rest(paper, key) for paper in having]
        discrimination = _agreement(marks, rests)
    return ItemFigures(
        len(marks), difficulty, discrimination, _remark(len(marks), difficulty, discrimination)
    )


def _rest(paper: Marks, key: str) -> float:
    others = [mark for name, mark in paper.items() if name != key]
    return sum(others) / len(others) if others else 0.0


def _agreement(marks: Sequence[float], rests: Sequence[float]) -> float | None:
    """Pearson's r, with marks of 0 and 1 the point-biserial one; ``None`` for a constant side."""
    try:
        return correlation(marks, rests)
    except StatisticsError:
        return None


def _remark(answered: int, difficulty: float | None, discrimination: float | None) -> Remark:
    if answered < DISCRIMINATES_FROM or difficulty is None:
        return "few"
    if discrimination is not None and discrimination < (
        0 if answered >= STEADY_FROM else ALARMING_BELOW
    ):
        return "negative"
    if difficulty > TOO_EASY:
        return "easy"
    if difficulty < TOO_HARD:
        return "hard"
    if discrimination is not None and discrimination < WEAK_BELOW:
        return "weak"
    return "fine"
