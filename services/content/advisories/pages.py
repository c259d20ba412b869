"""The public pages: all advisories, and a country's page."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from services.chassis.i18n import country_name, language, lazy
from services.chassis.markdown import to_html
from services.chassis.problems import NotFound
from services.chassis.reference import city, countries
from services.content.activities_seen.service import coming_about
from services.content.advisories import reading
from services.content.advisories.schemas import AdvisoryOut
from services.content.advisories.words import LEVEL_MEANINGS, LEVEL_NAMES, LEVELS, WORD_NAMES
from services.content.database import database, pages
from services.content.language import said_in
from services.content.materials.reading import for_country

site = APIRouter()


def country_choices() -> list[tuple[str, str]]:
    """Every country, ``(code, name)``, in the order of the page's language."""
    names = [(code, country_name(code)) for code in countries()]
    if language() == "en":
        return sorted(names, key=lambda one: one[1].casefold())
    # GB 2312 lists the common characters by their pinyin, and GB 18030 keeps that order.
    return sorted(names, key=lambda one: one[1].encode("gb18030"))


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


def by_country(advisories: list[AdvisoryOut]) -> list[tuple[str, list[AdvisoryOut]]]:
    """The advisories of each country together; countries in the order of their gravest one."""
    found: dict[str, list[AdvisoryOut]] = {}
    for advisory in advisories:
        found.setdefault(advisory.country, []).append(advisory)
    return list(found.items())


@site.get("/advisories")
def all_advisories(request: Request, level: str = "", country: str = "") -> Response:
    """Every country with an advisory in force; the choice of a country leads to its page."""
    if country.upper() in countries():
        return RedirectResponse(f"/advisories/{country.upper()}", 303)
    chosen = level if level in LEVELS else None
    return pages.render(
        request,
        "advisories/list.html",
        groups=by_country(reading.all_in_force(chosen)),
        level=chosen,
        levels=LEVELS,
        choices=country_choices(),
        **words(),
    )


@site.get("/advisories/{country}")
def one_country(request: Request, country: str) -> HTMLResponse:
    """A country's page, whether or not an advisory is in force for it."""
    code = country.upper()
    if code not in countries():
        raise NotFound(lazy("We do not know this country."))
    with database.transaction() as session:
        advisories = reading.in_force_for(session, code)
        activities = coming_about(session, code)
        materials = for_country(session, code)
    return pages.render(
        request,
        "advisories/country.html",
        code=code,
        advisories=advisories,
        activities=activities,
        materials=materials,
        **words(),
    )
