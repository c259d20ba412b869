"""What attempts have come to, for staff: item by item, and before against after."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.chassis.auth import Principal
from services.chassis.i18n import lazy
from services.chassis.problems import NotFound
from services.content.attempts.models import Attempt
from services.content.banks.models import Item
from services.content.database import database
from services.content.quizzes.models import Quiz
from services.content.results import item_analysis
from services.content.results.item_analysis import ItemFigures

# Papers that figures are reckoned from, the newest; more would change them no more.
MOST_PAPERS: Final = 10_000


@dataclass(frozen=True)
class ItemResults:
    """An item and how it did."""

    id: uuid.UUID
    name: str
    kind: str
    text: dict[str, str]
    tags: list[str]
    figures: ItemFigures


@dataclass(frozen=True)
class Summary:
    """A quiz as a whole.

    Attributes:
        started: attempts that are there; ``finished`` of them were handed in.
        mean: percent, of those handed in.
        passed: how many reached the pass mark.
        bins: how many reached 0–9, 10–19, …, 90–100 percent.
        minutes: the median time it took, in minutes.
    """

    started: int
    finished: int
    mean: int | None
    passed: int
    bins: list[int]
    minutes: float | None


@dataclass(frozen=True)
class ItemLearned:
    """The mean mark of an item before and after, 0 to 1, and how many papers each is of."""

    text: dict[str, str]
    before: float
    before_of: int
    after: float
    after_of: int

    @property
    def gain(self) -> float:
        """What was learned: after less before."""
        return self.after - self.before


@dataclass(frozen=True)
class Learned:
    """Two quizzes of one activity compared; ``items`` those that both asked, most learned first."""

    before: Quiz
    after: Quiz
    before_summary: Summary
    after_summary: Summary
    items: Sequence[ItemLearned]

    @property
    def gain(self) -> int | None:
        """Percentage points from before to after, once both were taken."""
        if self.before_summary.mean is None or self.after_summary.mean is None:
            return None
        return self.after_summary.mean - self.before_summary.mean


@dataclass(frozen=True)
class Results:
    """Everything that staff see of a quiz."""

    quiz: Quiz
    summary: Summary
    items: Sequence[ItemResults]
    learned: Learned | None


def covered(session: Session, principal: Principal, quiz_id: uuid.UUID) -> Quiz:
    """A quiz that the caller's office keeps.

    Raises:
        NotFound: there is none.
        Problem: 403 for another district's.
    """
    quiz = session.get(Quiz, quiz_id)
    if quiz is None:
        raise NotFound(lazy("There is no such quiz."))
    principal.must_cover(quiz.district)
    return quiz


def quiz_for(principal: Principal, quiz_id: uuid.UUID) -> Quiz:
    """The same, for a page that shows nothing else.

    Raises:
        Problem: as :func:`covered`.
    """
    with database.transaction() as session:
        return covered(session, principal, quiz_id)


def results(principal: Principal, quiz_id: uuid.UUID) -> Results:
    """What a quiz has come to.

    Raises:
        Problem: 404; 403 for another district's quiz.
    """
    with database.transaction() as session:
        quiz = covered(session, principal, quiz_id)
        papers = _marks(session, quiz_id)
        return Results(
            quiz=quiz,
            summary=summary_of(session, quiz_id),
            items=_items(session, papers),
            learned=_learned(session, quiz),
        )


def summary_of(session: Session, quiz_id: uuid.UUID) -> Summary:
    """A quiz as a whole, over all its attempts."""
    percent = 100 * Attempt.score / Attempt.most
    took = sa.extract("epoch", Attempt.finished_at - Attempt.started_at)
    row = session.execute(
        sa.select(
            sa.func.count().label("started"),
            sa.func.count(Attempt.finished_at).label("finished"),
            sa.func.avg(percent).label("mean"),
            sa.func.count().filter(Attempt.passed.is_(True)).label("passed"),
            sa.func.percentile_cont(0.5).within_group(took).label("seconds"),
        ).where(Attempt.quiz_id == quiz_id)
    ).one()
    # The last bin takes in 100 percent.
    place = sa.func.least(9, sa.cast(sa.func.floor(percent / 10), sa.Integer))
    counted = session.execute(
        sa.select(place, sa.func.count())
        .where(Attempt.quiz_id == quiz_id, Attempt.finished_at.is_not(None))
        .group_by(sa.literal_column("1"))
    )
    bins: dict[int, int] = {row[0]: row[1] for row in counted}
    return Summary(
        started=row.started,
        finished=row.finished,
        mean=None if row.mean is None else round(row.mean),
        passed=row.passed,
        bins=[bins.get(number, 0) for number in range(10)],
        minutes=None if row.seconds is None else round(float(row.seconds) / 60, 1),
    )


def _marks(session: Session, quiz_id: uuid.UUID) -> list[dict[str, Any]]:
    return [
        marks
        for marks in session.scalars(
            sa.select(Attempt.marks)
            .where(Attempt.quiz_id == quiz_id, Attempt.finished_at.is_not(None))
            .order_by(Attempt.started_at.desc())
            .limit(MOST_PAPERS)
        )
        if marks is not None
    ]


def _items(session: Session, papers: Sequence[dict[str, Any]]) -> list[ItemResults]:
    ids = {uuid.UUID(key) for paper in papers for key in paper}
    items = session.scalars(sa.select(Item).where(Item.id.in_(ids)).order_by(Item.id)).all()
    return [
        ItemResults(
            id=item.id,
            name=item.name,
            kind=item.kind,
            text=item.text,
            tags=item.tags,
            figures=item_analysis.of_item(item.id, papers),
        )
        for item in items
    ]


def _learned(session: Session, quiz: Quiz) -> Learned | None:
    """The other half of a pair: the quiz copied from this one, else one of the same activity."""
    if quiz.purpose not in ("before", "after"):
        return None
    other = "after" if quiz.purpose == "before" else "before"
    related = [Quiz.copied_from == quiz.id]
    if quiz.copied_from is not None:
        related.append(Quiz.id == quiz.copied_from)
    if quiz.activity_id is not None:
        related.append(Quiz.activity_id == quiz.activity_id)
    found = session.scalar(
        sa.select(Quiz)
        .where(Quiz.purpose == other, Quiz.district.is_not_distinct_from(quiz.district))
        .where(sa.or_(*related))
        .order_by(Quiz.status != "published", Quiz.created_at.desc())
        .limit(1)
    )
    if found is None:
        return None
    before, after = (quiz, found) if quiz.purpose == "before" else (found, quiz)
    return Learned(
        before=before,
        after=after,
        before_summary=summary_of(session, before.id),
        after_summary=summary_of(session, after.id),
        items=_compared(session, before, after),
    )


def _compared(session: Session, before: Quiz, after: Quiz) -> list[ItemLearned]:
    first = {item.id: item for item in _items(session, _marks(session, before.id))}
    found = []
    for item in _items(session, _marks(session, after.id)):
        earlier = first.get(item.id)
        if earlier is None:
            continue
        was, now = earlier.figures.difficulty, item.figures.difficulty
        if was is None or now is None:
            continue
        found.append(
            ItemLearned(item.text, was, earlier.figures.answered, now, item.figures.answered)
        )
    return sorted(found, key=lambda one: -one.gain)
