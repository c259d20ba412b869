"""The staff's pages of packs: list, begin, work on, give out, look back, take back."""

from __future__ import annotations

import uuid
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from services.chassis.auth import Principal, require
from services.chassis.forms import Form, TypedForm
from services.chassis.i18n import lazy, localized
from services.chassis.idempotency import once_per_form
from services.chassis.problems import Invalid, Problem
from services.content.database import pages
from services.content.language import named, options
from services.content.packs import occasions, reading, service
from services.content.packs.pages import words
from services.content.packs.schemas import PackForm, PackOut, PackPatch, WithdrawIn
from services.content.publication import MOVES, STATUS_NAMES, STATUS_TONES
from services.content.withdrawal import pages as withdrawal

site = APIRouter(prefix="/staff/packs")

Viewer = Annotated[Principal, Depends(require("materials.view"))]
Editor = Annotated[Principal, Depends(require("materials.edit"))]

_FIELD_NAMES = {
    "title": lazy("Title"),
    "letter": lazy("Covering letter"),
    "note": lazy("Note"),
    "text": lazy("Text"),
}


@site.get("")
def list_page(
    request: Request,
    principal: Viewer,
    *,
    status: str = "",
    q: str = "",
    holding: str = "",
    cursor: str | None = None,
) -> HTMLResponse:
    """All packs of the office, and what one is wanted for."""
    found = reading.list_for_staff(
        principal,
        status=status if status in MOVES else None,
        words=q,
        holding=holding,
        cursor=cursor,
    )
    return pages.render(
        request,
        "packs/staff_list.html",
        packs=found.items,
        next_cursor=found.next_cursor,
        counts=reading.counts_by_status(principal),
        wanted=occasions.wanted(principal),
        holding=holding,
        form=Form({"status": status, "q": q}),
        **_state_words(),
        status_options=options(STATUS_NAMES),
        **words(),
    )


@site.get("/new")
def new_page(
    request: Request, principal: Editor, activity: str = "", booking: str = ""
) -> HTMLResponse:
    """An empty form; with an activity or a booking in the address, begun for that."""
    form = Form(occasions.begun(principal, activity, booking))
    return _form_page(request, principal, form)


@site.post("/new")
def create(request: Request, principal: Editor, typed: TypedForm) -> Response:
    """Keep a new draft with what is proposed for its occasion."""
    try:
        wanted = occasions.split(typed.text("occasion"))
        pack = typed.parse(PackForm, items=None, **wanted)
        done = service.create(principal, pack, once_per_form(request, typed))
    except Invalid as error:
        return _form_page(request, principal, Form(typed.values(), error), status=422)
    except Problem as problem:
        if problem.kind != "pack-exists":
            raise
        return _form_page(request, principal, Form(typed.values()), problem=problem, status=409)
    return RedirectResponse(f"/staff/packs/{done.id}", 303)


@site.get("/{pack_id:uuid}")
def overview(request: Request, pack_id: uuid.UUID, principal: Viewer) -> HTMLResponse:
    """One pack to work on."""
    return pages.render(
        request,
        "packs/staff_view.html",
        found=reading.get_for_staff(principal, pack_id),
        **_state_words(),
        **words(),
    )


@site.get("/{pack_id:uuid}/edit")
def edit_page(request: Request, pack_id: uuid.UUID, principal: Editor) -> HTMLResponse:
    """The form with its title and letter."""
    stored = reading.get_for_staff(principal, pack_id).pack
    return _form_page(request, principal, _filled(stored), pack_id=pack_id, version=stored.version)


@site.post("/{pack_id:uuid}/edit")
def edit(request: Request, pack_id: uuid.UUID, principal: Editor, typed: TypedForm) -> Response:
    """Keep the changes for the next edition."""
    try:
        wanted = typed.parse(PackForm)
        fields = wanted.model_dump(include={"title", "letter", "countries", "topics", "audience"})
        service.edit(principal, pack_id, PackPatch(version=typed.version(), **fields))
    except Invalid as error:
        form = Form(typed.values(), error)
        version = typed.version()
        return _form_page(request, principal, form, pack_id=pack_id, version=version, status=422)
    except Problem as problem:
        if problem.status != 409:
            raise
        # Whoever has read the notice and sends again means to replace the other change.
        version = reading.get_for_staff(principal, pack_id).pack.version
        form = Form(typed.values() | {"version": version})
        return _form_page(
            request, principal, form, pack_id=pack_id, version=version, problem=problem, status=409
        )
    return RedirectResponse(f"/staff/packs/{pack_id}", 303)


