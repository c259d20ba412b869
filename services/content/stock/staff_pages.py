"""The staff's pages of stock: what lies where, a title, taking in and counting, the report."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import date
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import BaseModel

from services.chassis import sheets
from services.chassis.auth import Principal, require
from services.chassis.forms import Form, TypedForm
from services.chassis.i18n import lazy, localized
from services.chassis.idempotency import Once, once_per_form
from services.chassis.problems import FieldError, Invalid, Problem
from services.chassis.reference import city
from services.content.database import pages
from services.content.language import options, said_in
from services.content.materials.pages import LANGUAGE_NAMES
from services.content.stock import reading, report, service
from services.content.stock.models import MOVEMENT_NAMES, TITLE_KINDS
from services.content.stock.schemas import (
    CountIn,
    ReceiveIn,
    ShelfIn,
    TitleIn,
    TitleOut,
    WriteOffIn,
)
from services.content.stock.stores import store_name, stores_of

site = APIRouter(prefix="/staff/stock")

Viewer = Annotated[Principal, Depends(require("orders.view"))]
Manager = Annotated[Principal, Depends(require("orders.manage"))]

_PER_PAGE: Final = 20
_ACTS: Final[dict[str, tuple[type[BaseModel], Callable[[Principal, Any, Once], object]]]] = {
    "received": (ReceiveIn, service.receive),
    "written-off": (WriteOffIn, service.write_off),
    "counted": (CountIn, service.count),
}


@site.get("")
def list_page(request: Request, principal: Viewer, store: str = "") -> HTMLResponse:
    """What lies in the stores, and the titles that lie in none."""
    chosen = store if store in stores_of(principal) else None
    lines = reading.stock_lines(principal, store=chosen)
    there = {line.title.id for line in lines}
    return pages.render(
        request,
        "stock/list.html",
        lines=lines,
        without=[title for title in reading.all_titles() if title.id not in there],
        form=Form({"store": chosen or ""}),
        low=sum(line.stock.is_low for line in lines),
        **words(principal),
    )


@site.get("/titles/new")
def new_page(request: Request, principal: Manager, material: str = "") -> HTMLResponse:
    """An empty form; with ``material``, for the printed copy of that one."""
    values: dict[str, Any] = {"kind": "brochure", "most_each": 2, "per_days": 90, "offered": "on"}
    found = dict(reading.materials_to_print())
    for material_id, title in found.items():
        if str(material_id) == material:
            values |= {"material_id": material, "languages": list(title)}
            values |= {f"title.{tag}": text for tag, text in title.items()}
    return _form_page(request, principal, Form(values))


@site.post("/titles/new")
def create(request: Request, principal: Manager, typed: TypedForm) -> Response:
    """Put a title into the catalogue."""
    try:
        done = service.create(principal, typed.parse(TitleIn), once_per_form(request, typed))
    except Invalid as error:
        return _form_page(request, principal, Form(typed.values(), error), status=422)
    return RedirectResponse(f"/staff/stock/titles/{done.id}", 303)


@site.get("/titles/{title_id:uuid}")
def title_page(
    request: Request, title_id: uuid.UUID, principal: Viewer, cursor: str | None = None
) -> HTMLResponse:
    """A title: where it lies, taking in and counting, its ledger."""
    return _title_page(request, principal, title_id, Form(), cursor=cursor)


@site.post("/titles/{title_id:uuid}/movements")
def move(request: Request, title_id: uuid.UUID, principal: Manager, typed: TypedForm) -> Response:
    """Take copies in, write some off, or correct the books."""
    act = typed.text("act")
    try:
        if act not in _ACTS:
            raise Invalid([FieldError("act", lazy("Please choose what happened."))])
        model, use_case = _ACTS[act]
        wanted = typed.parse(model, title_id=title_id, act=act)
        use_case(principal, wanted, once_per_form(request, typed))
    except Invalid as error:
        return _title_page(request, principal, title_id, Form(typed.values(), error), status=422)
    except Problem as problem:
        if problem.status != 409:
            raise
        # Said beside the number that cannot be.
        field = "counted" if act == "counted" else "copies"
        said = Invalid([FieldError(field, f"{problem.title} {problem.detail}")])
        return _title_page(request, principal, title_id, Form(typed.values(), said), status=409)
    return RedirectResponse(f"/staff/stock/titles/{title_id}#ledger", 303)


@site.post("/titles/{title_id:uuid}/stores/{store}")
def arrange(
    request: Request, title_id: uuid.UUID, store: str, principal: Manager, typed: TypedForm
) -> Response:
    """Write down the shelf and the warning of one store."""
    try:
        service.arrange(principal, title_id, store, typed.parse(ShelfIn))
    except Invalid as error:
        form = Form(typed.values() | {"arranged": store}, error)
        return _title_page(request, principal, title_id, form, status=422)
    return RedirectResponse(f"/staff/stock/titles/{title_id}", 303)


@site.get("/titles/{title_id:uuid}/edit")
def edit_page(request: Request, title_id: uuid.UUID, principal: Manager) -> HTMLResponse:
    """The form with what is stored."""
    title = reading.get_title(str(title_id))
    principal.must_cover(title.district)
    form = Form.of(title)
    form.values["offered"] = "on" if title.offered else ""
    return _form_page(request, principal, form, title)


@site.post("/titles/{title_id:uuid}/edit")
def edit(request: Request, title_id: uuid.UUID, principal: Manager, typed: TypedForm) -> Response:
    """Keep the changes."""
    try:
        service.edit(principal, title_id, typed.parse(TitleIn), typed.version())
    except Invalid as error:
        stored = reading.get_title(str(title_id))
        # Whoever has read the notice and sends again means to replace the other change.
        form = Form(typed.values() | {"version": stored.version}, error)
        return _form_page(request, principal, form, stored, status=422)
    return RedirectResponse(f"/staff/stock/titles/{title_id}", 303)


@site.get("/report")
def report_page(request: Request, principal: Viewer, since: str = "") -> HTMLResponse:
    """By month, store and title: what came, went, came back and was left."""
    return pages.render(
        request,
        "stock/report.html",
        months=report.months(principal, since=_month(since)),
        form=Form({"since": since if _month(since) else ""}),
        **words(principal),
    )


@site.get("/report.{form}")
def report_file(principal: Viewer, form: sheets.Format, since: str = "") -> Response:
    """The same as a file, CSV or XLSX."""
    found = report.months(principal, since=_month(since))[: sheets.MOST_IN_XLSX]
    heads = [str(head) for head in report.HEADS]
    return sheets.download(
        str(lazy("Stock report")), form, heads, list(report.rows(found)), plain="stock-report"
    )


def _month(text: str) -> date | None:
    """The first day of a month written ``2026-11``; ``None`` for anything else."""
    try:
        return date.fromisoformat(f"{text}-01")
    except ValueError:
        return None


def _title_page(
    request: Request,
    principal: Principal,
    title_id: uuid.UUID,
    form: Form,
    *,
    cursor: str | None = None,
    status: int = 200,
) -> HTMLResponse:
    ledger = reading.movements(principal, title_id=title_id, cursor=cursor, limit=_PER_PAGE)
    form.values.setdefault("store", stores_of(principal)[0])
    form.values.setdefault("act", "received")
    return pages.render(
        request,
        "stock/title.html",
        status,
        title=reading.get_title(str(title_id)),
        lines=reading.stock_lines(principal, title_id=title_id),
        ledger=ledger.items,
        next_cursor=ledger.next_cursor,
        form=form,
        zone=city().timezone,
        **words(principal),
    )


def _form_page(
    request: Request,
    principal: Principal,
    form: Form,
    stored: TitleOut | None = None,
    *,
    status: int = 200,
) -> HTMLResponse:
    districts: list[tuple[str, str]] = []
    if principal.district is None:
        districts = [(code, localized(name)) for code, name in city().districts.items()]
    return pages.render(
        request,
        "stock/form.html",
        status,
        form=form,
        stored=stored,
        districts=districts,
        materials=[(str(id_), localized(title)) for id_, title in reading.materials_to_print()],
        **words(principal),
    )


def words(principal: Principal) -> dict[str, Any]:
    """What templates about stock need to put codes into words."""
    return {
        "store_name": store_name,
        "store_options": [(store, store_name(store)) for store in stores_of(principal)],
        "kind_names": TITLE_KINDS,
        "kind_options": options(TITLE_KINDS),
        "language_names": LANGUAGE_NAMES,
        "language_options": options(LANGUAGE_NAMES),
        "movement_names": MOVEMENT_NAMES,
        "said_in": said_in,
    }
