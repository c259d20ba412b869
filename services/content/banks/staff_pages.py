"""The staff's pages of question banks: list, one bank with its items, exports."""

from __future__ import annotations

import json
import re
import uuid
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from services.chassis.auth import Principal, require
from services.chassis.forms import Form, TypedForm
from services.chassis.i18n import lazy, localized, ngettext
from services.chassis.idempotency import once_per_form
from services.chassis.problems import Invalid
from services.chassis.reference import city
from services.content.banks import reading, service
from services.content.banks.reading import Filters
from services.content.banks.records import BankIn, BankOut, BankPatch
from services.content.banks.schemas import KIND_NAMES
from services.content.database import pages
from services.content.language import options, said_in

site = APIRouter(prefix="/staff/banks")

Viewer = Annotated[Principal, Depends(require("quizzes.view"))]
Editor = Annotated[Principal, Depends(require("quizzes.edit"))]

DONE: Final = {
    "taken": lazy("The items of the file are in the bank."),
    "discarded": lazy("The file is put aside. Nothing of it was written."),
    "saved": lazy("The item is kept."),
    "retired": lazy("The item is drawn no more."),
    "restored": lazy("The item is drawn again."),
}


@site.get("")
def list_page(request: Request, principal: Viewer) -> HTMLResponse:
    """The banks of the office and of the city."""
    return pages.render(request, "banks/list.html", banks=reading.list_banks(principal))


@site.get("/new")
def new_page(request: Request, principal: Editor) -> HTMLResponse:
    """An empty form."""
    return _form_page(request, principal, Form())


@site.post("/new")
def create(request: Request, principal: Editor, typed: TypedForm) -> Response:
    """Begin a bank."""
    try:
        done = service.create(principal, typed.parse(BankIn), once_per_form(request, typed))
    except Invalid as error:
        return _form_page(request, principal, Form(typed.values(), error), status=422)
    return RedirectResponse(f"/staff/banks/{done.id}", 303)


@site.get("/{bank_id:uuid}")
def overview(
    request: Request,
    bank_id: uuid.UUID,
    principal: Viewer,
    *,
    kind: str = "",
    tag: str = "",
    q: str = "",
    retired: str = "",
    cursor: str | None = None,
    done: str = "",
) -> HTMLResponse:
    """One bank: its items, with filters that live in the address."""
    bank = reading.get_bank(principal, bank_id)
    filters = Filters(
        kind=kind if kind in KIND_NAMES else None,
        tag=tag or None,
        words=q[:100],
        retired=retired == "yes",
    )
    found = reading.list_items(principal, bank_id, filters, cursor=cursor)
    tags = reading.bank_tags([bank_id])[bank_id]
    return pages.render(
        request,
        "banks/view.html",
        bank=bank,
        items=found.items,
        next_cursor=found.next_cursor,
        tags=tags,
        form=Form({"kind": kind, "tag": tag, "q": q, "retired": retired}),
        filtered=bool(kind or tag or q),
        kind_names=KIND_NAMES,
        kind_options=options(KIND_NAMES),
        said_in=said_in,
        may_edit=may_edit(principal, bank),
        done=DONE.get(done),
        zone=city().timezone,
    )


def may_edit(principal: Principal, bank: BankOut) -> bool:
    """Whether the caller may change a bank, not only draw from it."""
    return principal.may("quizzes.edit") and principal.covers(bank.district)


@site.get("/{bank_id:uuid}/edit")
def edit_page(request: Request, bank_id: uuid.UUID, principal: Editor) -> HTMLResponse:
    """The form with what the bank is called."""
    bank = reading.get_bank(principal, bank_id)
    principal.must_cover(bank.district)
    return _form_page(request, principal, Form.of(bank), bank)


@site.post("/{bank_id:uuid}/edit")
def edit(request: Request, bank_id: uuid.UUID, principal: Editor, typed: TypedForm) -> Response:
    """Keep what it is called."""
    try:
        wanted = typed.parse(BankIn)
        service.edit(principal, bank_id, BankPatch(name=wanted.name, about=wanted.about))
    except Invalid as error:
        bank = reading.get_bank(principal, bank_id)
        return _form_page(request, principal, Form(typed.values(), error), bank, status=422)
    return RedirectResponse(f"/staff/banks/{bank_id}", 303)


@site.get("/{bank_id:uuid}/remove")
def remove_page(request: Request, bank_id: uuid.UUID, principal: Editor) -> HTMLResponse:
    """What deleting will do."""
    bank = reading.get_bank(principal, bank_id)
    principal.must_cover(bank.district)
    count = bank.items + bank.retired
    counted = ngettext(
        "%(count)s item is deleted with it.", "%(count)s items are deleted with it.", count
    )
    return pages.render(
        request,
        "confirm.html",
        title=lazy("Delete “%(name)s”?", name=localized(bank.name)),
        text="",
        consequences=[
            counted % {"count": count},
            lazy("Papers and results that there are keep what was asked."),
            lazy("This cannot be undone. Download the bank as JSON first to keep it."),
        ],
        button=lazy("Delete the bank"),
        danger=True,
        cancel_url=f"/staff/banks/{bank_id}",
    )


@site.post("/{bank_id:uuid}/remove")
def remove(bank_id: uuid.UUID, principal: Editor) -> Response:
    """Delete it."""
    service.remove(principal, bank_id)
    return RedirectResponse("/staff/banks", 303)


@site.get("/{bank_id:uuid}/export.gift")
def export_gift(bank_id: uuid.UUID, principal: Viewer, language: str = "zh-CN") -> Response:
    """The bank as a file in Moodle's GIFT, in one language."""
    tag: Any = "en" if language == "en" else "zh-CN"
    text = reading.as_gift(principal, bank_id, tag)
    name = f"{_file_name(principal, bank_id)}.{tag}.gift.txt"
    return _download(text, name, "text/plain; charset=utf-8")


@site.get("/{bank_id:uuid}/export.json")
def export_json(bank_id: uuid.UUID, principal: Viewer) -> Response:
    """The bank as a JSON file, in both languages."""
    text = json.dumps(reading.as_json(principal, bank_id), ensure_ascii=False, indent=2)
    return _download(text, f"{_file_name(principal, bank_id)}.json", "application/json")


def _file_name(principal: Principal, bank_id: uuid.UUID) -> str:
    """The English name in signs that every system takes in a file's name."""
    name = reading.get_bank(principal, bank_id).name.get("en", "")
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or f"bank-{bank_id.hex[-8:]}"


def _download(text: str, name: str, media_type: str) -> Response:
    return Response(
        text,
        media_type=media_type,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _form_page(
    request: Request,
    principal: Principal,
    form: Form,
    bank: BankOut | None = None,
    status: int = 200,
) -> HTMLResponse:
    districts: list[tuple[str, str]] = []
    if principal.district is None and bank is None:
        districts = [(code, localized(name)) for code, name in city().districts.items()]
    return pages.render(
        request, "banks/form.html", status, form=form, bank=bank, districts=districts
    )
