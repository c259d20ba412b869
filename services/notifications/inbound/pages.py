"""What people wrote back, for staff of the city office to read."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse

from services.chassis.auth import Principal, require
from services.chassis.reference import city
from services.notifications.database import pages
from services.notifications.inbound import reading

router = APIRouter(prefix="/staff/senders/inbound")

Reader = Annotated[Principal, Depends(require("contacts.view"))]


@router.get("")
def index(request: Request, principal: Reader, cursor: str | None = None) -> Response:
    """What is neither an opt-out nor an answer, newest first. City roles only."""
    return pages.render(
        request,
        "inbound/list.html",
        page=reading.listed(principal, cursor=cursor),
        counts=reading.counts(principal),
        zone=city().timezone,
    )


@router.post("/{message_id}/seen")
def seen(principal: Reader, message_id: uuid.UUID) -> Response:
    """Note that it was read."""
    reading.mark_seen(principal, message_id)
    return RedirectResponse("/staff/senders/inbound", 303)
