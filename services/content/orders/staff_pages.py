"""The staff's pages of orders: the list, one order and what can be done with it."""

from __future__ import annotations

import uuid
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from services.chassis.auth import Principal, require
from services.chassis.forms import Form, TypedForm
from services.chassis.i18n import lazy
from services.chassis.problems import Invalid, Problem
from services.content.database import pages
from services.content.orders import marking, reading, staff_service
from services.content.orders.marking import MarkIn
from services.content.orders.moves import BULK, MOVES, PROMISED, WAY_NAMES
from services.content.orders.reading import Filters
from services.content.orders.schemas import OrderForStaff
from services.content.orders.staff_schemas import ApproveIn, CancelIn, HandedIn, ReturnIn
from services.content.orders.words import words
from services.content.stock.stores import CITY, store_name, stores_of

site = APIRouter(prefix="/staff/orders")

Viewer = Annotated[Principal, Depends(require("orders.view"))]
Manager = Annotated[Principal, Depends(require("orders.manage"))]

_PER_PAGE: Final = 50
# The states whose counts stand on top of the list: where somebody has to do something.
_WAITING: Final = ("requested", "ordered", "packed", "ready", "sent")


@site.get("")
def list_page(
    request: Request,
    principal: Viewer,
    *,
    state: str = "",
    store: str = "",
    way: str = "",
    q: str = "",
    late: str = "",
    batch: str = "",
    cursor: str | None = None,
) -> HTMLResponse:
    """Orders of one's stores, with filters that live in the address; many are marked from here."""
    filters = Filters(
        state=next((known for known in MOVES if known == state), None),
        store=store if store in stores_of(principal) else None,
        way=next((known for known in ("door", "desk", "activity") if known == way), None),
        words=q.strip(),
        late=bool(late),
    )
    found = reading.list_orders(principal, filters, cursor=cursor, limit=_PER_PAGE)
    return pages.render(
        request,
        "orders/staff_list.html",
        orders=found.items,
        next_cursor=found.next_cursor,
        filters=filters,
        form=Form({"state": state, "store": store, "way": way, "q": q, "late": late}),
        counts=reading.counts(principal),
        waiting=_WAITING,
        late=reading.count_late(principal),
        marked=_marked(principal, batch),
        acts=[(act, marking_name(act)) for act in BULK],
        store_options=[(one, store_name(one)) for one in stores_of(principal)],
        **words(),
    )


def marking_name(act: str) -> str:
    """What staff do, as a button says it."""
    return str(words()["act_names"][act])


def _marked(principal: Principal, batch: str) -> marking.Marked | None:
    try:
        return marking.look(principal, uuid.UUID(batch))
    except ValueError:
        return None


@site.get("/number/{number}")
def by_number(number: str, principal: Viewer) -> Response:
    """Where the picture on a label leads."""
    return RedirectResponse(f"/staff/orders/{reading.by_number(principal, number).id}", 303)


@site.get("/{order_id:uuid}")
def overview(request: Request, order_id: uuid.UUID, principal: Viewer) -> HTMLResponse:
    """One order, and what can be done with it now."""
    return _overview(request, principal, order_id)


@site.get("/{order_id:uuid}/mark/{act}")
def mark_page(request: Request, order_id: uuid.UUID, act: str, principal: Manager) -> Response:
    """What marking this one order will do; for what is sent, with whom."""
    order = reading.get_order(principal, order_id)
    if act not in BULK or not words()["may"](order.state, act, order.way):
        return RedirectResponse(f"/staff/orders/{order_id}", 303)
    return _mark_page(request, order, act, Form())


@site.post("/{order_id:uuid}/mark/{act}")
def mark(
    request: Request, order_id: uuid.UUID, act: str, principal: Manager, typed: TypedForm
) -> Response:
    """Mark it; whoever ordered is told at once."""
    tracking = {str(order_id): typed.text("tracking")}
    try:
        wanted = typed.parse(MarkIn, act=act, orders=[order_id], tracking=tracking)
        marking.mark_one(principal, order_id, wanted)
    except Invalid as error:
        order = reading.get_order(principal, order_id)
        return _mark_page(request, order, act, Form(typed.values(), error), status=422)
    except Problem as problem:
        return _refused(request, principal, order_id, problem)
    return RedirectResponse(f"/staff/orders/{order_id}", 303)


@site.post("/{order_id:uuid}/approve")
def approve(
    request: Request, order_id: uuid.UUID, principal: Manager, typed: TypedForm
) -> Response:
    """Give an organisation so many copies."""
    try:
        staff_service.approve(principal, order_id, typed.parse(ApproveIn))
    except Problem as problem:
        return _refused(request, principal, order_id, problem, Form(typed.values()))
    return RedirectResponse(f"/staff/orders/{order_id}", 303)


@site.post("/{order_id:uuid}/pass-on")
def pass_on(request: Request, order_id: uuid.UUID, principal: Manager) -> Response:
    """Hand it to the city's store; a district's staff see it no longer."""
    try:
        staff_service.pass_on(principal, order_id)
    except Problem as problem:
        return _refused(request, principal, order_id, problem)
    return RedirectResponse("/staff/orders", 303)


@site.post("/{order_id:uuid}/looked-into")
def looked_into(order_id: uuid.UUID, principal: Manager) -> Response:
    """What was said to be missing was looked into."""
    staff_service.looked_into(principal, order_id)
    return RedirectResponse(f"/staff/orders/{order_id}", 303)


