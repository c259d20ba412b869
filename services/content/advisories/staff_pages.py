"""The staff's pages: list, write, change, publish, withdraw."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from services.chassis.auth import Principal, require
from services.chassis.database import utc_now
from services.chassis.forms import Form, Typed, TypedForm
from services.chassis.i18n import country_name, lazy, localized
from services.chassis.idempotency import once_per_form
from services.chassis.problems import Invalid, Problem
from services.chassis.reference import city, countries
from services.content.advisories import reading, service
from services.content.advisories.pages import country_choices, words
from services.content.advisories.schemas import (
    AdvisoryForm,
    AdvisoryForStaff,
    AdvisoryOut,
    AdvisoryPatch,
    WithdrawIn,
)
from services.content.advisories.words import LEVEL_MEANINGS, LEVEL_NAMES, LEVELS, WORD_NAMES
from services.content.database import pages
from services.content.language import options
from services.content.publication import MOVES, STATUS_NAMES, STATUS_TONES

site = APIRouter(prefix="/staff/advisories")

Viewer = Annotated[Principal, Depends(require("advisories.view"))]
Editor = Annotated[Principal, Depends(require("advisories.edit"))]


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
        status=status if status in MOVES else None,
        country=country if country in countries() else None,
        level=level if level in LEVELS else None,
        cursor=cursor,
    )
    return pages.render(
        request,
        "advisories/staff_list.html",
        advisories=found.items,
        next_cursor=found.next_cursor,
        counts=reading.counts_by_status(),
        form=Form({"status": status, "country": country, "level": level}),
        status_names=STATUS_NAMES,
        tones=STATUS_TONES,
        status_options=options(STATUS_NAMES),
        level_options=options(LEVEL_NAMES),
        choices=country_choices(),
        **words(),
    )


@site.get("/new")
def new_page(request: Request, principal: Editor) -> HTMLResponse:
    """An empty form; the advisory begins now unless another time is chosen."""
    return _form_page(request, Form({"valid_from": _local(utc_now()), "word": "take-care"}))


@site.post("/new")
def create(request: Request, principal: Editor, typed: TypedForm) -> Response:
    """Keep a new draft."""
    try:
        wanted = typed.parse(AdvisoryForm)
        done = service.create(principal, wanted, once_per_form(request, typed))
    except Invalid as error:
        return _form_page(request, Form(typed.values(), error), status=422)
    return RedirectResponse(f"/staff/advisories/{done.id}", 303)


@site.get("/{advisory_id:uuid}")
def overview(request: Request, advisory_id: uuid.UUID, principal: Viewer) -> HTMLResponse:
    """One advisory as it will be read, and what can be done with it."""
    return pages.render(
        request,
        "advisories/staff_view.html",
        kept=reading.get_for_staff(advisory_id),
        status_names=STATUS_NAMES,
        tones=STATUS_TONES,
        **words(),
    )


@site.get("/{advisory_id:uuid}/edit")
def edit_page(request: Request, advisory_id: uuid.UUID, principal: Editor) -> HTMLResponse:
    """The form with what is stored."""
    advisory = reading.get_for_staff(advisory_id).advisory
    return _form_page(request, _filled(advisory), advisory)


@site.post("/{advisory_id:uuid}/edit")
def edit(request: Request, advisory_id: uuid.UUID, principal: Editor, typed: TypedForm) -> Response:
    """Keep the changes; a public advisory is told of again."""
    try:
        wanted = typed.parse(AdvisoryForm)
        patch = AdvisoryPatch(version=_version(typed), **wanted.model_dump())
        service.edit(principal, advisory_id, patch)
    except Invalid as error:
        stored = reading.get_for_staff(advisory_id).advisory
        return _form_page(request, Form(typed.values(), error), stored, status=422)
    except Problem as problem:
        if problem.status != 409:
            raise
        stored = reading.get_for_staff(advisory_id).advisory
        # Whoever has read the notice and sends again means to replace the other change.
        values = typed.values() | {"version": stored.version}
        return _form_page(request, Form(values), stored, problem, status=409)
    return RedirectResponse(f"/staff/advisories/{advisory_id}", 303)


@site.get("/{advisory_id:uuid}/publish")
def publish_page(request: Request, advisory_id: uuid.UUID, principal: Editor) -> HTMLResponse:
    """What publishing will do."""
    kept = reading.get_for_staff(advisory_id)
    name = country_name(kept.advisory.country)
    return pages.render(
        request,
        "confirm.html",
        title=lazy("Publish the advisory for %(country)s?", country=name),
        text=localized(kept.advisory.headline),
        consequences=_consequences(kept),
        button=lazy("Publish now"),
        cancel_url=f"/staff/advisories/{advisory_id}",
    )


@site.post("/{advisory_id:uuid}/publish")
def publish(advisory_id: uuid.UUID, principal: Editor) -> Response:
    """Publish it."""
    service.publish(principal, advisory_id)
    return RedirectResponse(f"/staff/advisories/{advisory_id}", 303)


@site.get("/{advisory_id:uuid}/withdraw")
def withdraw_page(request: Request, advisory_id: uuid.UUID, principal: Editor) -> HTMLResponse:
    """What withdrawing will do, and the question why."""
    return _withdraw_page(request, advisory_id, Form())


@site.post("/{advisory_id:uuid}/withdraw")
def withdraw(
    request: Request, advisory_id: uuid.UUID, principal: Editor, typed: TypedForm
) -> Response:
    """Withdraw it."""
    try:
        wanted = typed.parse(WithdrawIn)
    except Invalid as error:
        return _withdraw_page(request, advisory_id, Form(typed.values(), error), 422)
    service.withdraw(principal, advisory_id, wanted.reason)
    return RedirectResponse(f"/staff/advisories/{advisory_id}", 303)


def _withdraw_page(
    request: Request, advisory_id: uuid.UUID, form: Form, status: int = 200
) -> HTMLResponse:
    kept = reading.get_for_staff(advisory_id)
    return pages.render(
        request,
        "advisories/withdraw.html",
        status,
        title=lazy(
            "Withdraw the advisory for %(country)s?", country=country_name(kept.advisory.country)
        ),
        text="",
        consequences=[
            lazy("It leaves the public pages at once."),
            lazy("The feed says for 30 days that it was withdrawn, with your reason."),
            lazy("Messages that are sent from now on no longer carry it."),
        ],
        button=lazy("Withdraw"),
        danger=True,
        cancel_url=f"/staff/advisories/{advisory_id}",
        form=form,
    )


def _consequences(kept: AdvisoryForStaff) -> list[Any]:
    found: list[Any] = [lazy("It is on the public pages and in the feed at once.")]
    if kept.advisory.valid_from > utc_now():
        found = [lazy("It appears on the public pages and in the feed when it begins.")]
    if kept.coming_activities:
        found.append(
            lazy(
                "Coming activities about this country: %(count)s. Their pages, confirmations and "
                "reminders will carry it.",
                count=kept.coming_activities,
            )
        )
    found.append(lazy("Nobody gets a message because of this; for that, write a broadcast."))
    return found


def _form_page(
    request: Request,
    form: Form,
    stored: AdvisoryOut | None = None,
    problem: Problem | None = None,
    *,
    status: int = 200,
) -> HTMLResponse:
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
        **words(),
    )


def _filled(advisory: AdvisoryOut) -> Form:
    form = Form.of(advisory)
    form.values["valid_from"] = _local(advisory.valid_from)
    form.values["valid_until"] = _local(advisory.valid_until) if advisory.valid_until else ""
    return form


def _local(moment: datetime) -> str:
    """A moment as a ``datetime-local`` field takes it, in the city's time."""
    return f"{moment.astimezone(ZoneInfo(city().timezone)):%Y-%m-%dT%H:%M}"


def _version(typed: Typed) -> int:
    """The version that the form was filled from; a form without one overwrites nobody."""
    text = typed.text("version")
    return int(text) if text.isdecimal() and len(text) < 10 else 0
