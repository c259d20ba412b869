"""Lists with cursors: stable while rows are added, and no page is skipped or shown twice."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import sqlalchemy as sa
from pydantic import BaseModel
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import InstrumentedAttribute

from services.chassis.crypto import decode, encode
from services.chassis.i18n import lazy
from services.chassis.problems import Problem

DEFAULT_LIMIT = 20
LARGEST_LIMIT = 100

T = TypeVar("T")
U = TypeVar("U")


@dataclass(frozen=True)
class Page(Generic[T]):
    """One page of a list; ``next_cursor`` is ``None`` on the last."""

    items: Sequence[T]
    next_cursor: str | None

    def map(self, turn: Callable[[T], U]) -> Page[U]:
        """The same page with each item turned into something else."""
        return Page([turn(item) for item in self.items], self.next_cursor)


class PageOut(BaseModel, Generic[T]):
    """A list as the API answers it."""

    items: list[T]
    next_cursor: str | None


def page_of(
    session: Session,
    query: sa.Select[T],
    keys: Sequence[sa.ColumnElement[Any] | InstrumentedAttribute[Any]],
    *,
    cursor: str | None,
    limit: int = DEFAULT_LIMIT,
    descending: bool = False,
    given: Mapping[str, object] | None = None,
) -> Page[T]:
    """One page of ``query``, ordered by ``keys`` (the last of them unique).

    Args:
        given: what the query's own parameters are, where it was written with some.

    Raises:
        Problem: 400 ``bad-cursor`` when the cursor is not one that we gave.
    """
    limit = max(1, min(limit, LARGEST_LIMIT))
    if cursor:
        try:
            last_shown = json.loads(decode(cursor))
            place = sa.tuple_(
                *(
                    sa.cast(sa.literal(str(value), sa.Text), key.type)
                    for key, value in zip(keys, last_shown, strict=True)
                )
            )
        except (ValueError, TypeError, RecursionError) as error:
            raise _bad_cursor() from error
        here = sa.tuple_(*keys)
        query = query.where(here < place if descending else here > place)
    query = query.order_by(*(key.desc() if descending else key for key in keys)).limit(limit + 1)
    try:
        rows = session.execute(query.add_columns(*keys), given).all()
    except (sa.exc.DataError, UnicodeEncodeError) as error:
        raise _bad_cursor() from error
    more = len(rows) > limit
    items: list[T] = [row[0] for row in rows[:limit]]
    if not more:
        return Page(items, None)
    last = [str(value) for value in rows[limit - 1][1:]]
    return Page(items, encode(json.dumps(last).encode()))


def page_of_tiers(
    session: Session,
    tiers: Sequence[sa.Select[T]],
    keys: Sequence[sa.ColumnElement[Any] | InstrumentedAttribute[Any]],
    *,
    cursor: str | None,
    limit: int = DEFAULT_LIMIT,
    descending: bool = False,
    given: Mapping[str, object] | None = None,
) -> Page[T]:
    """One page of several queries that stand one after the other as one list.

    One query that orders by the tier would have to sort all that is found; asked one by one, the
    later tiers are not touched before a reader comes to them.

    Args:
        tiers: queries that have no row in common; each is ordered as in :func:`page_of`.
        given: as in :func:`page_of`, for all of them.

    Raises:
        Problem: 400 ``bad-cursor``.
    """
    if len(tiers) == 1:
        return page_of(
            session,
            tiers[0],
            keys,
            cursor=cursor,
            limit=limit,
            descending=descending,
            given=given,
        )
    limit = max(1, min(limit, LARGEST_LIMIT))
    number, _, place = (cursor or "0.").partition(".")
    if number not in map(str, range(len(tiers))):
        raise _bad_cursor()
    items: list[T] = []
    for tier in range(int(number), len(tiers)):
        left = limit - len(items)
        page = page_of(
            session,
            tiers[tier],
            keys,
            cursor=place,
            limit=left or 1,
            descending=descending,
            given=given,
        )
        if page.items and not left:
            return Page(items, f"{tier}.")
        items += page.items
        if page.next_cursor is not None:
            return Page(items, f"{tier}.{page.next_cursor}")
        place = ""
    return Page(items, None)


def _bad_cursor() -> Problem:
    return Problem(
        400,
        "bad-cursor",
        lazy("This is not a place in the list."),
        lazy("Start again from the first page."),
    )
