"""Certificates as JSON: checked by anybody, listed for staff."""

from __future__ import annotations

import uuid

from fastapi import APIRouter

from services.chassis.lists import PageOut
from services.chassis.ratelimit import PublicRate
from services.registration.certificates import service
from services.registration.certificates.schemas import ListedCertificate, Verified
from services.registration.certificates.staff_pages import Viewer

router = APIRouter(tags=["certificates"])


@router.get("/certificates/{code}", dependencies=[PublicRate])
def verify(code: str) -> Verified:
    """Whether a certificate is genuine. An unknown code is answered in the same form."""
    return service.verify(code)


@router.get("/activities/{activity_id}/certificates")
def listed(activity_id: uuid.UUID, principal: Viewer) -> PageOut[ListedCertificate]:
    """Every certificate of an activity, in the order of their registrations."""
    _activity, found = service.listed(principal, activity_id)
    return PageOut(items=list(found), next_cursor=None)
