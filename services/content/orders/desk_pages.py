"""The staff's pages of the desks where orders are fetched."""

from __future__ import annotations

import uuid

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from services.chassis.auth import Principal
from services.chassis.forms import Form, TypedForm
from services.chassis.idempotency import once_per_form
from services.chassis.problems import Invalid
from services.chassis.reference import city, district_name
from services.content.database import pages
from services.content.orders import desks
from services.content.orders.desks import DeskIn
from services.content.orders.schemas import DeskOut
from services.content.orders.staff_pages import Manager, Viewer

site = APIRouter(prefix="/staff/orders/desks")


@site.get("")
def list_page(request: Request, principal: Viewer) -> HTMLResponse:
    """Every desk of the office, by district."""
    return pages.render(request, "orders/desks.html", desks=desks.all_desks(principal))


@site.get("/new")
def new_page(request: Request, principal: Manager) -> HTMLResponse:
    """An empty form."""
    form = Form({"is_open": "on", "district": principal.district or ""})
    return _form_page(request, principal, form)


@site.post("/new")
def create(request: Request, principal: Manager, typed: TypedForm) -> Response:
    """Add a desk."""
    try:
        desks.create(principal, typed.parse(DeskIn), once_per_form(request, typed))
    except Invalid as error:
        return _form_page(request, principal, Form(typed.values(), error), status=422)
    return RedirectResponse("/staff/orders/desks", 303)


@site.get("/{desk_id:uuid}")
def edit_page(request: Request, desk_id: uuid.UUID, principal: Manager) -> HTMLResponse:
    """The form with what is stored."""
    desk = desks.get_desk(principal, desk_id)
    form = Form.of(desk)
    form.values["is_open"] = "on" if desk.is_open else ""
    return _form_page(request, principal, form, desk)


@site.post("/{desk_id:uuid}")
def edit(request: Request, desk_id: uuid.UUID, principal: Manager, typed: TypedForm) -> Response:
    """Keep the changes."""
    try:
        desks.edit(principal, desk_id, typed.parse(DeskIn))
    except Invalid as error:
        stored = desks.get_desk(principal, desk_id)
        return _form_page(request, principal, Form(typed.values(), error), stored, status=422)
    return RedirectResponse("/staff/orders/desks", 303)


def _form_page(
    request: Request,
    principal: Principal,
    form: Form,
    stored: DeskOut | None = None,
    *,
    status: int = 200,
) -> HTMLResponse:
    codes = [principal.district] if principal.district else list(city().districts)
    return pages.render(
        request,
        "orders/desk_form.html",
        status,
        form=form,
        stored=stored,
        district_options=[(code, district_name(code)) for code in codes],
    )
