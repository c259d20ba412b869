"""The picture of an activity: served to everybody, chosen by staff."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.datastructures import UploadFile

from services.chassis.auth import Principal, require
from services.chassis.forms import Form, TypedForm
from services.chassis.i18n import gettext as _
from services.chassis.i18n import lazy, localized
from services.chassis.problems import FieldError, Invalid, NotFound
from services.registration.activities import catalogue
from services.registration.activities.models import ActivityPicture
from services.registration.database import pages
from services.registration.pictures import service
from services.registration.pictures.images import LARGEST_FILE, Picture, cleaned

router = APIRouter()

Viewer = Annotated[Principal, Depends(require("activities.view"))]
Editor = Annotated[Principal, Depends(require("activities.edit"))]

FIELD = "picture"
A_YEAR = 31_536_000


async def uploaded(request: Request) -> bytes:
    """A FastAPI dependency: the file that was sent, or nothing; never more than is taken."""
    file = (await request.form(max_fields=400, max_files=5)).get(FIELD)
    if not isinstance(file, UploadFile):
        return b""
    return await file.read(LARGEST_FILE + 1)


Uploaded = Annotated[bytes, Depends(uploaded)]


@router.get("/activities/{slug}/picture.webp")
def picture(request: Request, slug: str, v: str = "") -> Response:
    """The picture that the page of an activity shows. ``v`` begins its hash: kept for a year."""
    return _served(request, service.shown(slug), f"public, max-age={A_YEAR}, immutable", v)


@router.get("/staff/activities/{activity_id}/picture.webp")
def staff_picture(request: Request, activity_id: uuid.UUID, principal: Viewer) -> Response:
    """The same for staff, of a draft too."""
    return _served(request, service.shown_to(principal, activity_id), "private, no-cache", "")


@router.get("/staff/activities/{activity_id}/picture")
def picture_page(request: Request, activity_id: uuid.UUID, principal: Editor) -> HTMLResponse:
    """The picture that there is, and the form for another."""
    activity = catalogue.staff_activity(principal, str(activity_id))
    values = {f"alt.{tag}": text for tag, text in activity.picture_alt.items()}
    return _page(request, principal, activity_id, Form(values))


@router.post("/staff/activities/{activity_id}/picture")
def keep(
    request: Request, activity_id: uuid.UUID, principal: Editor, typed: TypedForm, data: Uploaded
) -> Response:
    """Take in a picture, or only another description of the one that there is."""
    try:
        has_one = catalogue.staff_activity(principal, str(activity_id)).picture_url is not None
        found, wanted = read(typed, data, needed=not has_one)
        service.keep(principal, activity_id, wanted, found)
    except Invalid as error:
        return _page(request, principal, activity_id, Form(typed.values(), error), status=422)
    return RedirectResponse(f"/staff/activities/{activity_id}", 303)


@router.get("/staff/activities/{activity_id}/picture/remove")
def remove_page(request: Request, activity_id: uuid.UUID, principal: Editor) -> HTMLResponse:
    """Ask first."""
    activity = catalogue.staff_activity(principal, str(activity_id))
    return pages.render(
        request,
        "confirm.html",
        title=_("Remove this picture?"),
        text=localized(activity.title),
        consequences=[_("The public page shows no picture any more. You can choose another one.")],
        button=_("Remove the picture"),
        cancel_url=f"/staff/activities/{activity_id}/picture",
        danger=True,
    )


@router.post("/staff/activities/{activity_id}/picture/remove")
def remove(activity_id: uuid.UUID, principal: Editor) -> Response:
    """Take it away."""
    service.remove(principal, activity_id)
    return RedirectResponse(f"/staff/activities/{activity_id}", 303)


def read(typed: TypedForm, data: bytes, *, needed: bool) -> tuple[Picture | None, service.AltIn]:
    """What was sent, with everything that is wrong with it said at once."""
    wrong: list[FieldError] = []
    found, wanted = None, None
    try:
        found = cleaned(data, FIELD) if data or needed else None
    except Invalid as error:
        wrong += error.errors
    try:
        wanted = typed.parse(service.AltIn)
    except Invalid as error:
        wrong += error.errors
    if wrong or wanted is None:
        raise Invalid(wrong)
    return found, wanted


def _served(
    request: Request, found: ActivityPicture | None, caching: str, version: str
) -> Response:
    if found is None:
        raise NotFound(lazy("There is no such picture."))
    # Under an address that names another picture, nobody shall keep this one.
    named = bool(version) and found.hash.startswith(version)
    headers = {
        "Cache-Control": caching if named or "private" in caching else "no-cache",
        "ETag": f'"{found.hash}"',
    }
    if headers["ETag"] in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(found.data, media_type="image/webp", headers=headers)


def _page(
    request: Request,
    principal: Principal,
    activity_id: uuid.UUID,
    shown: Form,
    *,
    status: int = 200,
) -> HTMLResponse:
    return pages.render(
        request,
        "pictures/staff_picture.html",
        status,
        activity=catalogue.staff_activity(principal, str(activity_id)),
        form=shown,
    )
