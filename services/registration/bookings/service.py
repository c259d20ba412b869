"""The conversation about a booking: an organisation asks, staff answer, one of both agrees."""

from __future__ import annotations

import uuid
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.chassis import audit, crypto
from services.chassis.auth import Principal
from services.chassis.database import new_id, utc_now
from services.chassis.i18n import Text, lazy
from services.chassis.idempotency import Once
from services.chassis.problems import FieldError, Invalid, LinkNotValid, NotFound, Problem
from services.chassis.reference import city
from services.registration.bookings import planning
from services.registration.bookings.events import tell
from services.registration.bookings.models import Booking
from services.registration.bookings.schemas import (
    AcceptIn,
    BookingIn,
    BookingOut,
    DeclineIn,
    ProposeIn,
    Requested,
)
from services.registration.database import database
from services.registration.packs.service import pass_on_known
from services.registration.resources.public import speakers_of


def request_booking(wanted: BookingIn, once: Once) -> Requested:
    """Take down what an organisation asks for; its contact is told that it arrived."""
    with database.transaction() as session:
        if answer := once.first_answer(session):
            return Requested.model_validate(answer)
        booking = Booking(
            id=new_id(),
            kind=wanted.kind,
            organisation_name=wanted.organisation.name,
            organisation_kind=wanted.organisation.kind,
            district=wanted.organisation.district,
            contact_name=wanted.contact.name,
            contact_email=wanted.contact.email,
            contact_phone=wanted.contact.phone,
            language=wanted.language,
            proposed_times=wanted.proposed_times,
            timezone=city().timezone,
            headcount=wanted.headcount,
            destinations=wanted.destinations,
            departs_on=wanted.departs_on,
            returns_on=wanted.returns_on,
            topics=wanted.topics,
            note=wanted.note,
        )
        session.add(booking)
        session.flush()
        tell(session, booking)
        requested = Requested(id=booking.id, status=booking.state, manage_url=booking.manage_url)
        once.keep(session, requested.model_dump(mode="json"))
        return requested


def look(token: str) -> BookingOut:
    """A booking, for whoever holds its link.

    Raises:
        LinkNotValid: the token is forged or damaged.
    """
    with database.transaction() as session:
        booking = _of_link(session, token)
        speakers = speakers_of(session, booking.id) if booking.status == "accepted" else []
        return BookingOut.of(booking, [speaker.name for speaker in speakers])


def take_time(token: str, agreed_time: datetime) -> BookingOut:
    """The organisation takes one of the times that staff offered. Doing so twice changes nothing.

    Raises:
        LinkNotValid: the token is forged or damaged.
        Invalid: the time is none of those, or has passed.
        Problem: 409 ``booking-STATUS`` when nothing is offered any more.
    """
    with database.transaction() as session:
        booking = _of_link(session, token, lock=True)
        if booking.status == "accepted" and booking.agreed_time == agreed_time:
            return BookingOut.of(booking)
        if booking.status == "requested":
            raise Problem(
                409,
                "booking-requested",
                lazy("The office has not answered yet."),
                lazy("You will hear from us; there is nothing to do for now."),
            )
        _agree(session, booking, agreed_time)
        planning.follow(session, booking)
        session.flush()
        tell(session, booking)
        return BookingOut.of(booking)


def withdraw(token: str) -> BookingOut:
    """The organisation takes its request back; its contact is told so. Twice changes nothing.

    Raises:
        LinkNotValid: the token is forged or damaged.
        Problem: 409 ``booking-declined``.
    """
    with database.transaction() as session:
        booking = _of_link(session, token, lock=True)
        if booking.status != "withdrawn":
            booking.move("withdrawn")
            booking.agreed_time = None
            planning.follow(session, booking)
            session.flush()
            tell(session, booking)
        return BookingOut.of(booking)


