"""The JSON call of the search."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from services.chassis.fields import Country, LanguageTag, Topic
from services.chassis.lists import DEFAULT_LIMIT, LARGEST_LIMIT
from services.chassis.words import LONGEST_QUERY
from services.content.materials.kinds import Audience
from services.content.search import reading
from services.content.search.reading import Filters
from services.content.search.schemas import SearchOut
from services.content.search.service import Kind

api = APIRouter(tags=["search"])

Limit = Annotated[int, Query(ge=1, le=LARGEST_LIMIT)]


@api.get("/search")
def search(
    *,
    q: Annotated[str, Query(max_length=LONGEST_QUERY)] = "",
    kind: Kind | None = None,
    country: Country | None = None,
    topic: Topic | None = None,
    audience: Audience | None = None,
    language: LanguageTag | None = None,
    cursor: str | None = None,
    limit: Limit = DEFAULT_LIMIT,
) -> SearchOut:
    """Everything public that has all the words, those with them in the title first.

    Synonyms and other names of a country count as the word itself.
    """
    filters = Filters(q, kind, country, topic, audience, language)
    return SearchOut.of(reading.find(filters, cursor=cursor, limit=limit))
