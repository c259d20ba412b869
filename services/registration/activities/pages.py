"""The public pages of activities: the catalogue and one activity."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from services.chassis.forms import Form
from services.chassis.pages import with_query
from services.chassis.reference import city
from services.registration.activities import catalogue, words
from services.registration.activities.models import KIND_NAMES
from services.registration.database import database, pages
from services.registration.notices.service import advisories_in_force, materials_about

router = APIRouter()

ON_A_PAGE = 12
_MONTH = re.compile(r"(20\d\d)-(0[1-9]|1[0-2])")


@router.get("/activities")
def list_page(
    request: Request,
    *,
    q: str = "",
    district: str = "",
    kind: str = "",
    month: str = "",
    cursor: str | None = None,
) -> HTMLResponse:
    """What takes place from now on, or in a chosen month. A filter that we do not know is left."""
    filters = catalogue.Filters(
        words=q,
        district=district if district in city().districts else None,
        kind=kind if kind in KIND_NAMES else None,
    )
    if (between := month_bounds(month)) is not None:
        filters = replace(filters, since=between[0], until=between[1])
    page = catalogue.list_activities(filters, cursor=cursor, limit=ON_A_PAGE)
    return pages.render(
        request,
        "activities/list.html",
        page=page,
        form=Form({"q": q, "district": district, "kind": kind, "month": month}),
        narrowed=filters != catalogue.Filters(),
        next_url=with_query(request, cursor=page.next_cursor) if page.next_cursor else None,
        kinds=words.kinds(),
        districts=words.districts(),
        months=words.months(),
        **words.WORDS,
    )


@router.get("/activities/{slug}")
def activity_page(request: Request, slug: str) -> HTMLResponse:
    """One activity: the facts first, then what it is about and what goes with it."""
    activity = catalogue.one_activity(slug)
    with database.transaction() as session:
        advisories = advisories_in_force(session, activity.countries)
        materials = materials_about(session, activity.topics, activity.countries)
    return pages.render(
        request,
        "activities/activity.html",
        activity=activity,
        advisories=advisories,
        materials=materials,
        **words.WORDS,
    )


def month_bounds(text: str) -> tuple[datetime, datetime] | None:
    """The first and the last moment (UTC) of ``2026-12`` in the city, but nothing that is past."""
    found = _MONTH.fullmatch(text)
    if found is None:
        return None
    zone = ZoneInfo(city().timezone)
    year, month = int(found[1]), int(found[2])
    first = datetime(year, month, 1, tzinfo=zone)
    after = datetime(year + month // 12, month % 12 + 1, 1, tzinfo=zone)
    return max(first.astimezone(UTC), datetime.now(UTC)), after.astimezone(UTC)
