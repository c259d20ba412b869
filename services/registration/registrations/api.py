"""Registrations as JSON: for residents by their link, for staff by activity."""

from __future__ import annotations

import uuid
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query

from services.chassis.auth import Principal, require
from services.chassis.idempotency import OncePerKey
from services.chassis.lists import DEFAULT_LIMIT, LARGEST_LIMIT, PageOut
from services.chassis.ratelimit import PublicRate
from services.registration.registrations import service, staff
from services.registration.registrations.schemas import (
    CheckedIn,
    CheckInIn,
    ListedRegistration,
    OwnRegistration,
    Registered,
    RegistrationIn,
    RegistrationPatch,
)

router = APIRouter(tags=["registrations"])

Viewer = Annotated[Principal, Depends(require("registrations.view"))]
Doorkeeper = Annotated[Principal, Depends(require("registrations.check-in"))]
StatusFilter = Literal["unverified", "confirmed", "waiting", "cancelled"]


@router.post("/activities/{activity_id}/registrations", status_code=201, dependencies=[PublicRate])
def register(activity_id: uuid.UUID, wanted: RegistrationIn, once: OncePerKey) -> Registered:
    """Register a party for an activity, or put it on the waiting list.

    409 types: `activity-full`, `already-registered`, `registration-closed`,
    `registration-not-open`, `activity-cancelled`. `manage_url` ends in the manage token.
    """
    return service.register(activity_id, wanted, once)


@router.get("/registrations/{manage_token}")
def look(manage_token: str) -> OwnRegistration:
    """The registrant's own registration."""
    return service.look(manage_token)


@router.patch("/registrations/{manage_token}", dependencies=[PublicRate])
def change(manage_token: str, wanted: RegistrationPatch) -> OwnRegistration:
    """Change name, party size, language or answers; what is not given stays."""
    return service.change(manage_token, wanted)


@router.delete("/registrations/{manage_token}", dependencies=[PublicRate])
def cancel(manage_token: str) -> OwnRegistration:
    """Cancel; the places go to the waiting list. Doing it twice changes nothing."""
    return service.cancel(manage_token)


@router.get("/activities/{activity_id}/registrations")
def listed(
    activity_id: uuid.UUID,
    principal: Viewer,
    status: StatusFilter | None = None,
    cursor: str | None = None,
    limit: Annotated[int, Query(ge=1, le=LARGEST_LIMIT)] = DEFAULT_LIMIT,
) -> PageOut[ListedRegistration]:
    """The registrations of an activity, the earliest first."""
    page = staff.listed(principal, activity_id, status=status, cursor=cursor, limit=limit)
    return PageOut(items=list(page.items), next_cursor=page.next_cursor)


@router.post("/activities/{activity_id}/check-ins")
def check_in(activity_id: uuid.UUID, shown: CheckInIn, principal: Doorkeeper) -> CheckedIn:
    """Let a ticket's party in; `result` says what became of it."""
    return staff.check_in(principal, activity_id, shown)
