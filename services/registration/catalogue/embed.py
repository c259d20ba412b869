"""A small list of activities for somebody else's site, and the page that tells staff how."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse
from markupsafe import escape

from services.chassis.auth import Principal, require
from services.chassis.forms import Form
from services.chassis.i18n import DEFAULT_LANGUAGE, LANGUAGES, speaking
from services.chassis.i18n import gettext as _
from services.chassis.middleware import SECURITY_HEADERS
from services.chassis.reference import city, district_name
from services.chassis.settings import settings
from services.registration.activities import catalogue, words
from services.registration.activities.models import KIND_NAMES
from services.registration.catalogue.filters import Filters
from services.registration.database import pages

router = APIRouter()

Viewer = Annotated[Principal, Depends(require("activities.view"))]

SHOWN = 5
MOST_SHOWN = 20
# The only page that others may frame; it has neither form nor script, and nothing of a visitor's.
_FRAMED = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; "
        "form-action 'none'; frame-ancestors *"
    ),
    "Cache-Control": "public, max-age=300",
    "Referrer-Policy": "no-referrer",
}
# The staff's page shows a frame of our own.
_FRAMING = {
    "Content-Security-Policy": SECURITY_HEADERS["Content-Security-Policy"] + "; frame-src 'self'"
}


@router.get("/embed/activities")
def framed_list(
    lang: str = "", district: str = "", kind: str = "", limit: str = ""
) -> HTMLResponse:
    """The next activities, for a frame on a district's own site. Sets no cookie and reads none.

    Without ``lang`` it is in Chinese, whatever the browser prefers: the site around it is.
    """
    tag = lang if lang in LANGUAGES else DEFAULT_LANGUAGE
    place = district if district in city().districts else None
    filters = Filters(district=place, kind=kind if kind in KIND_NAMES else None)
    page = catalogue.list_activities(filters, limit=_number(limit))
    query = ({"district": place} if place else {}) | {"lang": tag}
    with speaking(tag):
        text = pages.text(
            "catalogue/embed.html",
            {
                "page": page,
                "place": district_name(place),
                "url": f"{settings().public_url}/activities?{urlencode(query)}",
                **words.WORDS,
            },
        )
    return HTMLResponse(text, headers={**_FRAMED, "Content-Language": tag})


@router.get("/staff/activities/embed")
def snippet_page(
    request: Request, principal: Viewer, lang_of: str = "", district: str = "", limit: str = ""
) -> HTMLResponse:
    """What to put into another site's page, with a look at what it will show there."""
    place = principal.district or (district if district in city().districts else "")
    tag = lang_of if lang_of in LANGUAGES else DEFAULT_LANGUAGE
    query = {"district": place} if place else {}
    path = f"/embed/activities?{urlencode(query | {'lang': tag, 'limit': _number(limit)})}"
    with speaking(tag):
        title = _("Activities in %(place)s") % {"place": district_name(place or None)}
    answer = pages.render(
        request,
        "catalogue/staff_embed.html",
        form=Form({"district": place, "lang_of": tag, "limit": _number(limit)}),
        districts=words.districts(principal.district),
        languages=words.spoken(),
        path=path,
        frame_title=title,
        snippet=_snippet(f"{settings().public_url}{path}", title),
    )
    answer.headers.update(_FRAMING)
    return answer


def _snippet(address: str, title: str) -> str:
    return (
        f'<iframe src="{escape(address)}" title="{escape(title)}" width="100%" height="480" '
        'loading="lazy"></iframe>'
    )


def _number(text: str) -> int:
    """How many to show: as asked, within reason."""
    is_number = text.isascii() and text.isdigit() and len(text) < 7
    return min(max(int(text), 1), MOST_SHOWN) if is_number else SHOWN
