"""The staff's pages for what came back."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse

from services.chassis.auth import Principal, require
from services.chassis.i18n import gettext as _
from services.chassis.reference import city
from services.chassis.settings import settings
from services.notifications.database import pages
from services.notifications.returns import labels, reading

router = APIRouter()

RETURNS = "/staff/senders/returns"

Reader = Annotated[Principal, Depends(require("senders.view"))]
Opener = Annotated[Principal, Depends(require("senders.manage"))]
Editor = Annotated[Principal, Depends(require("contacts.edit"))]


@router.get(RETURNS)
def index(
    request: Request,
    principal: Reader,
    kind: str = "",
    delivery: uuid.UUID | None = None,
    cursor: str | None = None,
) -> Response:
    """What came back, newest first. Addresses are masked."""
    chosen = kind if kind in labels.KIND_NAMES else ""
    return pages.render(
        request,
        "returns/list.html",
        page=reading.listed(
            principal, kind=chosen or None, delivery_id=delivery, cursor=cursor or None
        ),
        chosen=chosen,
        delivery=delivery,
        figures=reading.figures(principal),
        labels=labels,
        days=settings().returns_days,
        zone=city().timezone,
    )


@router.get(f"{RETURNS}/{{return_id}}")
def show(request: Request, principal: Reader, return_id: uuid.UUID, done: str = "") -> Response:
    """One returned message and what it did."""
    return _page(request, principal, return_id, done=done)


@router.post(f"{RETURNS}/{{return_id}}")
def opened(request: Request, principal: Opener, return_id: uuid.UUID) -> Response:
    """The same with the message as it came, which is noted in the audit trail."""
    text = reading.opened(principal, return_id)
    response = _page(request, principal, return_id, raw=text)
    response.headers["Cache-Control"] = "no-store"
    return response


def _page(
    request: Request,
    principal: Principal,
    return_id: uuid.UUID,
    *,
    raw: str | None = None,
    done: str = "",
) -> Response:
    return pages.render(
        request,
        "returns/show.html",
        returned=reading.read(principal, return_id),
        raw=raw,
        done=done,
        may_open=principal.may("senders.manage"),
        may_undo=principal.may("contacts.edit"),
        labels=labels,
        zone=city().timezone,
    )


@router.get(f"{RETURNS}/{{return_id}}/undo")
def ask_undo(request: Request, principal: Editor, return_id: uuid.UUID) -> Response:
    """Ask before an address is written to again."""
    returned = reading.read(principal, return_id)
    if not returned.can_be_undone:
        return RedirectResponse(f"{RETURNS}/{return_id}", 303)
    return pages.render(
        request,
        "confirm.html",
        title=_("Send to %(address)s again?") % {"address": returned.address},
        text="",
        consequences=[
            _("Confirmations, reminders and broadcasts go to this address again."),
            _("The message that came back is not sent again by itself."),
            _("If the address is dead after all, it will be held back again."),
        ],
        button=_("Send there again"),
        cancel_url=f"{RETURNS}/{return_id}",
    )


@router.post(f"{RETURNS}/{{return_id}}/undo")
def undo(principal: Editor, return_id: uuid.UUID) -> Response:
    """Send to the address again."""
    reading.undo(principal, return_id)
    return RedirectResponse(f"{RETURNS}/{return_id}?done=undone", 303)
