"""``/staff/today/notifications``: a fragment for the staff home."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from services.chassis.auth import Principal, require
from services.notifications.broadcasts import labels
from services.notifications.database import pages
from services.notifications.home.service import today

router = APIRouter()


@router.get("/staff/today/notifications")
def fragment(
    request: Request, principal: Annotated[Principal, Depends(require("broadcasts.view"))]
) -> Response:
    """What waits for approval or sending, what is being sent, and what is unwell."""
    return pages.render(request, "home/today.html", today=today(principal), labels=labels)
