"""The bookings that staff see: filtered, counted, and those that wait for an answer."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from services.chassis.auth import Principal
from services.chassis.lists import DEFAULT_LIMIT, Page, page_of
from services.registration.bookings.models import Booking, Kind, Status
from services.registration.bookings.schemas import BookingOut
from services.registration.database import database


@dataclass(frozen=True)
class Filters:
    """What a list is narrowed to; ``None`` does not narrow."""

    status: Status | None = None
    kind: Kind | None = None
    district: str | None = None


def bookings(
    principal: Principal, filters: Filters, *, cursor: str | None, limit: int = DEFAULT_LIMIT
) -> Page[BookingOut]:
    """One page of the bookings of the caller's district, the latest first.

    Raises:
        Problem: 400 ``bad-cursor``.
    """
    query = sa.select(Booking).where(*_conditions(principal, filters))
    if filters.status is not None:
        query = query.where(Booking.status == filters.status)
    with database.transaction() as session:
        page = page_of(session, query, [Booking.id], cursor=cursor, limit=limit, descending=True)
        return page.map(BookingOut.of)


def counts(principal: Principal, filters: Filters) -> dict[str, int]:
    """How many there are by status, under the other filters."""
    query = (
        sa.select(Booking.status, sa.func.count())
        .where(*_conditions(principal, filters))
        .group_by(Booking.status)
    )
    with database.transaction() as session:
        return {status: count for status, count in session.execute(query)}  # noqa: C416 - rows


def awaiting_answer(principal: Principal, limit: int = 10) -> list[BookingOut]:
    """The requests that staff of the caller's district have not answered, the oldest first."""
    query = (
        sa.select(Booking)
        .where(*_conditions(principal, Filters()), Booking.status == "requested")
        .order_by(Booking.id)
        .limit(limit)
    )
    with database.transaction() as session:
        return [BookingOut.of(booking) for booking in session.scalars(query)]


def _conditions(principal: Principal, filters: Filters) -> list[sa.ColumnElement[bool]]:
    found: list[sa.ColumnElement[bool]] = []
    if principal.district is not None:
        found.append(Booking.district == principal.district)
    if filters.district is not None:
        found.append(Booking.district == filters.district)
    if filters.kind is not None:
        found.append(Booking.kind == filters.kind)
    return found
