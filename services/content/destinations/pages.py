"""The public pages: the choice of a country, and what there is to know about going there."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from services.chassis.countries import sound
from services.chassis.forms import Form
from services.chassis.reference import countries
from services.content.advisories.pages import words
from services.content.advisories.reading import all_in_force
from services.content.database import pages
from services.content.destinations import reading
from services.content.destinations.phones import readable
from services.content.destinations.reading import AT_HOME, Choice, Meant
from services.content.destinations.schemas import KIND_NAMES

site = APIRouter()

_LONGEST: Final = 60


@site.get("/advisories/countries")
def choose(request: Request, q: str = "") -> Response:
    """Every country to choose from; one that is named for sure is gone to at once."""
    meant = reading.meant(q)
    if meant.country:
        return RedirectResponse(f"/advisories/{meant.country}", 303)
    return _choices(request, q[:_LONGEST], meant)


@site.get("/advisories/{country}")
def one_country(request: Request, country: str) -> Response:
    """A country's page, whether or not an advisory is in force for it.

    Any name of it leads here; what is no name answers with the countries to choose from.
    """
    if country not in countries():
        meant = reading.meant(country[:_LONGEST])
        if meant.country:
            return RedirectResponse(f"/advisories/{meant.country}", 301)
        return _choices(request, country[:_LONGEST], meant, status=404)
    return pages.render(
        request,
        "destinations/country.html",
        found=reading.destination(country),
        at_home=country in AT_HOME,
        mission_kinds=KIND_NAMES,
        readable=readable,
        **words(),
    )


def _choices(request: Request, q: str, meant: Meant, status: int = 200) -> HTMLResponse:
    # The gravest comes first, so what is written last of a country would be the mildest.
    levels = {one.country: one.level for one in reversed(all_in_force())}
    found = reading.choices(dict(levels), q)
    return pages.render(
        request,
        "destinations/choose.html",
        status,
        form=Form({"q": q}),
        q=q.strip(),
        groups=_by_letter(found or reading.choices(dict(levels))),
        found=len(found),
        guesses=meant.guesses,
        **words(),
    )


def _by_letter(choices: list[Choice]) -> list[tuple[str, list[Choice]]]:
    """By the first letter of the name, of a Chinese one by that of its pinyin."""
    groups: dict[str, list[Choice]] = {}
    for one in sorted(choices, key=lambda one: sound(one.name)):
        groups.setdefault(sound(one.name)[0].upper(), []).append(one)
    return list(groups.items())