@site.get("/{pack_id:uuid}/preview")
def preview(request: Request, pack_id: uuid.UUID, principal: Viewer) -> HTMLResponse:
    """What the next edition will look like to its holders."""
    return pages.render(
        request,
        "packs/staff_preview.html",
        pack=reading.preview(principal, pack_id),
        **words(),
    )


@site.get("/{pack_id:uuid}/publish")
def publish_page(request: Request, pack_id: uuid.UUID, principal: Editor) -> HTMLResponse:
    """What publishing will do."""
    pack = reading.get_for_staff(principal, pack_id).pack
    told = lazy("Nobody is told by us: please pass its link on.")
    if pack.booking_id:
        told = lazy("The organisation’s contact gets its link by e-mail.")
    elif pack.activity_id:
        told = lazy("The activity’s page and everybody’s ticket show it.")
        if pack.edition:
            told = lazy("Everybody registered gets an e-mail about what is new in it.")
    return pages.render(
        request,
        "confirm.html",
        title=lazy("Publish “%(title)s”?", title=localized(pack.title)),
        text="",
        consequences=[
            lazy("Everybody who has its link can read it; it stands on no list."),
            told,
            lazy("What it says today is kept as edition %(number)s.", number=pack.edition + 1),
        ],
        button=lazy("Publish now"),
        cancel_url=f"/staff/packs/{pack_id}",
        fields=[("version", pack.version)],
    )


@site.post("/{pack_id:uuid}/publish")
def publish(pack_id: uuid.UUID, principal: Editor, typed: TypedForm) -> Response:
    """Publish its next edition, as it was when that was asked."""
    service.publish(principal, pack_id, typed.version())
    return RedirectResponse(f"/staff/packs/{pack_id}", 303)


@site.get("/{pack_id:uuid}/editions/{number:int}")
def edition(request: Request, pack_id: uuid.UUID, number: int, principal: Viewer) -> HTMLResponse:
    """What holders got then, and what was new in it."""
    found, difference = reading.get_edition(principal, pack_id, number)
    return pages.render(
        request,
        "packs/edition.html",
        pack=reading.get_for_staff(principal, pack_id).pack,
        edition=found,
        difference=difference,
        field_names=_FIELD_NAMES,
        **words(),
    )


@site.get("/{pack_id:uuid}/withdraw")
def withdraw_page(request: Request, pack_id: uuid.UUID, principal: Editor) -> HTMLResponse:
    """What withdrawing will do, and the question why."""
    return _withdraw_page(request, principal, pack_id, Form())


@site.post("/{pack_id:uuid}/withdraw")
def withdraw(request: Request, pack_id: uuid.UUID, principal: Editor, typed: TypedForm) -> Response:
    """Withdraw it."""
    try:
        wanted = typed.parse(WithdrawIn)
    except Invalid as error:
        return _withdraw_page(request, principal, pack_id, Form(typed.values(), error), 422)
    service.withdraw(principal, pack_id, wanted.reason)
    return RedirectResponse(f"/staff/packs/{pack_id}", 303)


def _withdraw_page(
    request: Request, principal: Principal, pack_id: uuid.UUID, form: Form, status: int = 200
) -> HTMLResponse:
    pack = reading.get_for_staff(principal, pack_id).pack
    return withdrawal.ask(
        request,
        form,
        status,
        title=lazy("Withdraw “%(title)s”?", title=localized(pack.title)),
        consequences=[
            lazy("Its link says that it was withdrawn, with your reason."),
            lazy("Whoever printed it or saved the ZIP keeps that."),
        ],
        back=f"/staff/packs/{pack_id}",
        read_by=lazy("Whoever opens its link reads this sentence."),
    )


def _form_page(
    request: Request,
    principal: Principal,
    form: Form,
    *,
    pack_id: uuid.UUID | None = None,
    version: int = 0,
    problem: Problem | None = None,
    status: int = 200,
) -> HTMLResponse:
    return pages.render(
        request,
        "packs/staff_form.html",
        status,
        form=form,
        pack_id=pack_id,
        version=version,
        problem=problem,
        **occasions.choices(principal),
    )


def _filled(pack: PackOut) -> Form:
    form = Form.of(pack)
    form.values["countries"] = named(pack.countries)
    return form


def _state_words() -> dict[str, Any]:
    return {"status_names": STATUS_NAMES, "tones": STATUS_TONES}
