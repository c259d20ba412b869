"""The staff's pages for deliveries: all of them, and those of one broadcast by recipient."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel

from services.chassis import audit
from services.chassis.auth import Principal, require
from services.chassis.lists import LARGEST_LIMIT
from services.chassis.reference import city
from services.notifications.broadcasts import reading
from services.notifications.database import database, pages
from services.notifications.delivery import labels, overview
from services.notifications.delivery.models import CHANNELS, STATES

router = APIRouter()

Reader = Annotated[Principal, Depends(require("deliveries.view"))]
Opener = Annotated[Principal, Depends(require("contacts.view"))]


class Filters(BaseModel):
    """What the list's address says; what is not known there counts as not given."""

    state: str = ""
    channel: str = ""
    kind: str = ""
    cursor: str | None = None


@router.get("/staff/deliveries")
def index(
    request: Request,
    principal: Reader,
    wanted: Annotated[Filters, Query()],
) -> Response:
    """Every message that leaves the house, newest first. Addresses are masked."""
    chosen = overview.Chosen(
        state=wanted.state if wanted.state in STATES else "",
        channel=wanted.channel if wanted.channel in CHANNELS else "",
        kind=wanted.kind if wanted.kind in labels.KIND_NAMES else "",
    )
    return pages.render(
        request,
        "delivery/list.html",
        page=overview.listed(principal, chosen, cursor=wanted.cursor),
        chosen=chosen,
        kinds=list(labels.KIND_NAMES.items()),
        figures=overview.figures(principal),
        states=labels,
        zone=city().timezone,
    )


@router.get("/staff/broadcasts/{broadcast_id}/deliveries")
def recipients(
    request: Request,
    principal: Reader,
    broadcast_id: uuid.UUID,
    state: str = "",
    cursor: str | None = None,
) -> Response:
    """A broadcast's messages by recipient. Addresses are masked."""
    return _recipients(request, principal, broadcast_id, state, cursor, opened=False)


@router.post("/staff/broadcasts/{broadcast_id}/deliveries")
def opened_recipients(
    request: Request,
    principal: Opener,
    broadcast_id: uuid.UUID,
    state: str = "",
    cursor: str | None = None,
) -> Response:
    """The same with the addresses in full, which is noted in the audit trail."""
    with database.transaction() as session:
        broadcast = reading.stored(session, broadcast_id, principal)
        audit.record(
            session,
            principal,
            "broadcast.addresses-opened",
            f"broadcast/{broadcast_id}",
            district=broadcast.district,
        )
    return _recipients(request, principal, broadcast_id, state, cursor, opened=True)


def _recipients(
    request: Request,
    principal: Principal,
    broadcast_id: uuid.UUID,
    state: str,
    cursor: str | None,
    *,
    opened: bool,
) -> Response:
    chosen = state if state in STATES else ""
    return pages.render(
        request,
        "delivery/recipients.html",
        broadcast=reading.read(principal, broadcast_id),
        page=reading.recipients(
            principal,
            broadcast_id,
            state=chosen,
            opened=opened,
            cursor=cursor,
            limit=LARGEST_LIMIT,
        ),
        chosen=chosen,
        opened=opened,
        may_open=principal.may("contacts.view"),
        states=labels,
    )
