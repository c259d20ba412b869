"""The staff's pages of one item: written, seen with its key, changed, drawn no more."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from services.chassis.auth import Principal, require
from services.chassis.forms import Form, TypedForm
from services.chassis.idempotency import once_per_form
from services.chassis.problems import Invalid, Problem
from services.content.banks import item_form, reading, service
from services.content.banks.records import ItemOut
from services.content.banks.schemas import KIND_NAMES
from services.content.banks.staff_pages import may_edit
from services.content.database import pages
from services.content.language import options, said_in

site = APIRouter(prefix="/staff/banks/{bank_id:uuid}/items")

Viewer = Annotated[Principal, Depends(require("quizzes.view"))]
Editor = Annotated[Principal, Depends(require("quizzes.edit"))]


@site.get("/new")
def new_page(
    request: Request, bank_id: uuid.UUID, principal: Editor, kind: str = ""
) -> HTMLResponse:
    """The choice of a kind, then an empty form of it."""
    bank = reading.get_bank(principal, bank_id)
    principal.must_cover(bank.district)
    if kind not in KIND_NAMES:
        return pages.render(
            request,
            "banks/item_kind.html",
            bank=bank,
            form=Form({"kind": "single"}),
            kind_options=options(KIND_NAMES),
        )
    return _form_page(request, principal, bank_id, kind, Form())


@site.post("/new")
def create(
    request: Request, bank_id: uuid.UUID, principal: Editor, typed: TypedForm, kind: str = "single"
) -> Response:
    """Keep a new item, or show more rows."""
    kind = kind if kind in KIND_NAMES else "single"
    if typed.text("more"):
        form = Form(item_form.compacted(kind, typed))
        return _form_page(request, principal, bank_id, kind, form, more=True)
    try:
        wanted = item_form.read(kind, typed)
        service.add_item(principal, bank_id, wanted, once_per_form(request, typed))
    except Invalid as error:
        form = Form(item_form.compacted(kind, typed), error)
        return _form_page(request, principal, bank_id, kind, form, status=422)
    return RedirectResponse(f"/staff/banks/{bank_id}?done=saved", 303)


@site.get("/{item_id:uuid}")
def overview(
    request: Request, bank_id: uuid.UUID, item_id: uuid.UUID, principal: Viewer
) -> HTMLResponse:
    """One item with its key, in both languages side by side."""
    bank = reading.get_bank(principal, bank_id)
    return pages.render(
        request,
        "banks/item.html",
        bank=bank,
        item=reading.get_item(principal, bank_id, item_id),
        kind_names=KIND_NAMES,
        may_edit=may_edit(principal, bank),
        said_in=said_in,
    )


@site.get("/{item_id:uuid}/edit")
def edit_page(
    request: Request, bank_id: uuid.UUID, item_id: uuid.UUID, principal: Editor
) -> HTMLResponse:
    """The form with what is stored."""
    item = reading.get_item(principal, bank_id, item_id)
    form = Form(item_form.filled(item))
    return _form_page(request, principal, bank_id, item.kind, form, item=item)


@site.post("/{item_id:uuid}/edit")
def edit(
    request: Request, bank_id: uuid.UUID, item_id: uuid.UUID, principal: Editor, typed: TypedForm
) -> Response:
    """Keep the changes, or show more rows."""
    item = reading.get_item(principal, bank_id, item_id)
    values = item_form.compacted(item.kind, typed)
    if typed.text("more"):
        return _form_page(
            request, principal, bank_id, item.kind, Form(values), item=item, more=True
        )
    try:
        wanted = item_form.read(item.kind, typed)
        service.edit_item(principal, bank_id, item_id, wanted, typed.version())
    except Invalid as error:
        form = Form(values, error)
        return _form_page(request, principal, bank_id, item.kind, form, item=item, status=422)
    except Problem as problem:
        if problem.status != 409:
            raise
        # Whoever has read the notice and sends again means to replace the other change.
        form = Form(values | {"version": item.version})
        return _form_page(
            request, principal, bank_id, item.kind, form, item=item, problem=problem, status=409
        )
    return RedirectResponse(f"/staff/banks/{bank_id}/items/{item_id}", 303)


@site.post("/{item_id:uuid}/retire")
def retire(bank_id: uuid.UUID, item_id: uuid.UUID, principal: Editor) -> Response:
    """Draw it no more; that can be undone, so nothing is asked."""
    service.retire_item(principal, bank_id, item_id, retired=True)
    return RedirectResponse(f"/staff/banks/{bank_id}?done=retired", 303)


@site.post("/{item_id:uuid}/restore")
def restore(bank_id: uuid.UUID, item_id: uuid.UUID, principal: Editor) -> Response:
    """Draw it again."""
    service.retire_item(principal, bank_id, item_id, retired=False)
    return RedirectResponse(f"/staff/banks/{bank_id}?done=restored", 303)


def _form_page(
    request: Request,
    principal: Principal,
    bank_id: uuid.UUID,
    kind: str,
    form: Form,
    *,
    item: ItemOut | None = None,
    more: bool = False,
    problem: Problem | None = None,
    status: int = 200,
) -> HTMLResponse:
    bank = reading.get_bank(principal, bank_id)
    principal.must_cover(bank.district)
    return pages.render(
        request,
        "banks/item_form.html",
        status,
        bank=bank,
        item=item,
        kind=kind,
        kind_names=KIND_NAMES,
        form=form,
        rows=item_form.rows_of(kind, form.values, more=more),
        tags=list(reading.bank_tags([bank_id])[bank_id]),
        problem=problem,
    )
