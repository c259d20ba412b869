"""What a room answers, as bars: one look at the database, without a name."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import sqlalchemy as sa

from services.chassis.database import utc_now
from services.chassis.i18n import Text, lazy, localized
from services.content.banks.marking import checked, mark
from services.content.banks.models import Item
from services.content.database import database

# A room is together for an evening; an open quiz has gone on for months.
RECENT: Final = timedelta(hours=6)
# Whoever has not answered for so long has put the telephone away.
IDLE: Final = timedelta(minutes=10)

_LOOK = sa.text(
    """
    WITH recent AS (
        SELECT responses, score, most, finished_at, seen_at FROM attempts
        WHERE quiz_id = :quiz AND started_at > :since AND erased_at IS NULL
    ), counted AS (
        SELECT count(*) FILTER (WHERE finished_at IS NULL AND seen_at > :active) AS taking,
            count(finished_at) AS finished,
            avg(100 * score / most) AS mean
        FROM recent
    ), given AS (
        SELECT key AS item, value AS response, count(*) AS times
        FROM recent, jsonb_each(responses) GROUP BY key, value
    )
    SELECT counted.*, (SELECT coalesce(jsonb_agg(given), '[]') FROM given) AS given,
        status = 'withdrawn' OR coalesce(closes_at <= :now, false) AS closed
    FROM counted, quizzes WHERE quizzes.id = :quiz
    """
)


@dataclass(frozen=True)
class Bar:
    """One answer, and how many gave it. ``right``: whether it is what the item asks for."""

    label: Mapping[str, str] | Text
    count: int
    right: bool

    @property
    def words(self) -> str:
        """The label in the language of the moment."""
        return localized(self.label) if isinstance(self.label, Mapping) else str(self.label)


@dataclass(frozen=True)
class Answers:
    """How an item was answered. ``by_choice``: the bars are choices, else how right it was."""

    id: uuid.UUID
    text: Mapping[str, str]
    answered: int
    by_choice: bool
    bars: Sequence[Bar]


@dataclass(frozen=True)
class Picture:
    """A quiz at a moment. ``mean``: percent, of those who have handed in. ``over``: it has closed
    and nobody takes it any more."""

    taking: int
    finished: int
    mean: int | None
    items: Sequence[Answers]
    over: bool


@dataclass(frozen=True)
class Asked:
    """What of an item its bars are made of."""

    id: uuid.UUID
    kind: str
    text: Mapping[str, str]
    content: Mapping[str, Any]


def picture_of(quiz_id: uuid.UUID) -> Picture:
    """How a quiz stands now, of attempts begun within :data:`RECENT`."""
    with database.at_once() as connection:
        return look(connection, quiz_id, {})


def look(connection: sa.Connection, quiz_id: uuid.UUID, known: dict[uuid.UUID, Asked]) -> Picture:
    """The same on a connection that is kept: one query.

    Args:
        known: the items seen so far; filled in, so that each is read once.
    """
    now = utc_now()
    row = connection.execute(
        _LOOK, {"quiz": quiz_id, "since": now - RECENT, "active": now - IDLE, "now": now}
    ).one()
    given: dict[uuid.UUID, list[tuple[object, int]]] = {}
    for one in row.given:
        given.setdefault(uuid.UUID(one["item"]), []).append((one["response"], one["times"]))
    _read(connection, given.keys() - known.keys(), known)
    return Picture(
        taking=row.taking,
        finished=row.finished,
        mean=None if row.mean is None else round(row.mean),
        items=[answers_of(known[one], given[one]) for one in sorted(given) if one in known],
        over=row.taking == 0 and row.closed,
    )


def _read(
    connection: sa.Connection, missing: Collection[uuid.UUID], known: dict[uuid.UUID, Asked]
) -> None:
    if missing:
        query = sa.select(Item.id, Item.kind, Item.text, Item.content).where(Item.id.in_(missing))
        for row in connection.execute(query):
            known[row.id] = Asked(row.id, row.kind, row.text, row.content)


def answers_of(item: Asked, given: Sequence[tuple[object, int]]) -> Answers:
    """The bars of an item from its responses, each with how often it came."""
    by_choice = item.kind in ("single", "multiple", "true-false")
    bars = _choices(item, given) if by_choice else _by_worth(item, given)
    return Answers(
        id=item.id,
        text=item.text,
        answered=sum(times for _, times in given),
        by_choice=by_choice,
        bars=bars,
    )


def _choices(item: Asked, given: Sequence[tuple[object, int]]) -> list[Bar]:
    counts: dict[object, int] = {}
    for response, times in given:
        found = checked(item.kind, item.content, response)
        for one in found if isinstance(found, list) else [found]:
            counts[one] = counts.get(one, 0) + times
    if item.kind == "true-false":
        right = item.content["answer"]
        return [
            Bar(lazy("True"), counts.get("true", 0), right is True),
            Bar(lazy("False"), counts.get("false", 0), right is False),
        ]
    least = 100 if item.kind == "single" else 0.01
    choices: Sequence[Mapping[str, Any]] = item.content["choices"]
    return [
        Bar(choice["text"], counts.get(choice["id"], 0), choice["credit"] >= least)
        for choice in choices
    ]


def _by_worth(item: Asked, given: Sequence[tuple[object, int]]) -> list[Bar]:
    """What was typed or put in order is told by how right it was: nobody's words on a screen."""
    right = partly = wrong = 0
    for response, times in given:
        worth = mark(item.kind, item.content, response)
        if worth == 1:
            right += times
        elif worth > 0:
            partly += times
        else:
            wrong += times
    return [
        Bar(lazy("All right"), right, right=True),
        Bar(lazy("Partly right"), partly, right=False),
        Bar(lazy("Not right"), wrong, right=False),
    ]
