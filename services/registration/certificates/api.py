"""Certificates as JSON: checked by anybody, listed for staff."""

from __future__ import annotations

import uuid

from fastapi import APIRouter

from services.chassis.lists import PageOut
from services.chassis.ratelimit import PublicRate
from services.registration.certificates import service
from services.registration.certificates.schemas import (
    ListedCertificate,
    OwnCertificate,
    RevokeIn,
    Verified,
)
from services.registration.certificates.staff_pages import Editor, Viewer
from services.registration.registrations import service as registrations

router = APIRouter(tags=["certificates"])


@router.get("/certificates/{code}", dependencies=[PublicRate])
def verify(code: str) -> Verified:
    """Whether a certificate is genuine. An unknown code is answered in the same form."""
    return service.verify(code)


@router.get("/registrations/{manage_token}/certificate")
def own(manage_token: str) -> OwnCertificate:
    """One's own certificate, by the link of the registration. 404 `no-certificate`."""
    return service.own_certificate(registrations.look(manage_token).id)


@router.get("/activities/{activity_id}/certificates")
def listed(activity_id: uuid.UUID, principal: Viewer) -> PageOut[ListedCertificate]:
    """Every certificate of an activity, in the order of their registrations."""
    _activity, found = service.listed(principal, activity_id)
    return PageOut(items=list(found), next_cursor=None)


@router.post("/activities/{activity_id}/certificates/{certificate_id}/revoke")
def revoke(
    activity_id: uuid.UUID, certificate_id: uuid.UUID, wanted: RevokeIn, principal: Editor
) -> ListedCertificate:
    """Declare that a certificate holds no longer. Doing so twice keeps the first reason."""
    service.revoke(principal, activity_id, certificate_id, wanted)
    return service.one(principal, activity_id, certificate_id)
