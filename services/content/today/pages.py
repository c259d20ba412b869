"""The part of the staff's home page that this service fills in."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from services.chassis.auth import AnyStaff
from services.chassis.reference import city
from services.content.database import pages
from services.content.stock.stores import store_name
from services.content.today.service import waiting_for

site = APIRouter()


@site.get("/staff/today/content")
def today(request: Request, principal: AnyStaff) -> HTMLResponse:
    """What waits in advisories and materials, as a fragment without a frame."""
    return pages.render(
        request,
        "today/today.html",
        waiting=waiting_for(principal),
        store_name=store_name,
        zone=city().timezone,
    )
