"""What a search answers to programs."""

from __future__ import annotations

import uuid
from datetime import datetime

from pydantic import BaseModel

from services.chassis.settings import settings
from services.content.search.reading import Found, Result


class ResultOut(BaseModel):
    """One thing that was found. ``snippet`` is HTML in which the words stand in ``<mark>``."""

    kind: str
    id: uuid.UUID
    title: dict[str, str]
    snippet: str
    url: str
    countries: list[str]
    topics: list[str]
    at: datetime

    @classmethod
    def of(cls, result: Result) -> ResultOut:
        """The answer for a result; its address is absolute."""
        return cls(
            kind=result.kind,
            id=result.id,
            title=dict(result.title),
            snippet=str(result.snippet),
            url=settings().public_url + result.url,
            countries=result.countries,
            topics=result.topics,
            at=result.at,
        )


class GuessOut(BaseModel):
    """A country that a misspelt word may mean, and what to look for instead."""

    country: str
    q: str


class SearchOut(BaseModel):
    """A page of what was found.

    ``total`` is counted to 2,000; 2,001 says that there are more, and then ``counts`` is empty.
    ``counts`` has for each filter and value how many there would be with that value chosen.
    ``guesses`` is filled when nothing was found; ``urgent`` says that the words are those of
    somebody in distress.
    """

    items: list[ResultOut]
    next_cursor: str | None
    total: int
    counts: dict[str, dict[str, int]]
    countries: list[str]
    guesses: list[GuessOut]
    urgent: bool

    @classmethod
    def of(cls, found: Found) -> SearchOut:
        """The answer for what was found."""
        return cls(
            items=[ResultOut.of(result) for result in found.results.items],
            next_cursor=found.results.next_cursor,
            total=found.total,
            counts={name: dict(counted) for name, counted in found.counts.items()},
            countries=list(found.countries),
            guesses=[GuessOut(country=one.country, q=one.words) for one in found.guesses],
            urgent=found.urgent,
        )
