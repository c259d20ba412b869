"""Erasing: what could lead to a person goes, what is counted stays.

``docs/retention.md`` says of every column that holds personal data when it goes; a test holds the
page to the tables.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.chassis.events import publish
from services.registration.bookings.models import Booking
from services.registration.certificates.models import Certificate
from services.registration.feedback import service as feedback
from services.registration.registrations.models import Registration
from services.registration.retention.events import BookingErased, RegistrationErased
from services.registration.retention.models import ErasedBooking
from services.registration.verification.models import ContactCode


def erase(session: Session, registrations: Sequence[Registration], now: datetime) -> None:
    """Take everything personal out of registrations, and tell those who have copies.

    The rows stay, with their status, party and check-in, so that every count is as before. Their
    activity is locked, and they were read after that; erased ones are not among them.
    """
    identifiers = [registration.id for registration in registrations]
    for registration in registrations:
        registration.name = ""
        registration.email = registration.email_hash = None
        registration.phone = registration.phone_hash = None
        registration.answers = {}
        registration.companions = []
        registration.contact_failed = False
        registration.erased_at = now
        registration.version += 1
    session.flush()
    feedback.forget(session, identifiers)
    session.execute(sa.delete(ContactCode).where(ContactCode.registration_id.in_(identifiers)))
    # Why one was revoked is staff's own text, and may name the person.
    session.execute(
        sa.update(Certificate)
        .where(
            Certificate.registration_id.in_(identifiers), Certificate.revoked_reason.is_not(None)
        )
        .values(revoked_reason="")
    )
    for registration in registrations:
        publish(
            session,
            RegistrationErased(
                subject_id=registration.id,
                version=registration.version,
                activity_id=registration.activity_id,
            ),
        )


def erase_bookings(session: Session, bookings: Sequence[Booking], now: datetime) -> None:
    """Take the person and every free text out of bookings, and tell those who have copies.

    Which organisation it was, when and for how many, stays. The rows are locked.
    """
    for booking in bookings:
        booking.contact_name = ""
        booking.contact_email = booking.contact_phone = None
        booking.note = booking.answer = None
        booking.version += 1
        session.add(ErasedBooking(booking_id=booking.id, erased_at=now))
        publish(session, BookingErased(subject_id=booking.id, version=booking.version))
    session.flush()
