"""Bookings as JSON: organisations ask, staff answer."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Depends, Query

from services.chassis.auth import Principal, require
from services.chassis.idempotency import OncePerKey
from services.chassis.lists import DEFAULT_LIMIT, LARGEST_LIMIT, PageOut
from services.chassis.ratelimit import PublicRate
from services.registration.bookings import lists, service
from services.registration.bookings.models import Kind, Status
from services.registration.bookings.schemas import (
    AcceptIn,
    BookingIn,
    BookingOut,
    DeclineIn,
    ProposeIn,
    Requested,
)

router = APIRouter(prefix="/bookings", tags=["bookings"])

Viewer = Annotated[Principal, Depends(require("bookings.view"))]
Answerer = Annotated[Principal, Depends(require("bookings.answer"))]


@router.post("", status_code=201, dependencies=[PublicRate])
def request_booking(wanted: BookingIn, once: OncePerKey) -> Requested:
    """Ask for a session at a school or a visit to a company."""
    return service.request_booking(wanted, once)


@router.get("")
def listed(
    principal: Viewer,
    *,
    status: Status | None = None,
    kind: Kind | None = None,
    district: str | None = None,
    cursor: str | None = None,
    limit: Annotated[int, Query(ge=1, le=LARGEST_LIMIT)] = DEFAULT_LIMIT,
) -> PageOut[BookingOut]:
    """The bookings that staff see, the latest first."""
    filters = lists.Filters(status=status, kind=kind, district=district)
    page = lists.bookings(principal, filters, cursor=cursor, limit=limit)
    return PageOut(items=list(page.items), next_cursor=page.next_cursor)


@router.get("/{booking_id}")
def one(booking_id: uuid.UUID, principal: Viewer) -> BookingOut:
    """One booking, for staff."""
    return service.one(principal, booking_id)


@router.post("/{booking_id}/accept")
def accept(
    booking_id: uuid.UUID, principal: Answerer, wanted: AcceptIn | None = None
) -> BookingOut:
    """Agree to one of the proposed times; a single one need not be named."""
    return service.accept(principal, booking_id, wanted or AcceptIn())


@router.post("/{booking_id}/propose")
def propose(booking_id: uuid.UUID, wanted: ProposeIn, principal: Answerer) -> BookingOut:
    """Offer up to three other times."""
    return service.propose(principal, booking_id, wanted)


@router.post("/{booking_id}/decline")
def decline(booking_id: uuid.UUID, wanted: DeclineIn, principal: Answerer) -> BookingOut:
    """Say that the office cannot come, and why."""
    return service.decline(principal, booking_id, wanted)
