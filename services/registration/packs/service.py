"""Hears of packs, finds those of an activity or a booking, and passes a booking's on."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
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
from services.registration.packs.telling import is_back, tell_registered
from services.registration.registrations.schemas import OwnRegistration

_CHANGED: Final = "pack.changed.v1"
News = Literal["new", "edition", "changed"]


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
    if told.withdrawn:
        return
    if told.booking_id:
        _pass_on(session, told, told.booking_id, envelope.type)
    elif told.activity_id and told.changes:
        tell_registered(session, told.activity_id, told.url, told.changes)


def _pass_on(session: Session, told: PackRead, booking_id: uuid.UUID, kind: str) -> None:
    booking = session.get(Booking, booking_id)
    if booking is None or booking.state != "accepted":
        return
    if kind == _CHANGED and is_back(booking):
        return
    news: News = "new" if told.edition == 1 else "edition"
    known = session.get_one(KnownPack, told.subject_id, populate_existing=True)
    _tell_contact(session, booking, known, "changed" if kind == _CHANGED else news, told.changes)


def pass_on_known(session: Session, booking: Booking) -> None:
    """Pass a pack on that came out before its booking was agreed.

    One that was passed on is not heard of again: its version has not risen since.
    """
    found = session.scalar(_standing(KnownPack.booking_id == booking.id))
    if found is not None:
        _tell_contact(session, booking, found, "new", ())


def _tell_contact(
    session: Session,
    booking: Booking,
    pack: KnownPack,
    news: News,
    changes: Sequence[ChangeState],
) -> None:
    if not (booking.contact_email or booking.contact_phone) or booking.agreed_time is None:
        return  # erased, as its time was up
    publish(
        session,
        BookingPack(
            subject_id=pack.id,
            version=pack.version,
            booking_id=booking.id,
            news=news,
            contact=ContactState(
                name=booking.contact_name, email=booking.contact_email, phone=booking.contact_phone
            ),
            language=booking.language,
            district=booking.district,
            agreed_time=booking.agreed_time,
            timezone=booking.timezone,
            title=pack.title,
            url=pack.url,
            items=pack.items,
            changes=list(changes),
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
    found = session.scalar(_standing(condition))
    return PackNote.model_validate(found) if found else None


def _standing(condition: sa.ColumnElement[bool]) -> sa.Select[KnownPack]:
    return (
        sa.select(KnownPack)
        .where(condition, KnownPack.withdrawn.is_(False))
        .order_by(KnownPack.id.desc())
        .limit(1)
    )


_HEARD = Subscription(PackRead, hear)

HANDLERS: Handlers = {
    "pack.published.v1": _HEARD,
    _CHANGED: _HEARD,
    "pack.withdrawn.v1": _HEARD,
}
