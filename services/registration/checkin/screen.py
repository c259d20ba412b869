"""The live count, for a screen by the door: large figures that refresh themselves."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from services.chassis.auth import Principal, require
from services.registration.checkin import lists
from services.registration.database import pages

router = APIRouter(prefix="/staff/checkin/{activity_id}/screen")

Viewer = Annotated[Principal, Depends(require("registrations.check-in"))]


@router.get("")
def screen_page(request: Request, activity_id: uuid.UUID, principal: Viewer) -> HTMLResponse:
    """Came, expected, places; nobody's name, because everybody in the room reads it."""
    return _rendered(request, principal, activity_id, "checkin/screen.html")


@router.get("/figures")
def figures(request: Request, activity_id: uuid.UUID, principal: Viewer) -> HTMLResponse:
    """The figures alone, as the page asks for them every few seconds."""
    return _rendered(request, principal, activity_id, "checkin/figures.html")


def _rendered(
    request: Request, principal: Principal, activity_id: uuid.UUID, template: str
) -> HTMLResponse:
    found = lists.doorway(principal, activity_id, None)
    return pages.render(request, template, activity=found.activity, counts=found.counts)
