"""The staff's page for a broadcast's messages by recipient: who got it, and who did not."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from services.chassis.auth import Principal, require
from services.chassis.lists import LARGEST_LIMIT
from services.notifications.broadcasts import reading
from services.notifications.database import pages
from services.notifications.delivery import labels
from services.notifications.delivery.models import MISSED, STATES

router = APIRouter(prefix="/staff/broadcasts/{broadcast_id}/deliveries")

Reader = Annotated[Principal, Depends(require("deliveries.view"))]
Opener = Annotated[Principal, Depends(require("contacts.view"))]


@router.get("")
def recipients(
    request: Request,
    principal: Reader,
    broadcast_id: uuid.UUID,
    state: str = "",
    cursor: str | None = None,
) -> Response:
    """A broadcast's messages by recipient. Addresses are masked."""
    return _recipients(request, principal, broadcast_id, state, cursor, opened=False)


@router.post("")
def opened_recipients(
    request: Request,
    principal: Opener,
    broadcast_id: uuid.UUID,
    state: str = "",
    cursor: str | None = None,
) -> Response:
    """The same with the addresses in full, which is noted in the audit trail."""
    reading.note_opened(principal, broadcast_id)
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
    chosen = state if state in (*STATES, "missed") else ""
    broadcast = reading.read(principal, broadcast_id)
    return pages.render(
        request,
        "delivery/recipients.html",
        broadcast=broadcast,
        page=reading.recipients(
            principal,
            broadcast_id,
            state=chosen,
            opened=opened,
            cursor=cursor,
            limit=LARGEST_LIMIT,
        ),
        chosen=chosen,
        missed=sum(getattr(broadcast.counts, one) for one in MISSED),
        opened=opened,
        may_open=principal.may("contacts.view"),
        may_settle=principal.may("broadcasts.write"),
        states=labels,
    )
