"""Erasing what is old enough, in batches, by whichever worker comes to it first."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import sqlalchemy as sa

from services.chassis.database import utc_now
from services.chassis.settings import settings
from services.registration.activities.models import Activity
from services.registration.bookings.models import Booking
from services.registration.database import database
from services.registration.registrations.models import Registration
from services.registration.retention.erasing import erase, erase_bookings
from services.registration.retention.models import ErasedBooking

# Rows that one transaction erases.
AT_ONCE = 200
# A registration whose contact was never verified was never more than a try.
NEVER_VERIFIED = timedelta(hours=24)


def kept_for() -> timedelta:
    """How long after the end personal data is kept."""
    return timedelta(days=settings().retention_days)


def sweep(now: datetime | None = None) -> int:
    """Erase the registrations and bookings whose time has come.

    Args:
        now: the moment from which their age is counted (UTC); the present by default.

    Returns:
        How many were erased.
    """
    moment = now or utc_now()
    return _all(_registrations, moment) + _all(_bookings, moment)


def _all(batch: Callable[[datetime], int], now: datetime) -> int:
    erased = 0
    while found := batch(now):
        erased += found
    return erased


def _due(now: datetime) -> sa.ColumnElement[bool]:
    """A registration's age counts from the planned end, whatever became of it or its activity."""
    never_verified = sa.and_(
        Registration.status == "cancelled",
        Registration.cancel_cause == "expired",
        # An offer that ran out has been on the waiting list.
        Registration.waiting_since.is_(None),
        Registration.cancelled_at <= now - NEVER_VERIFIED,
    )
    return sa.and_(
        Registration.erased_at.is_(None),
        sa.or_(Activity.ends_at <= now - kept_for(), never_verified),
    )


def _registrations(now: datetime) -> int:
    with database.transaction() as session:
        # An activity that somebody works on is left to the next call.
        activity_id = session.scalar(
            sa.select(Activity.id)
            .where(sa.exists().where(Registration.activity_id == Activity.id, _due(now)))
            .order_by(Activity.ends_at)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        if activity_id is None:
            return 0
        due = session.scalars(
            sa.select(Registration)
            .join(Activity, Activity.id == Registration.activity_id)
            .where(Registration.activity_id == activity_id, _due(now))
            .order_by(Registration.id)
            .limit(AT_ONCE)
            .with_for_update(of=Registration)
        ).all()
        erase(session, due, now)
        return len(due)


def _bookings(now: datetime) -> int:
    cutoff = sa.literal(now - kept_for(), sa.DateTime(timezone=True))
    with database.transaction() as session:
        due = session.scalars(
            sa.select(Booking)
            .where(
                Booking.created_at <= cutoff,
                sa.or_(Booking.agreed_time.is_(None), Booking.agreed_time <= cutoff),
                cutoff >= sa.all_(Booking.proposed_times),
                ~sa.exists().where(ErasedBooking.booking_id == Booking.id),
            )
            .order_by(Booking.id)
            .limit(AT_ONCE)
            .with_for_update(of=Booking, skip_locked=True)
        ).all()
        erase_bookings(session, due, now)
        return len(due)
