"""The public library: a list with filters, and a page for each material."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from services.chassis.forms import Form
from services.chassis.markdown import to_html
from services.chassis.reference import TOPICS, countries
from services.content.advisories.pages import country_choices
from services.content.database import pages
from services.content.language import options, said_in
from services.content.materials import reading
from services.content.materials.kinds import AUDIENCE_NAMES, KIND_ICONS, KIND_NAMES
from services.content.materials.reading import Filters

site = APIRouter()

_PER_PAGE = 12


def words() -> dict[str, Any]:
    """What templates about materials need to put codes and texts into words."""
    return {
        "kind_names": KIND_NAMES,
        "kind_icons": KIND_ICONS,
        "audience_names": AUDIENCE_NAMES,
        "kind_options": options(KIND_NAMES),
        "audience_options": options(AUDIENCE_NAMES),
        "topic_options": options(TOPICS),
        "to_html": to_html,
        "said_in": said_in,
    }


def filters_of(kind: str, topic: str, country: str, q: str) -> Filters:
    """Filters from an address; what is not among the choices is no condition."""
    return Filters(
        kind=kind if kind in KIND_NAMES else None,
        topic=topic if topic in TOPICS else None,
        country=country if country in countries() else None,
        words=q,
    )


@site.get("/library")
def library(
    request: Request,
    *,
    kind: str = "",
    topic: str = "",
    country: str = "",
    q: str = "",
    cursor: str | None = None,
) -> HTMLResponse:
    """What there is to read, with filters that live in the address."""
    filters = filters_of(kind, topic, country.upper(), q)
    found = reading.list_public(filters, cursor=cursor, limit=_PER_PAGE)
    return pages.render(
        request,
        "materials/list.html",
        materials=found.items,
        next_cursor=found.next_cursor,
        filters=filters,
        form=Form({"kind": kind, "topic": topic, "country": filters.country or "", "q": q}),
        choices=country_choices(),
        **words(),
    )


@site.get("/library/{slug}")
def material(request: Request, slug: str) -> HTMLResponse:
    """One material, to read or to print."""
    return pages.render(
        request, "materials/view.html", material=reading.get_public(slug), **words()
    )
