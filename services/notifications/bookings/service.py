"""What follows from what registration says about bookings: each answer goes out as a message."""

from __future__ import annotations

from sqlalchemy.orm import Session

from services.chassis.events import Envelope
from services.notifications.bookings.schemas import BookingContext, BookingTold
from services.notifications.contacts.service import Known, Stay, keep
from services.notifications.delivery.models import Delivery
from services.notifications.delivery.service import Planned, addresses_of, call_off, plan

# With these nobody of the organisation takes part in anything of ours.
_ENDED = ("declined", "withdrawn")


def on_requested(session: Session, told: BookingTold, _envelope: Envelope) -> None:
    """Say that a request has arrived and what happens next."""
    _tell(session, "booking-requested", told)


def on_proposed(session: Session, told: BookingTold, _envelope: Envelope) -> None:
    """Pass on the times that staff propose instead."""
    _tell(session, "booking-proposed", told)


def on_accepted(session: Session, told: BookingTold, _envelope: Envelope) -> None:
    """Say when the session takes place, with a calendar entry."""
    _tell(session, "booking-accepted", told)


def on_declined(session: Session, told: BookingTold, _envelope: Envelope) -> None:
    """Pass on that it cannot be, in the words of staff."""
    _tell(session, "booking-declined", told)


def on_withdrawn(session: Session, told: BookingTold, _envelope: Envelope) -> None:
    """Confirm to the organisation that it has taken its request back."""
    _tell(session, "booking-withdrawn", told)


def _tell(session: Session, kind: str, told: BookingTold) -> None:
    district = told.organisation.district
    contact = keep(
        session,
        Known(
            source=f"booking/{told.subject_id}",
            language=told.language,
            email=told.contact.email,
            phone=told.contact.phone,
            districts=[district] if district else [],
            # With dates the trip says when the countries matter; without, they always do.
            countries=[] if told.departs_on else told.destinations,
            topics=told.topics,
            name=told.contact.name,
            organisation_kind=told.organisation.kind,
            organisation=told.organisation.name,
            relays_for=told.headcount,
            trips=[Stay(country, told.departs_on, told.returns_on) for country in told.destinations]
            if told.departs_on
            else [],
            reachable=told.status not in _ENDED,
        ),
    )
    # An answer that has not gone out yet is overtaken by the next one.
    call_off(session, [Delivery.booking_id == told.subject_id])
    plan(
        session,
        addresses_of(contact),
        Planned(
            kind=kind,
            key=f"{kind}/{told.subject_id}/{told.version}",
            language=told.language,
            district=district,
            contact_id=contact.id,
            booking_id=told.subject_id,
            context=BookingContext(
                version=told.version,
                kind=told.kind,
                organisation=told.organisation.name,
                name=told.contact.name,
                proposed_times=told.proposed_times,
                agreed_time=told.agreed_time,
                timezone=told.timezone,
                duration_minutes=told.duration_minutes,
                answer=told.answer,
                headcount=told.headcount,
                destinations=told.destinations,
                manage_url=told.manage_url,
            ).model_dump(mode="json"),
        ),
    )
