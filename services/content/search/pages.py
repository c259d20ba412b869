"""The page of the search; all of it lives in its address."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from services.chassis.countries import sound
from services.chassis.forms import Form
from services.chassis.i18n import country_name, language
from services.chassis.reference import TOPICS, city, countries, topic_name
from services.chassis.words import LONGEST_QUERY
from services.content.database import pages
from services.content.language import said_in
from services.content.materials.kinds import AUDIENCE_NAMES
from services.content.search import reading
from services.content.search.reading import Filters, Found
from services.content.search.statements import COUNTED
from services.content.search.words import KIND_ICONS, KIND_NAMES, LANGUAGE_NAMES

site = APIRouter()

_PER_PAGE = 12
# How each filter's values are called, in the order of the form.
_NAMES: Mapping[str, Callable[[str], str]] = {
    "country": country_name,
    "topic": topic_name,
    "audience": lambda code: str(AUDIENCE_NAMES[code]) if code in AUDIENCE_NAMES else code,
    "language": lambda tag: str(LANGUAGE_NAMES.get(tag, tag)),
}
_EVERY: Mapping[str, Iterable[str]] = {
    "country": countries(),
    "topic": TOPICS,
    "audience": AUDIENCE_NAMES,
    "language": LANGUAGE_NAMES,
}


@site.get("/search")
def search(
    request: Request,
    *,
    q: str = "",
    kind: str = "",
    country: str = "",
    topic: str = "",
    audience: str = "",
    language: str = "",
    cursor: str | None = None,
) -> HTMLResponse:
    """What was found for the words, with filters; what is not among the choices is no condition."""
    # PostgreSQL takes no NUL in a text.
    words = q.replace("\0", "")[:LONGEST_QUERY].strip()
    filters = Filters(
        words=words,
        kind=_one_of(kind, KIND_NAMES),
        country=_one_of(country.upper(), countries()),
        topic=_one_of(topic, TOPICS),
        audience=_one_of(audience, AUDIENCE_NAMES),
        language=_one_of(language, LANGUAGE_NAMES),
    )
    found = reading.find(filters, cursor=cursor, limit=_PER_PAGE) if filters else None
    return pages.render(
        request,
        "search/search.html",
        form=Form({"q": words, **filters.chosen}),
        filters=filters,
        found=found,
        counted=COUNTED,
        choices=_choices(found) if found else {},
        names=_NAMES,
        kind_names=KIND_NAMES,
        kind_icons=KIND_ICONS,
        topics=TOPICS,
        said_in=said_in,
        zone=city().timezone,
    )


def _one_of(value: str, known: Iterable[str]) -> str | None:
    return value if value in known else None


def _choices(found: Found) -> dict[str, list[tuple[str, str]]]:
    """For each filter the values that something is found with, the most frequent first; all there
    are, without numbers, when there was too much to count.
    """
    choices: dict[str, list[tuple[str, str]]] = {}
    for name, called in _NAMES.items():
        counts = found.counts[name]
        if counts or not found.total:
            common = sorted(counts, key=lambda value: (-counts[value], _sound(called(value))))
            choices[name] = [(value, f"{called(value)} ({counts[value]:,})") for value in common]
        else:
            choices[name] = _every(name, language())
    return choices


# The same few hundred names, in one page after the other.
_sound = functools.lru_cache(maxsize=2_048)(sound)


@functools.cache
def _every(name: str, _language: str) -> list[tuple[str, str]]:
    """All values of a filter, in the order of their names."""
    named = [(value, _NAMES[name](value)) for value in _EVERY[name]]
    return sorted(named, key=lambda one: sound(one[1]))
