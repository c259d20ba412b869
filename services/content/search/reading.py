"""Finding: what was looked for, narrowed, with counts, and what to try when nothing was found."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final, TypeVar
from uuid import UUID

import sqlalchemy as sa
from markupsafe import Markup
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session, aliased

from services.chassis.database import utc_now
from services.chassis.i18n import country_name, localized
from services.chassis.lists import DEFAULT_LIMIT, Page, page_of_tiers
from services.chassis.reference import country_guess
from services.content.database import database
from services.content.search.models import SearchEntry
from services.content.search.query import Asked, Word, asked_for
from services.content.search.service import KINDS, Hit, now_found, similar
from services.content.search.snippets import Marker
from services.content.search.urgent import is_urgent

S = TypeVar("S", bound=sa.Select[*tuple[Any, ...]])

# What a search is narrowed by, and the column that has it.
FACETS: Final = {
    "kind": "kind",
    "country": "countries",
    "topic": "topics",
    "audience": "audience",
    "language": "languages",
}
# Columns that are large and kept apart from the row.
_APART: Final = ("text", "search", "heading")
# The order of a list, in whatever it is found (see _found_by).
_KEYS: Final = (
    sa.literal_column("found.at", sa.DateTime(timezone=True)),
    sa.literal_column("found.id", sa.Uuid()),
)
# Beyond so many nobody chooses by numbers, and counting them would take longer than finding them.
_COUNTED: Final = 2_000
_SPAN: Final = 3  # words that may be one misspelt name


@dataclass(frozen=True)
class Filters:
    """What to look for; ``None`` and an empty text are no condition.

    Attributes:
        country: ISO 3166-1 alpha-2.
        language: BCP 47, in which it can be read.
    """

    words: str = ""
    kind: str | None = None
    country: str | None = None
    topic: str | None = None
    audience: str | None = None
    language: str | None = None

    @property
    def chosen(self) -> dict[str, str]:
        """The filters that narrow, besides the words."""
        found = {name: getattr(self, name) for name in FACETS}
        return {name: value for name, value in found.items() if value}

    def without(self, name: str) -> Filters:
        """The same without one of the filters."""
        change: dict[str, Any] = {name: None}
        return replace(self, **change)

    def __bool__(self) -> bool:
        return bool(self.words.strip() or self.chosen)


@dataclass(frozen=True)
class Result:
    """One thing that was found, as a page shows it; ``heading`` is its title with marks."""

    kind: str
    id: UUID
    title: Mapping[str, str]
    heading: Markup
    snippet: Markup
    url: str
    countries: list[str]
    topics: list[str]
    at: datetime


@dataclass(frozen=True)
class Guess:
    """A country that a misspelt word may mean, and the query with its name in place of the word."""

    country: str
    words: str


@dataclass(frozen=True)
class Found:
    """What a search came to.

    Attributes:
        total: how many there are on all pages.
        counts: by facet and value, how many there would be with that value chosen instead; besides
            the kinds, a facet has none when there is too much to count.
        countries: those that the words name (ISO 3166-1 alpha-2).
        guesses: what to look for instead, when nothing was found.
        near: what is like it, when nothing was found.
        urgent: somebody may need help at this moment.
    """

    results: Page[Result]
    total: int
    counts: Mapping[str, Mapping[str, int]]
    countries: tuple[str, ...] = ()
    guesses: list[Guess] = field(default_factory=list)
    near: list[Hit] = field(default_factory=list)
    urgent: bool = False


def find(filters: Filters, *, cursor: str | None = None, limit: int = DEFAULT_LIMIT) -> Found:
    """A page of what was looked for: in titles first, then by country and topic, then anywhere;
    of each the newest first.

    Raises:
        Problem: 400 ``bad-cursor``.
    """
    asked = asked_for(filters.words)
    with database.transaction() as session:
        # The planner does not reckon with unpacking the words of a row, which stand apart from it,
        # and reads all rows where it should ask the index.
        session.execute(sa.text("SET LOCAL enable_seqscan = off"))
        total, counts = _counted(session, asked, filters)
        results = _page(session, asked, filters, cursor, limit)
        nothing = not total and not filters.chosen and bool(asked.words)
        near = similar(session, filters.words, kinds=KINDS) if nothing else []
    return Found(
        results=results,
        total=total,
        counts=counts,
        countries=asked.countries,
        guesses=_guesses(asked, filters.words) if nothing else [],
        near=near,
        urgent=is_urgent(asked),
    )


def about(session: Session, country: str, *, kinds: Collection[str], limit: int = 5) -> list[Hit]:
    """What there is of some kinds about a country (ISO 3166-1 alpha-2), the newest first."""
    rows = session.scalars(
        sa.select(SearchEntry)
        .where(SearchEntry.countries.contains([country]), SearchEntry.kind.in_(kinds), now_found())
        .order_by(SearchEntry.at.desc(), SearchEntry.id)
        .limit(limit)
    )
    return [Hit(row.kind, row.id, row.title, row.url, Markup("")) for row in rows]


def _page(
    session: Session, asked: Asked, filters: Filters, cursor: str | None, limit: int
) -> Page[Result]:
    tiers: list[sa.Select[SearchEntry]] = []
    nearer: list[str] = []
    every: list[str | None] = [*asked.tiers()] if asked.words else [None]
    for tier in every:
        row = _found_by(tier)
        query = _narrowed(sa.select(row), row, filters)
        tiers.append(query.where(*(row.id.not_in(_ids(one)) for one in nearer)))
        nearer += [tier] if tier else []
    page = page_of_tiers(
        session,
        tiers,
        _KEYS,
        cursor=cursor,
        limit=limit,
        descending=True,
    )
    texts = _texts(session, page.items)
    marker = Marker(asked)
    return page.map(
        lambda row: Result(
            kind=row.kind,
            id=row.id,
            title=row.title,
            heading=marker.mark(localized(row.title)),
            snippet=marker.snippet(localized(texts[row.kind, row.id])),
            url=row.url,
            countries=row.countries,
            topics=row.topics,
            at=row.at,
        )
    )


def _texts(session: Session, rows: Collection[SearchEntry]) -> dict[tuple[str, UUID], Any]:
    """The texts of what is on the page; those of all that was found would be read for nothing."""
    if not rows:
        return {}
    key = sa.tuple_(SearchEntry.kind, SearchEntry.id)
    asked = sa.select(SearchEntry.kind, SearchEntry.id, SearchEntry.text).where(
        key.in_([(row.kind, row.id) for row in rows])
    )
    return {(row.kind, row.id): row.text for row in session.execute(asked)}


def _counted(
    session: Session, asked: Asked, filters: Filters
) -> tuple[int, dict[str, dict[str, int]]]:
    """How many there are, and counts by facet: of each with the other filters, not with its own."""
    widest = asked.tiers()[-1] if asked.words else None
    row = _found_by(widest)
    kinds = sa.select(row.kind, sa.func.count()).group_by(row.kind)
    by_kind: dict[str, int] = dict(
        session.execute(_narrowed(kinds, row, filters.without("kind"))).all()
    )
    total = by_kind.get(filters.kind, 0) if filters.kind else sum(by_kind.values())
    counts = {"kind": by_kind} | {name: {} for name in FACETS if name != "kind"}
    open_ones = [name for name in counts if name not in ("kind", *filters.chosen)]
    if total <= _COUNTED:
        counts |= _values(session, widest, filters, open_ones)
    for name in filters.chosen:
        if name != "kind":
            counts |= _values(session, widest, filters.without(name), [name])
    return total, counts


def _values(
    session: Session, widest: str | None, filters: Filters, names: list[str]
) -> dict[str, dict[str, int]]:
    """Counts by value of some facets; nothing when there is too much to count."""
    row = _found_by(widest)
    columns = [getattr(row, FACETS[name]) for name in names]
    some = _narrowed(sa.select(*columns), row, filters).limit(_COUNTED + 1).subquery()
    counted = sa.select(*some.c, sa.func.count()).group_by(*some.c)
    found: dict[str, dict[str, int]] = {name: {} for name in names}
    total = 0
    for *values, count in session.execute(counted) if names else ():
        total += count
        for name, listed in zip(names, values, strict=True):
            for value in listed:
                found[name][value] = found[name].get(value, 0) + count
    return found if total <= _COUNTED else {}


def _found_by(tier: str | None) -> type[SearchEntry]:
    """The entries that a query finds, all of them without one, as something to select from.

    A question of its own, and the offset keeps it one: as one condition among others PostgreSQL
    would rather unpack the words of every row that these leave.
    """
    columns = [column for column in SearchEntry.__table__.c if column.name not in _APART]
    inner = sa.select(*columns)
    if tier is not None:
        inner = inner.where(_matches(tier)).offset(0)
    return aliased(SearchEntry, inner.subquery("found"), name="found")


def _ids(tier: str) -> sa.Select[UUID]:
    return sa.select(SearchEntry.id).where(_matches(tier)).offset(0)


def _matches(tier: str) -> sa.ColumnElement[bool]:
    query = sa.cast(sa.literal(tier), postgresql.TSQUERY)
    return SearchEntry.search.bool_op("@@")(query)


def _narrowed(query: S, row: type[SearchEntry], filters: Filters) -> S:
    query = query.where(sa.or_(row.until.is_(None), row.until > utc_now()))
    for name, value in filters.chosen.items():
        column = getattr(row, FACETS[name])
        query = query.where(column == value if name == "kind" else column.contains([value]))
    return query


def _guesses(asked: Asked, text: str) -> list[Guess]:
    """What a misspelt name in the query may mean: the whole of it, else some words of it."""
    if asked.countries and len(asked.words) == len(asked.countries):
        return []
    whole = [Guess(code, country_name(code)) for code in country_guess(text)]
    if whole:
        return whole
    for length in range(_SPAN, 0, -1):
        for place in range(len(asked.words) - length + 1):
            span = asked.words[place : place + length]
            rest = (*asked.words[:place], *asked.words[place + length :])
            if found := [Guess(code, _said(code, rest)) for code in _meant(span)]:
                return found
    return []


def _meant(span: tuple[Word, ...]) -> list[str]:
    if any(word.others for word in span) or (len(span) == 1 and span[0].country):
        return []
    codes = (country_guess(glue.join(word.said for word in span)) for glue in ("", " "))
    return next(filter(None, codes), [])


def _said(code: str, rest: tuple[Word, ...]) -> str:
    return " ".join([country_name(code), *(word.said for word in rest)])
