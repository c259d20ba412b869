"""Where programs fetch the programme: as a calendar and as a news feed, narrowed like the list."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from services.chassis.i18n import gettext as _
from services.chassis.i18n import language
from services.chassis.settings import settings
from services.registration.catalogue import announced, atom, ical
from services.registration.catalogue.asked import Asked, asked

router = APIRouter()


@router.get("/activities/calendar.ics")
def calendar_file(request: Request) -> Response:
    """Dates that a calendar program follows: changes and cancellations reach it by themselves."""
    what = asked(request)
    address = addresses(what)["ics"]
    return announced.answer(
        request,
        what.filters,
        announced.dates(what.filters),
        address=address,
        media_type=ical.MEDIA_TYPE,
        write=lambda found: ical.calendar(found, _name(what), address),
    )


@router.get("/activities/feed.atom")
def news_feed(request: Request) -> Response:
    """What is new in the programme."""
    what = asked(request)
    address = addresses(what)["atom"]
    page = f"{settings().public_url}/activities?{what.lasting(lang=language())}"
    return announced.answer(
        request,
        what.filters,
        announced.news(what.filters),
        address=address,
        media_type=atom.MEDIA_TYPE,
        write=lambda found: atom.feed(found, _name(what), address, page),
    )


def addresses(what: Asked) -> dict[str, str]:
    """Addresses of the same programme for programs: ``ics``, ``webcal`` and ``atom``."""
    base, query = settings().public_url, what.lasting(lang=language())
    calendar = f"{base}/activities/calendar.ics?{query}"
    return {
        "ics": calendar,
        # The scheme that calendar programs take over from a browser.
        "webcal": "webcal" + calendar.removeprefix("https").removeprefix("http"),
        "atom": f"{base}/activities/feed.atom?{query}",
    }


def _name(what: Asked) -> str:
    said = [said for _name, said in what.chosen]
    return " · ".join([_("Consular protection activities"), *said])
