"""The public pages of the programme: as a list, and as a month."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from services.chassis import i18n
from services.chassis.pages import own_path, with_query
from services.chassis.reference import city
from services.registration.activities import catalogue, words
from services.registration.catalogue.asked import LASTING, WHEN_NAMES, Asked, asked
from services.registration.catalogue.destinations import destinations
from services.registration.catalogue.feeds import addresses
from services.registration.catalogue.filters import Filters
from services.registration.catalogue.months import month_asked, month_of_programme
from services.registration.database import pages

router = APIRouter()

ON_A_PAGE = 12
# What goes from the address when a choice is taken back, where that is more than its name.
_BEHIND = {"when": ("when", "month", "cursor")}


@router.get("/activities")
def list_page(request: Request, cursor: str | None = None) -> HTMLResponse:
    """What takes place from now on, or when one asks for, narrowed by whatever was chosen."""
    what = asked(request)
    page = catalogue.list_activities(what.filters, cursor=cursor, limit=ON_A_PAGE)
    return pages.render(
        request,
        "catalogue/list.html",
        page=page,
        total=catalogue.public_count(what.filters),
        next_url=with_query(request, cursor=page.next_cursor) if page.next_cursor else None,
        first_url=with_query(request, cursor=None) if cursor else None,
        calendar_url=_elsewhere("/activities/calendar", what),
        **_around(request, what),
    )


@router.get("/activities/calendar")
def month_page(request: Request, month: str = "") -> HTMLResponse:
    """A month as a table; on a telephone as a list of its days."""
    what = asked(request, time=False)
    shown = month_of_programme(*month_asked(month), what.filters)
    return pages.render(
        request,
        "catalogue/month.html",
        shown=shown,
        name=words.month_name(shown.year, shown.month),
        weekdays=_weekdays(),
        zone=city().timezone,
        list_url=_elsewhere("/activities", what),
        day_url=lambda day: _elsewhere("/activities", what, **{"from": day, "to": day}),
        cleared=dict.fromkeys((*LASTING, "open")),
        **_around(request, what),
    )


def _around(request: Request, what: Asked) -> dict[str, Any]:
    """What both pages show around the activities: filters, what was chosen, feeds."""
    return {
        "asked": what,
        "form": what.form,
        "chosen": [
            (said, with_query(request, **dict.fromkeys(_BEHIND.get(name, (name, "cursor")))))
            for name, said in what.chosen
        ],
        "counted": catalogue.COUNTED,
        "narrowed": what.filters != Filters(),
        "here": own_path(request),
        "kinds": words.kinds(),
        "districts": words.districts(),
        "whens": [*((code, str(name)) for code, name in WHEN_NAMES.items()), *words.months()],
        "topics": words.topics(),
        "spoken": words.spoken(),
        "audiences": words.audiences(),
        "destinations": destinations(),
        "feeds": addresses(what),
        **words.WORDS,
    }


def _elsewhere(path: str, what: Asked, **more: object) -> str:
    """Another page of the programme with the same choices, but for the time."""
    query = what.lasting(**{name: str(value) for name, value in more.items()})
    return f"{path}?{query}" if query else path


def _weekdays() -> list[tuple[str, str]]:
    """Monday to Sunday, ``("一", "星期一")`` or ``("Mon", "Monday")``."""
    days = i18n.locale().days["stand-alone"]
    short = "narrow" if i18n.language() == "zh-CN" else "abbreviated"
    return [(days[short][number], days["wide"][number]) for number in range(7)]