@site.post("/{order_id:uuid}/handed-out")
def hand_out(
    request: Request, order_id: uuid.UUID, principal: Manager, typed: TypedForm
) -> Response:
    """Book out what was handed out."""
    try:
        staff_service.hand_out(principal, order_id, typed.parse(HandedIn))
    except Problem as problem:
        return _refused(request, principal, order_id, problem, Form(typed.values()))
    return RedirectResponse(f"/staff/orders/{order_id}", 303)


@site.get("/{order_id:uuid}/cancel")
def cancel_page(request: Request, order_id: uuid.UUID, principal: Manager) -> HTMLResponse:
    """What cancelling will do, and the question why."""
    return _cancel_page(request, reading.get_order(principal, order_id), Form())


@site.post("/{order_id:uuid}/cancel")
def cancel(request: Request, order_id: uuid.UUID, principal: Manager, typed: TypedForm) -> Response:
    """Cancel it."""
    try:
        staff_service.cancel(principal, order_id, typed.parse(CancelIn))
    except Invalid as error:
        order = reading.get_order(principal, order_id)
        return _cancel_page(request, order, Form(typed.values(), error), status=422)
    except Problem as problem:
        return _refused(request, principal, order_id, problem)
    return RedirectResponse(f"/staff/orders/{order_id}", 303)


@site.get("/{order_id:uuid}/returned")
def return_page(request: Request, order_id: uuid.UUID, principal: Manager) -> HTMLResponse:
    """A parcel came back: can its copies be given to somebody else?"""
    return _return_page(request, reading.get_order(principal, order_id), Form({"fit": "yes"}))


@site.post("/{order_id:uuid}/returned")
def came_back(
    request: Request, order_id: uuid.UUID, principal: Manager, typed: TypedForm
) -> Response:
    """Take it back."""
    try:
        staff_service.came_back(principal, order_id, typed.parse(ReturnIn))
    except Invalid as error:
        order = reading.get_order(principal, order_id)
        return _return_page(request, order, Form(typed.values(), error), status=422)
    except Problem as problem:
        return _refused(request, principal, order_id, problem)
    return RedirectResponse(f"/staff/orders/{order_id}", 303)


def _refused(
    request: Request,
    principal: Principal,
    order_id: uuid.UUID,
    problem: Problem,
    form: Form | None = None,
) -> HTMLResponse:
    """The order's page with what could not be done, and what was typed still there."""
    if isinstance(problem, Invalid):
        form = Form(form.values if form else None, problem)
        return _overview(request, principal, order_id, form=form, status=422)
    if problem.status != 409:
        raise problem
    return _overview(request, principal, order_id, problem=problem, status=409)


def _overview(
    request: Request,
    principal: Principal,
    order_id: uuid.UUID,
    *,
    form: Form | None = None,
    problem: Problem | None = None,
    status: int = 200,
) -> HTMLResponse:
    order = reading.get_order(principal, order_id)
    form = form or Form()
    for line in order.lines:
        form.values.setdefault(f"copies.{line.slug}", line.asked)
        form.values.setdefault(f"handed.{line.slug}", line.copies)
    form.values.setdefault("store", order.store)
    activity = reading.activity_title(order.activity_id) if order.activity_id else ""
    return pages.render(
        request,
        "orders/staff_order.html",
        status,
        order=order,
        form=form,
        problem=problem,
        activity=activity,
        next_acts=[act for act in BULK if words()["may"](order.state, act, order.way)],
        may_cancel=order.state in PROMISED or order.state == "requested",
        may_return="returned" in MOVES[order.state] and order.way in MOVES[order.state]["returned"],
        city_store=CITY,
        store_options=[(one, store_name(one)) for one in _stores_for(principal, order)],
        way_name=WAY_NAMES[order.way],
        **words(),
    )


def _stores_for(principal: Principal, order: OrderForStaff) -> list[str]:
    """The stores that may give what an organisation asked for."""
    wanted = dict.fromkeys((order.store, order.district, CITY))
    return [store for store in wanted if store in stores_of(principal)]


def _mark_page(
    request: Request, order: OrderForStaff, act: str, form: Form, *, status: int = 200
) -> HTMLResponse:
    consequences: list[Any] = [lazy("Whoever ordered is told at once.")]
    if act in ("sent", "ready"):
        consequences.insert(0, lazy("The copies are booked out of the store."))
    if act == "collected":
        consequences = [lazy("The order is over.")]
    return pages.render(
        request,
        "orders/mark.html",
        status,
        title=lazy("%(act)s: %(number)s", act=marking_name(act), number=order.spaced),
        text="",
        consequences=consequences,
        button=marking_name(act),
        cancel_url=f"/staff/orders/{order.id}",
        form=form,
        act=act,
    )


def _cancel_page(
    request: Request, order: OrderForStaff, form: Form, *, status: int = 200
) -> HTMLResponse:
    return pages.render(
        request,
        "orders/reason.html",
        status,
        title=lazy("Cancel the order %(number)s?", number=order.spaced),
        text="",
        consequences=[
            lazy("Its copies are free for others at once."),
            lazy("Whoever ordered is told, with your reason."),
        ],
        button=lazy("Cancel the order"),
        danger=True,
        cancel_url=f"/staff/orders/{order.id}",
        form=form,
        asks_fit=False,
    )


def _return_page(
    request: Request, order: OrderForStaff, form: Form, *, status: int = 200
) -> HTMLResponse:
    return pages.render(
        request,
        "orders/reason.html",
        status,
        title=lazy("The order %(number)s came back", number=order.spaced),
        text="",
        consequences=[lazy("Whoever ordered is told, with your reason.")],
        button=lazy("Write it down"),
        cancel_url=f"/staff/orders/{order.id}",
        form=form,
        asks_fit=True,
    )
