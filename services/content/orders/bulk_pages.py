"""Many orders at once: marking with a look beforehand, undoing, the picking list, labels."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Annotated, cast, get_args

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from markupsafe import Markup

from services.chassis.forms import Form, TypedForm
from services.chassis.i18n import lazy, localized
from services.chassis.idempotency import once_per_form
from services.chassis.problems import Invalid, Problem
from services.content.database import pages
from services.content.orders import marking, reading, staff_service
from services.content.orders.marking import MOST_AT_ONCE, Act, MarkIn
from services.content.orders.numbers import sign
from services.content.orders.schemas import OrderForStaff
from services.content.orders.staff_pages import Manager, Viewer, marking_name
from services.content.orders.staff_schemas import ActivityOrderIn
from services.content.orders.words import words
from services.content.stock.reading import all_titles
from services.content.stock.stores import store_name, stores_of

site = APIRouter(prefix="/staff/orders")

Chosen = Annotated[list[str] | None, Query()]
# A sheet of labels: two beside each other, four rows (99.1 × 67.7 mm, as Avery L7165).
_ON_A_SHEET = 8


@site.get("/mark")
def preview(request: Request, principal: Manager, act: str = "", order: Chosen = None) -> Response:
    """What marking the chosen orders will do; the POST does it."""
    ids = _ids(order or [])
    if act not in get_args(Act) or not ids:
        raise _nothing_chosen()
    return _preview(request, principal, cast("Act", act), ids, Form())


@site.post("/mark")
def mark(request: Request, principal: Manager, typed: TypedForm) -> Response:
    """Mark them, and lead back to the list, where it can be undone for a while."""
    ids = _ids(typed.texts("orders"))
    act = typed.text("act")
    if act not in get_args(Act) or not ids:
        raise _nothing_chosen()
    try:
        done = marking.mark(principal, typed.parse(MarkIn), once_per_form(request, typed))
    except Invalid as error:
        form = Form(typed.values(), error)
        return _preview(request, principal, cast("Act", act), ids, form, status=422)
    return RedirectResponse(f"/staff/orders?batch={done.id}", 303)


@site.post("/marks/{batch_id:uuid}/undo")
def undo(batch_id: uuid.UUID, principal: Manager) -> Response:
    """Take back what one has just marked."""
    marking.undo(principal, batch_id)
    return RedirectResponse(f"/staff/orders?batch={batch_id}", 303)


@site.get("/picking")
def picking_page(request: Request, principal: Viewer, order: Chosen = None) -> HTMLResponse:
    """What to take from which shelf: for the chosen orders, or all that wait to be packed."""
    return pages.render(
        request,
        "orders/picking.html",
        lists=reading.picking(principal, _ids(order or [])),
        **words(),
    )


@site.get("/labels")
def labels_page(request: Request, principal: Viewer, order: Chosen = None) -> HTMLResponse:
    """A label for each chosen parcel, on sheets of A4."""
    orders = reading.several(principal, _ids(order or []))
    parcels = [one for one in orders if one.name and (one.address or one.desk)]
    sheets = [parcels[n : n + _ON_A_SHEET] for n in range(0, len(parcels), _ON_A_SHEET)]
    return pages.render(
        request,
        "orders/labels.html",
        sheets=sheets,
        without=len(orders) - len(parcels),
        sign=_sign,
        **words(),
    )


@site.get("/for-activity")
def activity_page(request: Request, principal: Manager, activity: str = "") -> HTMLResponse:
    """The form for brochures that go with an activity."""
    values = {"activity_id": activity, "store": stores_of(principal)[0]}
    return _activity_page(request, principal, Form(values))


@site.post("/for-activity")
def order_for_activity(request: Request, principal: Manager, typed: TypedForm) -> Response:
    """Have them packed."""
    try:
        done = staff_service.order_for_activity(
            principal, typed.parse(ActivityOrderIn), once_per_form(request, typed)
        )
    except Invalid as error:
        return _activity_page(request, principal, Form(typed.values(), error), status=422)
    return RedirectResponse(f"/staff/orders/{done.id}", 303)


def _ids(texts: Sequence[str]) -> list[uuid.UUID]:
    """Ids from an address or a form; what is none is left out."""
    found = []
    for text in texts[:MOST_AT_ONCE]:
        try:
            found.append(uuid.UUID(text))
        except ValueError:
            continue
    return found


def _sign(order: OrderForStaff) -> Markup:
    return Markup(sign(order.number))  # noqa: S704 - made of an order's number by us


def _nothing_chosen() -> Problem:
    return Problem(
        422,
        "nothing-chosen",
        lazy("Nothing is chosen."),
        lazy("Please go back, tick some orders and choose what is to be done with them."),
    )


def _preview(
    request: Request,
    principal: Manager,
    act: Act,
    ids: list[uuid.UUID],
    form: Form,
    *,
    status: int = 200,
) -> HTMLResponse:
    return pages.render(
        request,
        "orders/preview.html",
        status,
        act=act,
        title=marking_name(act),
        found=marking.preview(principal, act, ids),
        minutes=int(marking.UNDO_FOR.total_seconds() // 60),
        form=form,
        **words(),
    )


def _activity_page(
    request: Request, principal: Manager, form: Form, *, status: int = 200
) -> HTMLResponse:
    coming = [(str(one.id), localized(one.title)) for one in reading.coming_activities(principal)]
    return pages.render(
        request,
        "orders/for_activity.html",
        status,
        form=form,
        coming=coming,
        titles=[title for title in all_titles() if title.in_stock],
        store_options=[(one, store_name(one)) for one in stores_of(principal)],
        **words(),
    )
