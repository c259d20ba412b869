"""Hears of packs, finds those of an activity or a booking, and passes a booking's on."""

from __future__ import annotations

import uuid
from typing import Final, Literal

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from services.chassis.events import Envelope, Payload, Subscription, publish
from services.chassis.events.inbox import Handlers
from services.registration.bookings.events import ContactState
from services.registration.bookings.models import Booking
from services.registration.bookings.schemas import BookingOut
from services.registration.database import database
from services.registration.packs.events import BookingPack, ChangeState
from services.registration.packs.models import KnownPack
from services.registration.registrations.schemas import OwnRegistration

_CHANGED: Final = "pack.changed.v1"


class PackRead(Payload):
    """What registration reads of every ``pack.*`` event."""

    subject_id: uuid.UUID
    version: int
    activity_id: uuid.UUID | None = None
    booking_id: uuid.UUID | None = None
    title: dict[str, str]
    url: str
    edition: int
    items: int
    changes: list[ChangeState] = Field(default_factory=list)
    withdrawn: bool


class PackNote(BaseModel):
    """A pack as pages show it."""

    model_config = ConfigDict(from_attributes=True)

    title: dict[str, str]
    url: str
    items: int


def hear(session: Session, told: PackRead, envelope: Envelope) -> None:
    """A pack came out, changed or was taken back: keep how it stands, and pass a booking's on."""
    values = told.model_dump(exclude={"subject_id", "edition", "changes"})
    values |= {"id": told.subject_id, "updated_at": envelope.time if told.changes else None}
    insert = postgresql.insert(KnownPack).values(**values)
    session.execute(insert.on_conflict_do_update(index_elements=["id"], set_=values))
    if told.booking_id and not told.withdrawn:
        _pass_on(session, told, told.booking_id, envelope.type)


def _pass_on(session: Session, told: PackRead, booking_id: uuid.UUID, kind: str) -> None:
    booking = session.get(Booking, booking_id)
    if booking is None or booking.state != "accepted" or booking.agreed_time is None:
        return
    if not (booking.contact_email or booking.contact_phone):
        return  # erased, as its time was up
    news: Literal["new", "edition", "changed"] = "new" if told.edition == 1 else "edition"
    publish(
        session,
        BookingPack(
            subject_id=told.subject_id,
            version=told.version,
            booking_id=booking.id,
            news="changed" if kind == _CHANGED else news,
            contact=ContactState(
                name=booking.contact_name, email=booking.contact_email, phone=booking.contact_phone
            ),
            language=booking.language,
            district=booking.district,
            agreed_time=booking.agreed_time,
            timezone=booking.timezone,
            title=told.title,
            url=told.url,
            items=told.items,
            changes=told.changes,
        ),
    )


def of_activity(session: Session, activity_id: uuid.UUID) -> PackNote | None:
    """The pack of an activity; ``None``: there is none, or it was taken back."""
    return _one(session, KnownPack.activity_id == activity_id)


def of_booking(session: Session, booking_id: uuid.UUID) -> PackNote | None:
    """The pack of a booking; ``None``: there is none, or it was taken back."""
    return _one(session, KnownPack.booking_id == booking_id)


def on_ticket(registration: OwnRegistration) -> PackNote | None:
    """The pack that a ticket shows: the activity's, for whoever has or may get a place."""
    if registration.status == "cancelled":
        return None
    with database.transaction() as session:
        return of_activity(session, registration.activity.id)


def of_request(booking: BookingOut) -> PackNote | None:
    """The pack that the conversation about a booking shows."""
    with database.transaction() as session:
        return of_booking(session, booking.id)


def _one(session: Session, condition: sa.ColumnElement[bool]) -> PackNote | None:
    found = session.scalar(
        sa.select(KnownPack)
        .where(condition, KnownPack.withdrawn.is_(False))
        .order_by(KnownPack.id.desc())
        .limit(1)
    )
    return PackNote.model_validate(found) if found else None


_HEARD = Subscription(PackRead, hear)

HANDLERS: Handlers = {
    "pack.published.v1": _HEARD,
    _CHANGED: _HEARD,
    "pack.withdrawn.v1": _HEARD,
}
