"""The home page, the privacy page, and registration's part of the staff's day."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from services.chassis.auth import AnyStaff
from services.chassis.settings import settings
from services.registration.activities import catalogue, words
from services.registration.catalogue.filters import Filters
from services.registration.database import database, pages
from services.registration.home import today
from services.registration.notices.service import advisories_in_force

router = APIRouter()

NEXT_ACTIVITIES = 5
ADVISORIES = 6


@router.get("/")
def home_page(request: Request) -> HTMLResponse:
    """What this is, three ways in, what comes next, and what to beware of."""
    page = catalogue.list_activities(Filters(), limit=NEXT_ACTIVITIES)
    with database.transaction() as session:
        advisories = advisories_in_force(session, limit=ADVISORIES)
    return pages.render(
        request,
        "home/home.html",
        activities=page.items,
        advisories=advisories,
        **words.WORDS,
    )


@router.get("/privacy")
def privacy_page(request: Request) -> HTMLResponse:
    """What is kept of a person, what for, and for how long."""
    return pages.render(request, "home/privacy.html", kept_days=settings().retention_days)


@router.get("/staff/today/registration")
def today_fragment(request: Request, principal: AnyStaff) -> HTMLResponse:
    """What waits for this member of staff, and what starts today: a piece of the staff's home."""
    return pages.render(request, "home/today.html", day=today.of(principal), **words.WORDS)
