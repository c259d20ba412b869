"""API keys as pages."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse

from services.chassis.auth import Principal, require
from services.chassis.forms import Form, TypedForm
from services.chassis.i18n import gettext as _
from services.chassis.idempotency import once_per_form
from services.chassis.problems import Invalid
from services.identity.apikeys import service
from services.identity.apikeys.schemas import NewKey
from services.identity.database import pages
from services.identity.roles import district_options, role_options

router = APIRouter()

Manager = Annotated[Principal, Depends(require("apikeys.manage"))]

KEYS = "/staff/apikeys"
_PAGE = 50


@router.get(KEYS)
def show_list(
    request: Request, _principal: Manager, ended: str = "", cursor: str = "", done: str = ""
) -> Response:
    """The keys that work and, when asked for, those that no longer do."""
    found = service.list_keys(ended=bool(ended), cursor=cursor or None, limit=_PAGE)
    return pages.render(
        request,
        "apikeys/list.html",
        page=found,
        makers=service.names_of_makers(found),
        with_ended=bool(ended),
        done=done,
    )


@router.get(f"{KEYS}/new")
def show_new(request: Request, principal: Manager) -> Response:
    """The form for a new key."""
    return _new_page(request, principal, Form({"role": "viewer"}))


@router.post(f"{KEYS}/new")
def create(request: Request, principal: Manager, typed: TypedForm) -> Response:
    """Make a key and show it, once."""
    try:
        issued = service.issue(principal, typed.parse(NewKey), once_per_form(request, typed))
    except Invalid as invalid:
        return _new_page(request, principal, Form(typed.values(), invalid))
    response = pages.render(request, "apikeys/created.html", 201, issued=issued)
    response.headers["Cache-Control"] = "no-store"
    return response


def _new_page(request: Request, principal: Principal, form: Form) -> Response:
    return pages.render(
        request,
        "apikeys/new.html",
        422 if form.error_list else 200,
        form=form,
        roles=role_options(principal),
        districts=district_options(principal),
    )


@router.get(f"{KEYS}/{{key_id}}/revoke")
def ask_revoke(request: Request, _principal: Manager, key_id: uuid.UUID) -> Response:
    """Ask before a key stops working."""
    key = service.read_key(key_id)
    return pages.render(
        request,
        "confirm.html",
        title=_("End the API key “%(name)s”?") % {"name": key.name},
        text="",
        consequences=[
            _("Every program that uses this key is refused from now on."),
            _("This cannot be undone; a new key can be made."),
        ],
        button=_("End this key"),
        cancel_url=KEYS,
        danger=True,
    )


@router.post(f"{KEYS}/{{key_id}}/revoke")
def revoke(principal: Manager, key_id: uuid.UUID) -> Response:
    """End a key."""
    service.revoke_key(principal, key_id)
    return RedirectResponse(f"{KEYS}?done=revoked", 303)
