"""The staff's pages: list, write, change, publish, withdraw."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from services.chassis.auth import Principal, require
from services.chassis.forms import Form, TypedForm
from services.chassis.i18n import lazy, localized
from services.chassis.idempotency import once_per_form
from services.chassis.problems import Invalid, Problem
from services.chassis.reference import city
from services.content.advisories.pages import country_choices
from services.content.database import pages
from services.content.files.shelf import shelf
from services.content.language import named, options
from services.content.materials import reading, service
from services.content.materials.kinds import LACK_NAMES
from services.content.materials.pages import LANGUAGE_NAMES, filters_of, words
from services.content.materials.schemas import (
    MaterialChange,
    MaterialForm,
    MaterialOut,
    MaterialPatch,
    WithdrawIn,
)
from services.content.packs.reading import count_holding
from services.content.publication import MOVES, STATUS_NAMES, STATUS_TONES
from services.content.withdrawal import pages as withdrawal

site = APIRouter(prefix="/staff/materials")

_MOST_PREVIEWED = 20_000

Viewer = Annotated[Principal, Depends(require("materials.view"))]
Editor = Annotated[Principal, Depends(require("materials.edit"))]


@site.get("")
def list_page(
    request: Request,
    principal: Viewer,
    *,
    status: str = "",
    kind: str = "",
    topic: str = "",
    country: str = "",
    audience: str = "",
    lack: str = "",
    q: str = "",
    cursor: str | None = None,
) -> HTMLResponse:
    """All materials of the office, with filters that live in the address."""
    filters = filters_of(kind, topic, country, audience, q)
    lacking = reading.lacking(lack)
    found = reading.list_for_staff(
        principal,
        replace(filters, lack=lacking),
        status=status if status in MOVES else None,
        cursor=cursor,
    )
    typed = {"status": status, "kind": kind, "topic": topic, "country": country}
    typed |= {"audience": audience, "lack": lack, "q": q}
    return pages.render(
        request,
        "materials/staff_list.html",
        materials=found.items,
        next_cursor=found.next_cursor,
        counts=reading.counts_by_status(principal),
        overdue=reading.count_overdue(principal),
        today=reading.today(),
        form=Form(typed),
        status_names=STATUS_NAMES,
        tones=STATUS_TONES,
        status_options=options(STATUS_NAMES),
        lack_options=options(LACK_NAMES),
        choices=country_choices(),
        **words(),
    )


@site.get("/new")
def new_page(request: Request, principal: Editor) -> HTMLResponse:
    """An empty form."""
    return _form_page(request, principal, Form({"kind": "brochure"}))


@site.post("/new")
def create(request: Request, principal: Editor, typed: TypedForm) -> Response:
    """Keep a new draft."""
    try:
        wanted = typed.parse(MaterialForm)
        done = service.create(principal, wanted, once_per_form(request, typed))
    except Invalid as error:
        return _form_page(request, principal, Form(typed.values(), error), status=422)
    return RedirectResponse(f"/staff/materials/{done.id}", 303)


@site.post("/preview")
def preview(request: Request, principal: Editor, typed: TypedForm) -> HTMLResponse:
    """What is being written, as it will be read; a fragment without a frame."""
    written = {
        tag: {name: typed.text(f"{name}.{tag}")[:_MOST_PREVIEWED] for name in ("title", "body")}
        for tag in LANGUAGE_NAMES
    }
    return pages.render(
        request,
        "materials/preview.html",
        written=written,
        language_names=LANGUAGE_NAMES,
        **words(),
    )


@site.get("/{material_id:uuid}")
def overview(request: Request, material_id: uuid.UUID, principal: Viewer) -> HTMLResponse:
    """One material as it will be read, and what can be done with it."""
    kept = reading.get_for_staff(principal, str(material_id))
    return pages.render(
        request,
        "materials/staff_view.html",
        kept=kept,
        shelf=shelf(kept.material.files),
        held=count_holding(f"material/{material_id}"),
        today=reading.today(),
        status_names=STATUS_NAMES,
        tones=STATUS_TONES,
        language_names=LANGUAGE_NAMES,
        zone=city().timezone,
        **words(),
    )


@site.get("/{material_id:uuid}/edit")
def edit_page(request: Request, material_id: uuid.UUID, principal: Editor) -> HTMLResponse:
    """The form with what is stored."""
    material = reading.get_for_staff(principal, str(material_id)).material
    return _form_page(request, principal, _filled(material), material)


@site.post("/{material_id:uuid}/edit")
def edit(request: Request, material_id: uuid.UUID, principal: Editor, typed: TypedForm) -> Response:
    """Keep the changes; a public material is told of again."""
    try:
        wanted = typed.parse(MaterialChange).model_dump()
        patch = MaterialPatch(version=typed.version(), **wanted)
        service.edit(principal, material_id, patch)
    except Invalid as error:
        stored = reading.get_for_staff(principal, str(material_id)).material
        return _form_page(request, principal, Form(typed.values(), error), stored, status=422)
    except Problem as problem:
        if problem.status != 409:
            raise
        stored = reading.get_for_staff(principal, str(material_id)).material
        # Whoever has read the notice and sends again means to replace the other change.
        values = typed.values() | {"version": stored.version}
        return _form_page(request, principal, Form(values), stored, problem, status=409)
    return RedirectResponse(f"/staff/materials/{material_id}", 303)


@site.get("/{material_id:uuid}/publish")
def publish_page(request: Request, material_id: uuid.UUID, principal: Editor) -> HTMLResponse:
    """What publishing will do."""
    material = reading.get_for_staff(principal, str(material_id)).material
    return pages.render(
        request,
        "confirm.html",
        title=lazy("Publish “%(title)s”?", title=localized(material.title)),
        text="",
        consequences=[
            lazy("It is in the public library at once."),
            lazy("The pages of its countries, and of activities on its topics, point to it."),
            lazy("Its files can be downloaded by everybody."),
        ],
        button=lazy("Publish now"),
        cancel_url=f"/staff/materials/{material_id}",
    )


@site.post("/{material_id:uuid}/publish")
def publish(material_id: uuid.UUID, principal: Editor) -> Response:
    """Publish it."""
    service.publish(principal, material_id)
    return RedirectResponse(f"/staff/materials/{material_id}", 303)


@site.get("/{material_id:uuid}/withdraw")
def withdraw_page(request: Request, material_id: uuid.UUID, principal: Editor) -> HTMLResponse:
    """What withdrawing will do, and the question why."""
    return _withdraw_page(request, principal, material_id, Form())


@site.post("/{material_id:uuid}/withdraw")
def withdraw(
    request: Request, material_id: uuid.UUID, principal: Editor, typed: TypedForm
) -> Response:
    """Withdraw it."""
    try:
        wanted = typed.parse(WithdrawIn)
    except Invalid as error:
        return _withdraw_page(request, principal, material_id, Form(typed.values(), error), 422)
    service.withdraw(principal, material_id, wanted.reason)
    return RedirectResponse(f"/staff/materials/{material_id}", 303)


def _withdraw_page(
    request: Request, principal: Principal, material_id: uuid.UUID, form: Form, status: int = 200
) -> HTMLResponse:
    material = reading.get_for_staff(principal, str(material_id)).material
    return withdrawal.ask(
        request,
        form,
        status,
        title=lazy("Withdraw “%(title)s”?", title=localized(material.title)),
        consequences=[
            lazy("It leaves the library and the pages that point to it at once."),
            lazy("Its address says that it was withdrawn, with your reason."),
            lazy("Its files cannot be downloaded any more."),
        ],
        back=f"/staff/materials/{material_id}",
    )


def _form_page(
    request: Request,
    principal: Principal,
    form: Form,
    stored: MaterialOut | None = None,
    problem: Problem | None = None,
    *,
    status: int = 200,
) -> HTMLResponse:
    districts: list[tuple[str, Any]] = []
    if principal.district is None:
        districts = [(code, localized(name)) for code, name in city().districts.items()]
    return pages.render(
        request,
        "materials/staff_form.html",
        status,
        form=form,
        stored=stored,
        problem=problem,
        districts=districts,
        language_names=LANGUAGE_NAMES,
        written=_written(form),
        **words(),
    )


def _written(form: Form) -> dict[str, dict[str, str]]:
    """What stands in the form, as the preview takes it."""
    return {
        tag: {name: str(form.values.get(f"{name}.{tag}", "")) for name in ("title", "body")}
        for tag in LANGUAGE_NAMES
    }


def _filled(material: MaterialOut) -> Form:
    form = Form.of(material)
    # What has changed is said of this change, not of the last one.
    form.values = {
        name: value for name, value in form.values.items() if not name.startswith("changes")
    }
    form.values["countries"] = named(material.countries)
    return form
