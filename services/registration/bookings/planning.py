"""What a booking occupies: who goes there, and which room of ours is kept for it.

Times that are proposed are held tentatively, all of them; the one that is agreed is kept, the
others are given back. What the organisation asks for holds nothing until staff answer.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.orm import Session

from services.chassis.auth import Principal
from services.registration.bookings.models import Booking
from services.registration.bookings.schemas import Planned
from services.registration.resources.arranging import chosen
from services.registration.resources.occupancy import Holder, Wanted, held_by, occupy, resources
from services.registration.resources.spans import Span


def plan(session: Session, principal: Principal, booking: Booking, wanted: Planned) -> None:
    """Have a booking that staff just answered occupy whom and what they chose.

    Raises:
        Invalid: a room or a lecturer is not there to be chosen.
        Problem: 403 for another district's; 409 ``resource-busy`` or ``lecturer-unavailable``
            without a reason.
    """
    if wanted.duration_minutes is not None:
        booking.duration_minutes = wanted.duration_minutes
    holder = Holder("booking", booking.id)
    held = held_by(session, holder)
    venue_id, lecturer_ids = wanted.venue_id, wanted.lecturer_ids
    if "venue_id" not in wanted.model_fields_set:
        venue_id = next((row.resource_id for row in held if row.resource_kind == "venue"), None)
    if lecturer_ids is None:
        lecturer_ids = [row.resource_id for row in held if row.resource_kind == "lecturer"]
    occupy(
        session,
        Wanted(
            holder,
            chosen(session, principal, venue_id, lecturer_ids, holder),
            times_of(booking),
            tentative=booking.status == "proposed",
            reason=wanted.override_reason,
            by=principal.id,
        ),
    )


def follow(session: Session, booking: Booking) -> None:
    """Have what a booking occupies follow its state, after an act of the organisation or its end.

    Raises:
        Problem: 409 as :func:`plan`; never for a time that staff proposed and hold.
    """
    holder = Holder("booking", booking.id)
    held = resources(session, {row.resource_id for row in held_by(session, holder)})
    occupy(session, Wanted(holder, held, times_of(booking), tentative=booking.status == "proposed"))


def times_of(booking: Booking) -> list[Span]:
    """When a booking occupies anything: the time agreed, or all that we proposed."""
    moments = booking.proposed_times if booking.status == "proposed" else [booking.agreed_time]
    length = timedelta(minutes=booking.duration_minutes)
    return [Span(moment, moment + length) for moment in moments if moment is not None]
