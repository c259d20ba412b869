"""Forgetting trips that are over, and who was known to us for a trip alone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.notifications.contacts.models import Contact, Trip
from services.notifications.database import database
from services.notifications.preferences.erasing import forget_holder
from services.notifications.trips.models import TripPack
from services.notifications.trips.schedule import today

KEPT: Final = timedelta(days=30)
# A trip whose return nobody told us is taken to be over a year after the departure.
LONGEST: Final = timedelta(days=365)
BATCH: Final = 200


def erase_past(now: datetime) -> int:
    """Erase trips :data:`KEPT` after their return, with the packs that were sent for them.

    Whoever subscribed for a trip and for nothing else is forgotten with the last of their trips.
    Any number of workers may do so at once.

    Args:
        now: with its zone.

    Returns:
        How many trips were erased.
    """
    erased = 0
    while True:
        with database.transaction() as session:
            over = session.scalars(
                sa.select(Trip)
                .where(
                    sa.func.coalesce(Trip.returns_on, Trip.departs_on + (LONGEST - KEPT).days)
                    <= today(now) - KEPT
                )
                .limit(BATCH)
                .with_for_update(skip_locked=True)
            ).all()
            for trip in over:
                session.delete(trip)
            session.flush()
            _forget(session, over)
        erased += len(over)
        if len(over) < BATCH:
            return erased


def _forget(session: Session, over: Sequence[Trip]) -> None:
    for trip in over:
        session.execute(
            sa.delete(TripPack).where(
                TripPack.contact_id == trip.contact_id,
                TripPack.country == trip.country,
                TripPack.departs_on == trip.departs_on,
            )
        )
    alone = session.scalars(
        sa.select(Contact).where(
            Contact.id.in_({trip.contact_id for trip in over}),
            Contact.holder.is_not(None),
            Contact.consents["for_trips"].as_boolean(),
            ~sa.exists().where(Trip.contact_id == Contact.id),
        )
    )
    for contact in alone:
        forget_holder(session, contact)
