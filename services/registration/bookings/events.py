"""What registration says about bookings."""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar

from pydantic import BaseModel
from sqlalchemy.orm import Session

from services.chassis.events import Event, publish
from services.chassis.events.envelope import SealedText
from services.registration.bookings.models import Booking, Kind, OrganisationKind, Status


class OrganisationState(BaseModel):
    """Who asks. ``district``: GB/T 2260."""

    name: SealedText
    kind: OrganisationKind
    district: str


class ContactState(BaseModel):
    """Whom to answer."""

    name: SealedText
    email: SealedText | None
    phone: SealedText | None


class _OfBooking(Event):
    subject_kind: ClassVar[str] = "booking"

    kind: Kind
    status: Status
    organisation: OrganisationState
    contact: ContactState
    language: str
    proposed_times: list[datetime]
    agreed_time: datetime | None
    timezone: str
    duration_minutes: int
    answer: SealedText | None
    headcount: int
    destinations: list[str]
    departs_on: date | None
    returns_on: date | None
    topics: list[str]
    manage_url: SealedText


class BookingRequested(_OfBooking):
    """A school or a company asks for a session; ``proposed_times`` are its wishes."""

    type: ClassVar[str] = "booking.requested.v1"


class BookingProposed(_OfBooking):
    """The office offers other times: ``proposed_times``, with its words in ``answer``."""

    type: ClassVar[str] = "booking.proposed.v1"


class BookingAccepted(_OfBooking):
    """A time is agreed: ``agreed_time``."""

    type: ClassVar[str] = "booking.accepted.v1"


class BookingDeclined(_OfBooking):
    """The office cannot come, and says why in ``answer``."""

    type: ClassVar[str] = "booking.declined.v1"


class BookingWithdrawn(_OfBooking):
    """The organisation has taken its request back; a time that was agreed is given up."""

    type: ClassVar[str] = "booking.withdrawn.v1"


PUBLISHES: tuple[type[Event], ...] = (
    BookingRequested,
    BookingProposed,
    BookingAccepted,
    BookingDeclined,
    BookingWithdrawn,
)

_TOLD_BY: dict[Status, type[_OfBooking]] = {
    "requested": BookingRequested,
    "proposed": BookingProposed,
    "accepted": BookingAccepted,
    "declined": BookingDeclined,
    "withdrawn": BookingWithdrawn,
}


def tell(session: Session, booking: Booking) -> None:
    """Publish how a booking stands now, in the transaction of the change."""
    event = _TOLD_BY[booking.state]
    publish(
        session,
        event.model_validate(
            {
                "subject_id": booking.id,
                "version": booking.version,
                "kind": booking.kind,
                "status": booking.status,
                "organisation": {
                    "name": booking.organisation_name,
                    "kind": booking.organisation_kind,
                    "district": booking.district,
                },
                "contact": {
                    "name": booking.contact_name,
                    "email": booking.contact_email,
                    "phone": booking.contact_phone,
                },
                "language": booking.language,
                "proposed_times": booking.proposed_times,
                "agreed_time": booking.agreed_time,
                "timezone": booking.timezone,
                "duration_minutes": booking.duration_minutes,
                "answer": booking.answer,
                "headcount": booking.headcount,
                "destinations": booking.destinations,
                "departs_on": booking.departs_on,
                "returns_on": booking.returns_on,
                "topics": booking.topics,
                "manage_url": booking.manage_url,
            }
        ),
    )
