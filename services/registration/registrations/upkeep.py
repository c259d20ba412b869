"""What becomes of registrations by themselves: offers, holds that run out, activities called off.

Every function but :func:`expire_holds` is part of somebody else's use case and its transaction.
"""

from __future__ import annotations

import uuid
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.chassis.database import utc_now
from services.registration.activities.models import Activity
from services.registration.database import database
from services.registration.registrations import seats
from services.registration.registrations.events import tell
from services.registration.registrations.models import LIVE, Registration

# Holds that one tick ends; the next tick takes the rest.
AT_ONCE = 500


def contact_verified(
    session: Session, registration: Registration, activity: Activity, now: datetime
) -> bool:
    """Let a registration count whose contact has answered, and tell of it.

    The activity is locked, and the registration was read after that.

    Returns:
        Whether it was in time; a hold that has run out changes nothing.
    """
    expires = registration.hold_expires_at
    if registration.status != "unverified" or expires is None or expires <= now:
        return False
    seats.verified(session, activity, registration)
    position = seats.waiting_position(session, registration)
    tell(session, registration, activity, waiting_position=position)
    return True


def ask_again(session: Session, activity: Activity, now: datetime) -> int:
    """Mark everyone who holds a place as asked whether the new time or place suits them.

    Returns:
        How many registrations they are.
    """
    asked = session.execute(
        sa.update(Registration)
        .where(Registration.activity_id == activity.id, Registration.status == "confirmed")
        .values(asked_at=now)
        .returning(Registration.id)
        .execution_options(synchronize_session=False)
    )
    return len(asked.all())


def cancel_all_of(session: Session, activity: Activity) -> int:
    """End every live registration of an activity that was cancelled, and tell each person.

    The activity is locked and its status set already, so nothing is offered.

    Returns:
        How many registrations there were.
    """
    now = utc_now()
    live = session.scalars(
        sa.select(Registration)
        .where(Registration.activity_id == activity.id, Registration.status.in_(LIVE))
        .order_by(Registration.id)
        .execution_options(populate_existing=True)
    ).all()
    return sum(
        seats.cancel(session, activity, registration, cause="activity", now=now)
        for registration in live
    )


def offer_places(session: Session, activity_id: uuid.UUID) -> int:
    """Offer an activity's free places to its waiting list: see :mod:`.seats` for the rules.

    Returns:
        How many parties got places.
    """
    return seats.offer_places(session, seats.locked(session, activity_id), utc_now())


def expire_holds(now: datetime | None = None) -> int:
    """End offers that nobody took and registrations that nobody verified; offer on what is free.

    Each is a transaction of its own: an acceptance at the same moment either comes first, and
    there is nothing to end, or finds that the time has passed.

    Args:
        now: the moment up to which they have run out (UTC); the present by default.

    Returns:
        How many were ended.
    """
    moment = now or utc_now()
    with database.transaction() as session:
        due = session.execute(
            sa.select(Registration.id, Registration.activity_id)
            .where(Registration.hold_expires_at <= moment)
            .order_by(Registration.hold_expires_at)
            .limit(AT_ONCE)
        ).all()
    return sum(_expire(identifier, activity_id, moment) for identifier, activity_id in due)


def _expire(identifier: uuid.UUID, activity_id: uuid.UUID, now: datetime) -> bool:
    with database.transaction() as session:
        activity = seats.locked(session, activity_id)
        registration = session.get(Registration, identifier, populate_existing=True)
        if registration is None or registration.activity_id != activity_id:
            return False  # it moved to another date meanwhile
        expires = registration.hold_expires_at
        if expires is None or expires > now:
            return False
        return seats.cancel(session, activity, registration, cause="expired", now=now)
