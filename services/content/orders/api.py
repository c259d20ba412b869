"""The JSON calls about orders and desks."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from fastapi.responses import Response

from services.chassis.auth import Principal, require
from services.chassis.idempotency import OncePerKey
from services.chassis.lists import DEFAULT_LIMIT, LARGEST_LIMIT, PageOut
from services.chassis.ratelimit import PublicRate
from services.content.orders import desks, erasing, links, marking, reading, service, staff_service
from services.content.orders.desks import DeskIn
from services.content.orders.links import LinksWanted
from services.content.orders.marking import Marked, MarkIn
from services.content.orders.moves import State, Way
from services.content.orders.reading import Filters
from services.content.orders.schemas import (
    AddressPatch,
    DeskOut,
    OrderForStaff,
    OrderIn,
    OrderOut,
    Placed,
)
from services.content.orders.staff_schemas import (
    ActivityOrderIn,
    ApproveIn,
    CancelIn,
    HandedIn,
    ReturnIn,
)
from services.content.stock.schemas import Store

api = APIRouter(tags=["orders"])

Viewer = Annotated[Principal, Depends(require("orders.view"))]
Manager = Annotated[Principal, Depends(require("orders.manage"))]
Limit = Annotated[int, Query(ge=1, le=LARGEST_LIMIT)]


@api.post("/orders", status_code=201, dependencies=[PublicRate])
def place_order(wanted: OrderIn, once: OncePerKey) -> Placed:
    """Order printed titles; ``copies`` has their slugs (``GET /titles``) and how many of each."""
    return service.place(wanted, once)


@api.get("/orders")
def list_orders(
    principal: Viewer,
    *,
    state: State | None = None,
    store: Store | None = None,
    way: Way | None = None,
    q: Annotated[str, Query(max_length=100)] = "",
    late: bool = False,
    cursor: str | None = None,
    limit: Limit = DEFAULT_LIMIT,
) -> PageOut[OrderForStaff]:
    """Staff: orders of one's stores, the newest first; ``q`` is a number or an address."""
    filters = Filters(state=state, store=store, way=way, words=q, late=late)
    found = reading.list_orders(principal, filters, cursor=cursor, limit=limit)
    return PageOut(items=list(found.items), next_cursor=found.next_cursor)


@api.post("/orders/links", status_code=202, dependencies=[PublicRate])
def ask_for_links(wanted: LinksWanted) -> dict[str, str]:
    """Have the links to one's orders sent again. The answer is always the same."""
    links.ask(wanted)
    return {"status": "accepted"}


@api.post("/orders/marks", status_code=201)
def mark_orders(wanted: MarkIn, principal: Manager, once: OncePerKey) -> Marked:
    """Staff: mark many at once; people are told when it can no longer be undone."""
    return marking.mark(principal, wanted, once)


@api.post("/orders/marks/{batch_id:uuid}/undo")
def undo_marks(batch_id: uuid.UUID, principal: Manager) -> dict[str, int]:
    """Staff: take back what one has just marked oneself."""
    return {"back": marking.undo(principal, batch_id)}


@api.post("/orders/for-activity", status_code=201)
def order_for_activity(
    wanted: ActivityOrderIn, principal: Manager, once: OncePerKey
) -> OrderForStaff:
    """Staff: have brochures packed for an activity."""
    return staff_service.order_for_activity(principal, wanted, once)


@api.get("/orders/{order_id:uuid}")
def get_order(order_id: uuid.UUID, principal: Viewer) -> OrderForStaff:
    """Staff: one order of one's stores."""
    return reading.get_order(principal, order_id)


@api.post("/orders/{order_id:uuid}/approve")
def approve_order(order_id: uuid.UUID, wanted: ApproveIn, principal: Manager) -> OrderForStaff:
    """Staff: say how much an organisation gets."""
    return staff_service.approve(principal, order_id, wanted)


@api.post("/orders/{order_id:uuid}/pass-on")
def pass_order_on(order_id: uuid.UUID, principal: Manager) -> OrderForStaff:
    """Staff of a district: hand a request to the city."""
    return staff_service.pass_on(principal, order_id)


@api.post("/orders/{order_id:uuid}/cancel")
def cancel_order(order_id: uuid.UUID, wanted: CancelIn, principal: Manager) -> OrderForStaff:
    """Staff: cancel with a reason that whoever ordered reads."""
    return staff_service.cancel(principal, order_id, wanted)


@api.post("/orders/{order_id:uuid}/returned")
def take_order_back(order_id: uuid.UUID, wanted: ReturnIn, principal: Manager) -> OrderForStaff:
    """Staff: a parcel came back; its copies are put back or written off."""
    return staff_service.came_back(principal, order_id, wanted)


@api.post("/orders/{order_id:uuid}/looked-into")
def look_into_order(order_id: uuid.UUID, principal: Manager) -> OrderForStaff:
    """Staff: what was said to be missing was looked into."""
    return staff_service.looked_into(principal, order_id)


@api.post("/orders/{order_id:uuid}/handed-out")
def hand_order_out(order_id: uuid.UUID, wanted: HandedIn, principal: Manager) -> OrderForStaff:
    """Staff: book out what was handed out at an activity."""
    return staff_service.hand_out(principal, order_id, wanted)


@api.get("/orders/{token}")
def look(token: str) -> OrderOut:
    """One's own order, by its link."""
    return service.look(token)


@api.patch("/orders/{token}", dependencies=[PublicRate])
def readdress(token: str, patch: AddressPatch) -> OrderOut:
    """Have it brought to another door, as long as it is not packed."""
    return service.readdress(token, patch.address)


@api.delete("/orders/{token}", dependencies=[PublicRate])
def cancel_own(token: str) -> OrderOut:
    """Take one's own order back, as long as it is not packed."""
    return service.cancel(token)


@api.post("/orders/{token}/arrived", dependencies=[PublicRate])
def say_arrived(token: str) -> OrderOut:
    """Say that one's own order is there."""
    return service.arrived(token)


@api.post("/orders/{token}/missing", dependencies=[PublicRate])
def say_missing(token: str) -> OrderOut:
    """Say that it has not come; staff look for it."""
    return service.missing(token)


@api.delete("/orders/{token}/data", status_code=204, dependencies=[PublicRate])
def erase_own(token: str) -> Response:
    """Have everything personal in one's order erased at once."""
    erasing.erase_own(token)
    return Response(status_code=204)


@api.get("/desks")
def list_desks() -> PageOut[DeskOut]:
    """The desks where orders can be fetched, by district."""
    return PageOut(items=list(desks.open_desks()), next_cursor=None)


@api.post("/desks", status_code=201)
def create_desk(wanted: DeskIn, principal: Manager, once: OncePerKey) -> DeskOut:
    """Staff: add a desk."""
    return desks.create(principal, wanted, once)


@api.put("/desks/{desk_id:uuid}")
def edit_desk(desk_id: uuid.UUID, wanted: DeskIn, principal: Manager) -> DeskOut:
    """Staff: describe a desk anew."""
    return desks.edit(principal, desk_id, wanted)