def accept(principal: Principal, booking_id: uuid.UUID, wanted: AcceptIn) -> BookingOut:
    """Staff agree to one of the times on the table; the organisation is told.

    Raises:
        Invalid: the time is none of those, has passed, or must be named; a room or a lecturer is
            not there to be chosen.
        Problem: 404; 403 for another district's; 409 ``booking-STATUS``, and without a reason
            ``resource-busy`` or ``lecturer-unavailable``.
    """
    with database.transaction() as session:
        booking = _of_staff(session, principal, booking_id, lock=True)
        chosen = wanted.agreed_time
        if chosen is None:
            if len(booking.proposed_times) != 1:
                raise _wrong_time(lazy("Please choose one of the times."))
            chosen = booking.proposed_times[0]
        _agree(session, booking, chosen)
        planning.plan(session, principal, booking, wanted)
        return _answered(session, principal, booking, wanted.answer)


def propose(principal: Principal, booking_id: uuid.UUID, wanted: ProposeIn) -> BookingOut:
    """Staff offer other times, also instead of one that was agreed; the organisation is told.

    Raises:
        Invalid: a room or a lecturer is not there to be chosen.
        Problem: 404; 403 for another district's; 409 ``booking-STATUS``, and without a reason
            ``resource-busy`` or ``lecturer-unavailable``.
    """
    with database.transaction() as session:
        booking = _of_staff(session, principal, booking_id, lock=True)
        booking.move("proposed")
        booking.agreed_time = None
        booking.proposed_times = wanted.proposed_times
        planning.plan(session, principal, booking, wanted)
        return _answered(session, principal, booking, wanted.answer)


def decline(principal: Principal, booking_id: uuid.UUID, wanted: DeclineIn) -> BookingOut:
    """Staff cannot come, and say why; the organisation is told.

    Raises:
        Problem: 404; 403 for another district's; 409 ``booking-STATUS``.
    """
    with database.transaction() as session:
        booking = _of_staff(session, principal, booking_id, lock=True)
        booking.move("declined")
        booking.agreed_time = None
        planning.follow(session, booking)
        return _answered(session, principal, booking, wanted.answer)


def one(principal: Principal, booking_id: uuid.UUID) -> BookingOut:
    """A booking, for staff of its district.

    Raises:
        Problem: 404; 403 for another district's.
    """
    with database.transaction() as session:
        return BookingOut.of(_of_staff(session, principal, booking_id))


def _agree(session: Session, booking: Booking, chosen: datetime) -> None:
    if chosen not in booking.proposed_times:
        raise _wrong_time(lazy("Please choose one of the times offered."))
    if chosen <= utc_now():
        raise _wrong_time(lazy("This time has passed; please choose another."))
    booking.move("accepted")
    booking.agreed_time = chosen
    pass_on_known(session, booking)


def _wrong_time(sentence: Text) -> Invalid:
    return Invalid([FieldError("agreed_time", sentence)])


def _answered(
    session: Session, principal: Principal, booking: Booking, words: str | None
) -> BookingOut:
    """What every answer of staff ends with."""
    booking.answer = words
    session.flush()
    tell(session, booking)
    audit.record(
        session,
        principal,
        f"booking.{booking.status}",
        f"booking/{booking.id}",
        district=booking.district,
        detail=booking.kind,
    )
    return BookingOut.of(booking)


def _of_link(session: Session, token: str, *, lock: bool = False) -> Booking:
    try:
        identifier = crypto.read_id("booking", token)
    except crypto.TokenError as error:
        raise LinkNotValid from error
    booking = _read(session, identifier, lock)
    if booking is None:
        raise LinkNotValid
    return booking


def _of_staff(
    session: Session, principal: Principal, booking_id: uuid.UUID, *, lock: bool = False
) -> Booking:
    booking = _read(session, booking_id, lock)
    if booking is None:
        raise NotFound(lazy("There is no such booking."))
    principal.must_cover(booking.district)
    return booking


def _read(session: Session, identifier: uuid.UUID, lock: bool) -> Booking | None:
    query = sa.select(Booking).where(Booking.id == identifier)
    return session.scalar(query.with_for_update() if lock else query)
