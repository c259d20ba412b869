"""The statements of a search.

Each is written once for a set of filters and kept: to write one anew takes as long as to execute
it. What it looks for is filled in: ``tier_0``, ``tier_1``, … (queries in ``tsquery`` notation, the
nearest first), ``now``, and each filter by its name.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from typing import Any, Final, TypeVar, cast
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from services.content.search.models import SearchEntry
from services.content.search.service import KINDS

S = TypeVar("S", bound=sa.Select[*tuple[Any, ...]])

# What a search is narrowed by, and the column that has it.
FACETS: Final = {
    "kind": "kind",
    "country": "countries",
    "topic": "topics",
    "audience": "audience",
    "language": "languages",
}
# Beyond so many nobody chooses by numbers, and counting them would take longer than finding them.
COUNTED: Final = 2_000

_ENTRIES: Final = cast("sa.Table", SearchEntry.__table__)
_COLUMNS: Final = ("kind", "id", "title", "text", "url", "countries", "topics", "at")
# The order of a list, in whatever it is found (see _found_by).
KEYS: Final = (
    sa.literal_column("found.at", sa.DateTime(timezone=True)),
    sa.literal_column("found.id", sa.Uuid()),
)

# What a page shows of ``ids``.
SHOWN: Final = sa.select(*(_ENTRIES.c[name] for name in _COLUMNS)).where(
    # The key begins with the kind.
    _ENTRIES.c.kind.in_(KINDS),
    _ENTRIES.c.id == sa.any_(sa.bindparam("ids", type_=postgresql.ARRAY(sa.Uuid()))),
)


@functools.cache
def listing(tier: int | None, names: tuple[str, ...]) -> sa.Select[UUID]:
    """The ids of what a tier finds and none before it did; all there are without one."""
    row = _found_by(tier)
    query = _narrowed(sa.select(row.c.id), row, names)
    for nearer in range(tier or 0):
        ids = sa.select(_ENTRIES.c.id).where(_matches(nearer)).offset(0)
        query = query.where(row.c.id.not_in(ids))
    return query


@functools.cache
def counting(tier: int | None, names: tuple[str, ...]) -> sa.CompoundSelect[Any]:
    """Rows of: the filter left out (or none), a facet, one of its values, how many have it.

    Each part counts kinds, too: every entry has one, so their sum says how many there are.
    """
    row = _found_by(tier)
    parts = []
    for without in ("", *names):
        facets = {"kind", without} if without else {"kind", *FACETS} - set(names) | {"kind"}
        columns = (row.c[FACETS[name]] for name in sorted(facets))
        some = _narrowed(sa.select(*columns), row, [name for name in names if name != without])
        some_of_them = some.limit(COUNTED + 1).cte(f"without_{without}")
        for facet in sorted(facets):
            column = some_of_them.c[FACETS[facet]]
            value = column if facet == "kind" else sa.func.unnest(column)
            parts.append(
                sa.select(
                    sa.literal_column(f"'{without}'"),
                    sa.literal_column(f"'{facet}'"),
                    value,
                    sa.func.count(),
                ).group_by(sa.literal_column("3"))
            )
    return sa.union_all(*parts)


def _found_by(tier: int | None) -> sa.Subquery:
    """The entries that a query finds, all of them without one, as something to select from.

    A question of its own, and the offset keeps it one: as one condition among others PostgreSQL
    would rather unpack the words of every row that these leave.
    """
    inner = sa.select(*(_ENTRIES.c[name] for name in ("id", "at", "until", *FACETS.values())))
    if tier is not None:
        inner = inner.where(_matches(tier)).offset(0)
    return inner.subquery("found")


def _matches(tier: int) -> sa.ColumnElement[bool]:
    query = sa.cast(sa.bindparam(f"tier_{tier}", type_=sa.Text()), postgresql.TSQUERY)
    return _ENTRIES.c.search.bool_op("@@")(query)


def _narrowed(query: S, row: sa.Subquery, names: Iterable[str]) -> S:
    query = query.where(sa.or_(row.c.until.is_(None), row.c.until > sa.bindparam("now")))
    for name in names:
        column, value = row.c[FACETS[name]], sa.bindparam(name, type_=sa.Text())
        one_of = column.contains(sa.cast(postgresql.array([value]), column.type))
        query = query.where(column == value if name == "kind" else one_of)
    return query
