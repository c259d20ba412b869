"""The staff's pages: list, read, write and change."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from services.chassis.auth import Principal, require
from services.chassis.database import utc_now
from services.chassis.forms import Form, TypedForm
from services.chassis.i18n import lazy
from services.chassis.idempotency import once_per_form
from services.chassis.problems import Invalid, Problem
from services.chassis.reference import city, countries
from services.content.advisories import reading, service
from services.content.advisories.changes import content_of
from services.content.advisories.difference import between
from services.content.advisories.history import steps
from services.content.advisories.pages import country_choices, history_words, words
from services.content.advisories.reading import SHELVES
from services.content.advisories.schemas import (
    AdvisoryForm,
    AdvisoryIn,
    AdvisoryKept,
    AdvisoryPatch,
)
from services.content.advisories.storing import found as found_row
from services.content.advisories.words import LEVEL_MEANINGS, LEVEL_NAMES, LEVELS, WORD_NAMES
from services.content.alerts.models import LINK_NAMES
from services.content.alerts.reading import about
from services.content.database import database, pages
from services.content.language import options
from services.content.packs.reading import count_holding
from services.content.publication import STATUS_NAMES, STATUS_TONES

site = APIRouter(prefix="/staff/advisories")

Viewer = Annotated[Principal, Depends(require("advisories.view"))]
Editor = Annotated[Principal, Depends(require("advisories.edit"))]

SHELF_NAMES = {
    "draft": lazy("Draft"),
    "waiting": lazy("Waits for a second person"),
    "published": lazy("Published"),
    "ends-soon": lazy("Ends within two weeks"),
    "over": lazy("Over"),
    "withdrawn": lazy("Withdrawn"),
}


@site.get("")
def list_page(
    request: Request,
    principal: Viewer,
    *,
    status: str = "",
    country: str = "",
    level: str = "",
    cursor: str | None = None,
) -> HTMLResponse:
    """All advisories, with filters that live in the address."""
    found = reading.list_for_staff(
        shelf=next((shelf for shelf in SHELVES if shelf == status), None),
        country=country if country in countries() else None,
        level=level if level in LEVELS else None,
        cursor=cursor,
    )
    return pages.render(
        request,
        "advisories/staff_list.html",
        advisories=found.items,
        next_cursor=found.next_cursor,
        counts=reading.counts(),
        shelf_names=SHELF_NAMES,
        form=Form({"status": status, "country": country, "level": level}),
        status_names=STATUS_NAMES,
        tones=STATUS_TONES,
        status_options=options(SHELF_NAMES),
        level_options=options(LEVEL_NAMES),
        choices=country_choices(),
        **words(),
    )


@site.get("/new")
def new_page(request: Request, principal: Editor) -> HTMLResponse:
    """An empty form; the advisory begins now unless another time is chosen."""
    return form_page(request, Form({"valid_from": local(utc_now()), "word": "take-care"}))


@site.post("/new")
def create(request: Request, principal: Editor, typed: TypedForm) -> Response:
    """Keep a new draft."""
    try:
        wanted = typed.parse(AdvisoryForm)
        done = service.create(principal, wanted, once_per_form(request, typed))
    except Invalid as error:
        return form_page(request, Form(typed.values(), error), status=422)
    return RedirectResponse(f"/staff/advisories/{done.id}", 303)


@site.get("/{advisory_id:uuid}")
def overview(request: Request, advisory_id: uuid.UUID, principal: Viewer) -> HTMLResponse:
    """One advisory as it will be read, what waits, and what can be done with it."""
    kept = reading.get_for_staff(advisory_id, principal)
    waiting = kept.advisory.waiting
    with database.transaction() as session:
        present = content_of(found_row(session, advisory_id))
        told = steps(session, advisory_id)
        alerts = about(session, advisory_id)
    return pages.render(
        request,
        "advisories/staff_view.html",
        kept=kept,
        alerts=alerts,
        link_names=LINK_NAMES,
        held=count_holding(f"advisory/{advisory_id}"),
        differences=between(present, waiting) if waiting else [],
        steps=told,
        status_names=STATUS_NAMES,
        tones=STATUS_TONES,
        **history_words(),
    )


@site.get("/{advisory_id:uuid}/history")
def history(request: Request, advisory_id: uuid.UUID, principal: Viewer) -> HTMLResponse:
    """What was told of it, what was new each time, and who stood for it."""
    kept = reading.get_for_staff(advisory_id, principal)
    with database.transaction() as session:
        told = steps(session, advisory_id)
    return pages.render(
        request,
        "advisories/staff_history.html",
        advisory=kept.advisory,
        steps=told,
        **history_words(),
    )


@site.get("/{advisory_id:uuid}/edit")
def edit_page(request: Request, advisory_id: uuid.UUID, principal: Editor) -> HTMLResponse:
    """The form with what is stored, or with the change that waits."""
    kept = reading.get_for_staff(advisory_id, principal).advisory
    return form_page(request, filled(kept.waiting or kept), kept)


@site.post("/{advisory_id:uuid}/edit")
def edit(request: Request, advisory_id: uuid.UUID, principal: Editor, typed: TypedForm) -> Response:
    """Keep the changes; a public advisory is told of again, or waits for a second person."""
    try:
        wanted = typed.parse(AdvisoryForm)
        patch = AdvisoryPatch(version=typed.version(), **wanted.model_dump())
        service.edit(principal, advisory_id, patch)
    except Invalid as error:
        stored = reading.get_for_staff(advisory_id, principal).advisory
        return form_page(request, Form(typed.values(), error), stored, status=422)
    except Problem as problem:
        if problem.status != 409:
            raise
        stored = reading.get_for_staff(advisory_id, principal).advisory
        # Whoever has read the notice and sends again means to replace the other change.
        values = typed.values() | {"version": stored.version}
        return form_page(request, Form(values), stored, problem, status=409)
    return RedirectResponse(f"/staff/advisories/{advisory_id}", 303)


def form_page(
    request: Request,
    form: Form,
    stored: AdvisoryKept | None = None,
    problem: Problem | None = None,
    *,
    status: int = 200,
    follows: str | None = None,
) -> HTMLResponse:
    """The form of an advisory.

    Args:
        stored: the one that is changed.
        follows: the page of the alert that the change comes from.
    """
    return pages.render(
        request,
        "advisories/staff_form.html",
        status,
        form=form,
        stored=stored,
        problem=problem,
        choices=country_choices(),
        level_choices=[(one, str(LEVEL_NAMES[one]), str(LEVEL_MEANINGS[one])) for one in LEVELS],
        word_choices=options(WORD_NAMES),
        city_name=city().name,
        follows=follows,
        **words(),
    )


def filled(advisory: AdvisoryIn | AdvisoryKept) -> Form:
    """The form with what an advisory says; its times are the city's."""
    form = Form.of(advisory)
    form.values["valid_from"] = local(advisory.valid_from)
    form.values["valid_until"] = local(advisory.valid_until) if advisory.valid_until else ""
    return form


def local(moment: datetime) -> str:
    """A moment as a ``datetime-local`` field takes it, in the city's time."""
    return f"{moment.astimezone(ZoneInfo(city().timezone)):%Y-%m-%dT%H:%M}"
