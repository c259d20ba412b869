"""The staff's pages: the missions of all countries, to be kept right."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from services.chassis.auth import Principal, require
from services.chassis.forms import Form, TypedForm
from services.chassis.i18n import country_name, lazy, localized
from services.chassis.idempotency import once_per_form
from services.chassis.problems import Invalid, Problem
from services.chassis.reference import countries, country_code
from services.content.advisories.pages import country_choices
from services.content.database import pages
from services.content.destinations import reading, service
from services.content.destinations.emergency import numbers
from services.content.destinations.phones import readable
from services.content.destinations.schemas import KIND_NAMES, MissionIn, MissionOut
from services.content.language import options

site = APIRouter(prefix="/staff/destinations")

Viewer = Annotated[Principal, Depends(require("advisories.view"))]
Editor = Annotated[Principal, Depends(require("advisories.edit"))]


@site.get("")
def list_page(
    request: Request, principal: Viewer, country: str = "", check: str = ""
) -> HTMLResponse:
    """The missions that are kept, by country; filters live in the address."""
    code = country_code(country)
    return pages.render(
        request,
        "destinations/staff_list.html",
        missions=reading.list_missions(code, to_check=bool(check)),
        numbers=numbers(code) if code else None,
        chosen=code,
        form=Form({"country": code or "", "check": check}),
        choices=country_choices(),
        kind_names=KIND_NAMES,
        readable=readable,
    )


@site.get("/new")
def new_page(request: Request, principal: Editor, country: str = "") -> HTMLResponse:
    """An empty form."""
    known = country if country in countries() else ""
    return _form_page(request, Form({"country": known, "kind": "embassy"}))


@site.post("/new")
def add(request: Request, principal: Editor, typed: TypedForm) -> Response:
    """Add a mission."""
    try:
        done = service.add(principal, typed.parse(MissionIn), once_per_form(request, typed))
    except Invalid as error:
        return _form_page(request, Form(typed.values(), error), status=422)
    return _to_country(done.country)


@site.get("/{mission_id:uuid}/edit")
def edit_page(request: Request, mission_id: uuid.UUID, principal: Editor) -> HTMLResponse:
    """The form with what is stored."""
    stored = reading.get_mission(mission_id)
    return _form_page(request, Form.of(stored), stored)


@site.post("/{mission_id:uuid}/edit")
def edit(request: Request, mission_id: uuid.UUID, principal: Editor, typed: TypedForm) -> Response:
    """Keep the changes."""
    try:
        wanted = typed.parse(MissionIn)
        done = service.change(principal, mission_id, wanted, typed.version())
    except Invalid as error:
        stored = reading.get_mission(mission_id)
        return _form_page(request, Form(typed.values(), error), stored, status=422)
    except Problem as problem:
        if problem.status != 409:
            raise
        stored = reading.get_mission(mission_id)
        # Whoever has read the notice and sends again means to replace the other change.
        form = Form(typed.values() | {"version": stored.version})
        return _form_page(request, form, stored, problem, status=409)
    return _to_country(done.country)


@site.get("/{mission_id:uuid}/remove")
def remove_page(request: Request, mission_id: uuid.UUID, principal: Editor) -> HTMLResponse:
    """What removing will do."""
    stored = reading.get_mission(mission_id)
    name = country_name(stored.country)
    return pages.render(
        request,
        "confirm.html",
        title=lazy("Remove “%(name)s”?", name=localized(stored.name)),
        text=lazy("Please do this only when it is closed or was written by mistake."),
        consequences=[
            lazy("The page of %(country)s no longer shows it.", country=name),
            lazy("It cannot be brought back; you would have to write it anew."),
        ],
        button=lazy("Remove"),
        danger=True,
        cancel_url=f"/staff/destinations?country={stored.country}",
    )


@site.post("/{mission_id:uuid}/remove")
def remove(mission_id: uuid.UUID, principal: Editor) -> Response:
    """Remove it."""
    country = reading.get_mission(mission_id).country
    service.remove(principal, mission_id)
    return _to_country(country)


def _to_country(country: str) -> Response:
    return RedirectResponse(f"/staff/destinations?country={country}", 303)


def _form_page(
    request: Request,
    form: Form,
    stored: MissionOut | None = None,
    problem: Problem | None = None,
    *,
    status: int = 200,
) -> HTMLResponse:
    return pages.render(
        request,
        "destinations/staff_form.html",
        status,
        form=form,
        stored=stored,
        problem=problem,
        choices=country_choices(),
        kind_options=options(KIND_NAMES),
    )
