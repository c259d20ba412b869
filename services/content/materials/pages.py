"""The public library: a list with filters, and a page for each material."""

from __future__ import annotations

from datetime import date
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from services.chassis.forms import Form
from services.chassis.i18n import language, lazy
from services.chassis.markdown import to_html
from services.chassis.reference import TOPICS, city, countries
from services.content.advisories.pages import country_choices
from services.content.database import pages
from services.content.files.shelf import shelf
from services.content.files.shelf import words as file_words
from services.content.language import options, said_in
from services.content.materials import reading, version_reading
from services.content.materials.kinds import AUDIENCE_NAMES, KIND_ICONS, KIND_NAMES
from services.content.materials.reading import Filters
from services.content.stock.reading import slug_of

site = APIRouter()

_PER_PAGE = 12

LANGUAGE_NAMES = {"zh-CN": lazy("Chinese"), "en": lazy("English")}


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
        "day_of": day_of,
    } | file_words()


def day_of(date_: date) -> str:
    """A day as people write it: ``2026年11月23日`` or ``23 November 2026``."""
    if language() == "en":
        return f"{date_.day} {date_:%B} {date_.year}"
    return f"{date_.year}年{date_.month}月{date_.day}日"


def filters_of(
    kind: str = "", topic: str = "", country: str = "", audience: str = "", q: str = ""
) -> Filters:
    """Filters from an address; what is not among the choices is no condition."""
    return Filters(
        kind=kind if kind in KIND_NAMES else None,
        topic=topic if topic in TOPICS else None,
        country=country.upper() if country.upper() in countries() else None,
        audience=audience if audience in AUDIENCE_NAMES else None,
        words=q.strip(),
    )


@site.get("/library")
def library(
    request: Request,
    *,
    kind: str = "",
    topic: str = "",
    country: str = "",
    audience: str = "",
    q: str = "",
    cursor: str | None = None,
) -> HTMLResponse:
    """What there is to read, with filters that live in the address."""
    filters = filters_of(kind, topic, country, audience, q)
    found = reading.list_public(filters, cursor=cursor, limit=_PER_PAGE)
    typed = {"kind": kind, "topic": topic, "audience": audience, "q": q}
    return pages.render(
        request,
        "materials/list.html",
        materials=found.items,
        next_cursor=found.next_cursor,
        filters=filters,
        form=Form(typed | {"country": filters.country or ""}),
        choices=country_choices(),
        **words(),
    )


@site.get("/library/{slug}")
def material(request: Request, slug: str) -> HTMLResponse:
    """One material, to read, watch, download or print."""
    found = reading.get_public(slug)
    return pages.render(
        request,
        "materials/view.html",
        material=found,
        shelf=shelf(found.files),
        updates=version_reading.updates(found.id),
        ordered_as=slug_of(found.id),
        zone=city().timezone,
        **words(),
    )
