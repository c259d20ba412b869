"""The staff's pages for deliveries: all of them, one with its history, those to an address."""

from __future__ import annotations

import uuid
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi import Query as InAddress
from pydantic import BaseModel

from services.chassis.auth import Principal, require
from services.chassis.forms import Form, TypedForm
from services.chassis.problems import Invalid
from services.chassis.reference import city
from services.notifications.database import pages
from services.notifications.delivery import labels, overview, reading
from services.notifications.delivery.models import CHANNELS, STATES

router = APIRouter(prefix="/staff/deliveries")

Reader = Annotated[Principal, Depends(require("deliveries.view"))]
Opener = Annotated[Principal, Depends(require("contacts.view"))]


class Filters(BaseModel):
    """What the list's address says; what is not known there counts as not given."""

    state: str = ""
    channel: str = ""
    kind: str = ""
    cursor: str | None = None


@router.get("")
def index(
    request: Request,
    principal: Reader,
    wanted: Annotated[Filters, InAddress()],
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
        may_search=principal.may("contacts.view"),
        form=Form(),
        states=labels,
        zone=city().timezone,
    )


@router.post("/search")
def search(request: Request, principal: Opener, typed: TypedForm) -> Response:
    """Everything that went to an address. A POST, so that the address stands in no link or log."""
    address = typed.text("address")
    found: list[overview.DeliveryLine] | None = None
    form, status = Form({"address": address}), 200
    try:
        found = reading.to_address(principal, address)
    except Invalid as invalid:
        form, status = Form({"address": address}, invalid), 422
    return pages.render(
        request,
        "delivery/search.html",
        status,
        found=found,
        form=form,
        most=reading.MOST_FOUND,
        states=labels,
        zone=city().timezone,
    )


@router.get("/search")
def search_form(request: Request, _principal: Opener) -> Response:
    """The same page before anything is looked for, as after a reload without its form."""
    return pages.render(request, "delivery/search.html", found=None, form=Form(), states=labels)


@router.get("/{delivery_id}")
def show(request: Request, principal: Reader, delivery_id: uuid.UUID, done: str = "") -> Response:
    """One message: to whom, why, and what became of it. The address is masked."""
    return _page(request, principal, delivery_id, done=done)


@router.post("/{delivery_id}")
def opened(request: Request, principal: Opener, delivery_id: uuid.UUID) -> Response:
    """The same with the address in full, which is noted in the audit trail."""
    return _page(request, principal, delivery_id, opened=True)


def _page(
    request: Request,
    principal: Principal,
    delivery_id: uuid.UUID,
    **shown: Any,  # noqa: ANN401
) -> Response:
    return pages.render(
        request,
        "delivery/one.html",
        one=reading.one(principal, delivery_id, opened=bool(shown.get("opened"))),
        opened=bool(shown.get("opened")),
        done=labels.said_after(str(shown.get("done"))),
        may_open=principal.may("contacts.view"),
        may_settle=principal.may("broadcasts.write"),
        states=labels,
        zone=city().timezone,
    )
