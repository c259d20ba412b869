"""Finding: what was looked for, narrowed, with counts, and what to try when nothing was found."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from markupsafe import Markup
from sqlalchemy.orm import Session

from services.chassis.database import utc_now
from services.chassis.i18n import country_name, localized
from services.chassis.lists import DEFAULT_LIMIT, Page, page_of_tiers
from services.chassis.reference import country_guess
from services.content.database import database
from services.content.search import statements
from services.content.search.models import SearchEntry
from services.content.search.query import Asked, Word, asked_for
from services.content.search.service import KINDS, Hit, now_found, similar
from services.content.search.snippets import Marker
from services.content.search.statements import COUNTED, FACETS
from services.content.search.urgent import is_urgent

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
        total: how many there are on all pages; above :data:`COUNTED`, one more than that.
        counts: by facet and value, how many there would be with that value chosen instead; nothing
            when there is too much to count.
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
        _ask_the_index(session)
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


@dataclass(frozen=True)
class First:
    """The first of what words find; ``countries``: those that they name (ISO 3166-1 alpha-2)."""

    results: list[Result]
    countries: tuple[str, ...]


def find_first(words: str, limit: int) -> First:
    """The best of what :func:`find` finds, for who asks for no more: nothing is counted."""
    asked = asked_for(words)
    with database.transaction() as session:
        _ask_the_index(session)
        page = _page(session, asked, Filters(words=words), None, limit)
    return First(list(page.items), asked.countries)


def _ask_the_index(session: Session) -> None:
    # The planner does not reckon with unpacking the words of a row, which stand apart from it,
    # and reads all rows where it should ask the index.
    session.execute(sa.text("SET LOCAL enable_seqscan = off"))


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
    names = tuple(filters.chosen)
    tiers = asked.tiers() if asked.words else []
    page = page_of_tiers(
        session,
        [statements.listing(tier, names) for tier in range(len(tiers))]
        or [statements.listing(None, names)],
        statements.KEYS,
        cursor=cursor,
        limit=limit,
        descending=True,
        given=_given(tiers, filters),
    )
    entries = {row.id: row for row in session.execute(statements.SHOWN, {"ids": page.items})}
    marker = Marker(asked)
    # One of them may have been withdrawn since the look before.
    there = [entries[one] for one in page.items if one in entries]
    return Page([_result(row, marker) for row in there], page.next_cursor)


def _result(row: sa.Row[Any], marker: Marker) -> Result:
    return Result(
        kind=row.kind,
        id=row.id,
        title=row.title,
        heading=marker.mark(localized(row.title)),
        snippet=marker.snippet(localized(row.text)),
        url=row.url,
        countries=row.countries,
        topics=row.topics,
        at=row.at,
    )


def _counted(
    session: Session, asked: Asked, filters: Filters
) -> tuple[int, dict[str, dict[str, int]]]:
    """How many there are, and counts by facet: of each with the other filters, not with its own."""
    names = tuple(filters.chosen)
    tiers = asked.tiers() if asked.words else []
    found: dict[str, dict[str, dict[str, int]]] = {}
    rows = session.execute(
        statements.counting(len(tiers) - 1 if tiers else None, names), _given(tiers, filters)
    )
    for without, facet, value, times in rows:
        found.setdefault(without, {}).setdefault(facet, {})[value] = times
    totals = {without: sum(counts["kind"].values()) for without, counts in found.items()}
    counts = {}
    for name in FACETS:
        without = name if name in names else ""
        few = totals.get(without, 0) <= COUNTED
        counts[name] = found.get(without, {}).get(name, {}) if few else {}
    return totals.get("", 0), counts


def _given(tiers: Sequence[str], filters: Filters) -> dict[str, object]:
    words = {f"tier_{number}": tier for number, tier in enumerate(tiers)}
    return {"now": utc_now(), **words, **filters.chosen}


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
