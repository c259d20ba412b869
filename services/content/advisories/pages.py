"""The public pages: all advisories, the table of the world, and histories."""

from __future__ import annotations

import uuid
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from services.chassis.i18n import country_name, language
from services.chassis.markdown import to_html
from services.chassis.reference import city, countries, country_code
from services.content.advisories import levels, reading
from services.content.advisories.atom import path_of
from services.content.advisories.changes import ACT_NAMES, ACT_TONES
from services.content.advisories.difference import FIELD_NAMES
from services.content.advisories.history import steps
from services.content.advisories.reading import FeedFilter
from services.content.advisories.schemas import AdvisoryOut
from services.content.advisories.words import LEVEL_MEANINGS, LEVEL_NAMES, LEVELS, WORD_NAMES
from services.content.database import database, pages
from services.content.language import said_in

site = APIRouter()


def country_choices() -> list[tuple[str, str]]:
    """Every country, ``(code, name)``, in the order of the page's language."""
    names = [(code, country_name(code)) for code in countries()]
    return sorted(names, key=lambda one: name_key(one[1]))


def name_key(name: str) -> bytes:
    """By what names are sorted in the page's language."""
    # GB 2312 lists the common characters by their pinyin, and GB 18030 keeps that order.
    return name.casefold().encode() if language() == "en" else name.encode("gb18030")


def words() -> dict[str, Any]:
    """What templates about advisories need to put levels and texts into words."""
    return {
        "level_names": LEVEL_NAMES,
        "level_meanings": LEVEL_MEANINGS,
        "word_names": WORD_NAMES,
        "zone": city().timezone,
        "to_html": to_html,
        "said_in": said_in,
    }


def history_words() -> dict[str, Any]:
    """What templates about histories need besides :func:`words`."""
    return words() | {"act_names": ACT_NAMES, "act_tones": ACT_TONES, "field_names": FIELD_NAMES}


def by_country(advisories: list[AdvisoryOut]) -> list[tuple[str, list[AdvisoryOut]]]:
    """The advisories of each country together; countries in the order of their gravest one."""
    found: dict[str, list[AdvisoryOut]] = {}
    for advisory in advisories:
        found.setdefault(advisory.country, []).append(advisory)
    return list(found.items())


@site.get("/advisories")
def all_advisories(request: Request, level: str = "", country: str = "") -> Response:
    """Every country with an advisory in force; the choice of a country leads to its page."""
    if (code := country_code(country)) is not None:
        return RedirectResponse(f"/advisories/{code}", 303)
    if country.strip():
        return RedirectResponse(f"/advisories/countries?{urlencode({'q': country})}", 303)
    chosen = level if level in LEVELS else None
    return pages.render(
        request,
        "advisories/list.html",
        groups=by_country(reading.all_in_force(chosen)),
        level=chosen,
        levels=LEVELS,
        choices=country_choices(),
        feed_path=path_of(FeedFilter(level=chosen)),
        **words(),
    )


@site.get("/advisories/world")
def world(request: Request, continent: str = "") -> HTMLResponse:
    """The current level of every country, by continent."""
    chosen = continent if continent in levels.CONTINENT_NAMES else None
    rows = sorted(levels.now(), key=lambda row: name_key(country_name(row.country)))
    continents = [
        (code, name, [row for row in rows if row.continent == code])
        for code, name in levels.CONTINENT_NAMES.items()
        if chosen in (None, code)
    ]
    return pages.render(
        request,
        "advisories/world.html",
        continents=continents,
        continent_names=levels.CONTINENT_NAMES,
        chosen=chosen,
        counts={level: sum(row.highest == level for row in rows) for level in LEVELS},
        levels=LEVELS,
        **words(),
    )


@site.get("/advisories/history/{advisory_id:uuid}")
def history(request: Request, advisory_id: uuid.UUID) -> HTMLResponse:
    """What the public was told of an advisory over time, and what was new each time."""
    with database.transaction() as session:
        advisory = reading.as_told(session, advisory_id)
        found = steps(session, advisory_id)
    return pages.render(
        request,
        "advisories/history.html",
        advisory=advisory,
        steps=found,
        **history_words(),
    )
