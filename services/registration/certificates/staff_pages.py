"""The staff's pages of certificates: who got one, and revoking it."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from services.chassis.auth import Principal, require
from services.chassis.certificates import spaced
from services.chassis.forms import Form, TypedForm
from services.chassis.i18n import gettext as _
from services.chassis.problems import Invalid
from services.registration.certificates import service
from services.registration.certificates.schemas import RevokeIn
from services.registration.database import pages

router = APIRouter(prefix="/staff/activities/{activity_id}/certificates")

Viewer = Annotated[Principal, Depends(require("registrations.view"))]
Editor = Annotated[Principal, Depends(require("activities.edit"))]


@router.get("")
def list_page(request: Request, activity_id: uuid.UUID, principal: Viewer) -> HTMLResponse:
    """Every certificate of an activity."""
    activity, found = service.listed(principal, activity_id)
    return pages.render(
        request,
        "certificates/staff_list.html",
        activity=activity,
        found=found,
        spaced=spaced,
        may_revoke=principal.may("activities.edit"),
    )


@router.get("/{certificate_id}/revoke")
def revoke_page(
    request: Request, activity_id: uuid.UUID, certificate_id: uuid.UUID, principal: Editor
) -> Response:
    """Ask for the reason, and say what follows."""
    return _revoke_page(request, principal, activity_id, certificate_id, Form())


@router.post("/{certificate_id}/revoke")
def revoke(
    request: Request,
    activity_id: uuid.UUID,
    certificate_id: uuid.UUID,
    principal: Editor,
    typed: TypedForm,
) -> Response:
    """Declare it void."""
    try:
        service.revoke(principal, activity_id, certificate_id, typed.parse(RevokeIn))
    except Invalid as error:
        form = Form(typed.values(), error)
        return _revoke_page(request, principal, activity_id, certificate_id, form, status=422)
    return RedirectResponse(f"/staff/activities/{activity_id}/certificates", 303)


def _revoke_page(
    request: Request,
    principal: Principal,
    activity_id: uuid.UUID,
    certificate_id: uuid.UUID,
    form: Form,
    *,
    status: int = 200,
) -> Response:
    certificate = service.one(principal, activity_id, certificate_id)
    back = f"/staff/activities/{activity_id}/certificates"
    if certificate.revoked_at is not None:
        return RedirectResponse(back, 303)
    return pages.render(
        request,
        "certificates/revoke.html",
        status,
        title=_("Revoke the certificate of %(name)s") % {"name": certificate.name},
        text=spaced(certificate.code),
        consequences=[
            _("Whoever checks its code from now on reads that it holds no longer."),
            _("The person is not told by us, and cannot print it any more."),
            _("This cannot be undone."),
        ],
        button=_("Revoke the certificate"),
        cancel_url=back,
        danger=True,
        form=form,
    )
