"""The staff's pages for webhooks."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse

from services.chassis.auth import Principal, require
from services.chassis.forms import Form, TypedForm
from services.chassis.i18n import gettext as _
from services.chassis.i18n import lazy
from services.chassis.idempotency import once_per_form
from services.chassis.problems import Invalid, Problem
from services.chassis.reference import city
from services.notifications.database import pages
from services.notifications.webhooks import kinds, service
from services.notifications.webhooks.schemas import EndpointChange, EndpointIn, EndpointMade

router = APIRouter()

WEBHOOKS = "/staff/webhooks"

Manager = Annotated[Principal, Depends(require("webhooks.manage"))]

DONE = {
    "saved": lazy("Your changes are saved."),
    "tested": lazy("A test call is on its way. How it ended stands below in a moment."),
    "on": lazy("Switched on. What waited goes out now."),
    "off": lazy("Switched off. It is told nothing until it is switched on again."),
    "replayed": lazy("The call is made again."),
    "deleted": lazy("The webhook is deleted."),
}


@router.get(WEBHOOKS)
def index(request: Request, _principal: Manager, done: str = "", cursor: str = "") -> Response:
    """The systems that are told."""
    return pages.render(
        request,
        "webhooks/list.html",
        page=service.listed(cursor=cursor or None),
        notice=DONE.get(done),
        kinds=kinds,
    )


@router.get(f"{WEBHOOKS}/new")
def new(request: Request, _principal: Manager) -> Response:
    """The form for another one."""
    return _form(request, Form())


@router.post(f"{WEBHOOKS}/new")
def create(request: Request, principal: Manager, typed: TypedForm) -> Response:
    """Tell a system from now on, and show its secret, once."""
    try:
        made = service.create(principal, typed.parse(EndpointIn), once_per_form(request, typed))
    except Invalid as invalid:
        return _form(request, Form(typed.values(), invalid))
    return _secret(request, made, 201)


@router.get(f"{WEBHOOKS}/{{endpoint_id}}")
def show(
    request: Request,
    _principal: Manager,
    endpoint_id: uuid.UUID,
    done: str = "",
    cursor: str | None = None,
) -> Response:
    """One of them, with its calls."""
    return _page(request, endpoint_id, done=done, cursor=cursor or None)


@router.get(f"{WEBHOOKS}/{{endpoint_id}}/edit")
def edit(request: Request, _principal: Manager, endpoint_id: uuid.UUID) -> Response:
    """The form, filled with what is stored."""
    stored = service.read(endpoint_id)
    form = Form({"name": stored.name, "url": stored.url, "events": stored.events})
    return _form(request, form, endpoint_id)


@router.post(f"{WEBHOOKS}/{{endpoint_id}}/edit")
def save(
    request: Request, principal: Manager, endpoint_id: uuid.UUID, typed: TypedForm
) -> Response:
    """Save the changes."""
    try:
        wanted = typed.parse(EndpointIn)
    except Invalid as invalid:
        return _form(request, Form(typed.values(), invalid), endpoint_id)
    service.change(principal, endpoint_id, EndpointChange(**wanted.model_dump()))
    return _to(endpoint_id, "saved")


@router.post(f"{WEBHOOKS}/{{endpoint_id}}/switch")
def switch(principal: Manager, endpoint_id: uuid.UUID, typed: TypedForm) -> Response:
    """Switch it on or off, as the button says."""
    is_on = typed.text("to") == "on"
    service.change(principal, endpoint_id, EndpointChange(is_active=is_on))
    return _to(endpoint_id, "on" if is_on else "off")


@router.post(f"{WEBHOOKS}/{{endpoint_id}}/test")
def test(request: Request, _principal: Manager, endpoint_id: uuid.UUID) -> Response:
    """Make a test call."""
    try:
        service.test(endpoint_id)
    except Problem as problem:
        return _page(request, endpoint_id, problem=problem)
    return _to(endpoint_id, "tested")


@router.post(f"{WEBHOOKS}/{{endpoint_id}}/calls/{{call_id}}/replay")
def replay(
    request: Request, principal: Manager, endpoint_id: uuid.UUID, call_id: uuid.UUID
) -> Response:
    """Make a call again that has ended."""
    try:
        service.replay(principal, endpoint_id, call_id)
    except Problem as problem:
        return _page(request, endpoint_id, problem=problem)
    return _to(endpoint_id, "replayed")


@router.get(f"{WEBHOOKS}/{{endpoint_id}}/rotate")
def ask_rotate(request: Request, _principal: Manager, endpoint_id: uuid.UUID) -> Response:
    """Ask before the secret changes."""
    stored = service.read(endpoint_id)
    return pages.render(
        request,
        "webhooks/rotate.html",
        title=_("A fresh secret for “%(name)s”?") % {"name": stored.name},
        text="",
        consequences=[
            _("The new secret is shown once, on the next page."),
            _("For a day the old and the new one both sign every call; then the old one ends."),
        ],
        button=_("Make a fresh secret"),
        cancel_url=f"{WEBHOOKS}/{endpoint_id}",
        form=Form(),
    )


@router.post(f"{WEBHOOKS}/{{endpoint_id}}/rotate")
def rotate(
    request: Request, principal: Manager, endpoint_id: uuid.UUID, typed: TypedForm
) -> Response:
    """Make a fresh secret and show it, once."""
    return _secret(
        request, service.rotate(principal, endpoint_id, once_per_form(request, typed)), 200
    )


@router.get(f"{WEBHOOKS}/{{endpoint_id}}/delete")
def ask_delete(request: Request, _principal: Manager, endpoint_id: uuid.UUID) -> Response:
    """Ask before it is forgotten."""
    stored = service.read(endpoint_id)
    return pages.render(
        request,
        "confirm.html",
        title=_("Delete the webhook “%(name)s”?") % {"name": stored.name},
        text="",
        consequences=[
            _("The system is told nothing more."),
            _("Its secret and the list of its calls are deleted. This cannot be undone."),
        ],
        button=_("Delete"),
        cancel_url=f"{WEBHOOKS}/{endpoint_id}",
        danger=True,
    )


@router.post(f"{WEBHOOKS}/{{endpoint_id}}/delete")
def delete(principal: Manager, endpoint_id: uuid.UUID) -> Response:
    """Forget it."""
    service.delete(principal, endpoint_id)
    return RedirectResponse(f"{WEBHOOKS}?done=deleted", 303)


def _page(
    request: Request,
    endpoint_id: uuid.UUID,
    *,
    done: str = "",
    problem: Problem | None = None,
    cursor: str | None = None,
) -> Response:
    return pages.render(
        request,
        "webhooks/show.html",
        problem.status if problem else 200,
        endpoint=service.read(endpoint_id),
        page=service.calls(endpoint_id, cursor=cursor),
        notice=DONE.get(done),
        problem=problem,
        kinds=kinds,
        zone=city().timezone,
    )


def _form(request: Request, form: Form, endpoint_id: uuid.UUID | None = None) -> Response:
    return pages.render(
        request,
        "webhooks/form.html",
        422 if form.error_list else 200,
        form=form,
        back=f"{WEBHOOKS}/{endpoint_id}" if endpoint_id else WEBHOOKS,
        is_new=endpoint_id is None,
        events=list(kinds.EVENTS.items()),
    )


def _secret(request: Request, made: EndpointMade, status: int) -> Response:
    response = pages.render(request, "webhooks/secret.html", status, made=made)
    response.headers["Cache-Control"] = "no-store"
    return response


def _to(endpoint_id: uuid.UUID, done: str) -> Response:
    return RedirectResponse(f"{WEBHOOKS}/{endpoint_id}?done={done}", 303)
