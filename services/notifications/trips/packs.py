"""Sending the packs that are due."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.notifications.contacts.models import Contact, Trip
from services.notifications.database import database
from services.notifications.delivery.service import Address, Planned, addresses_of, plan
from services.notifications.trips.models import TripPack
from services.notifications.trips.schedule import ends_at

KIND: Final = "trip-pack"
BATCH: Final = 200


def plan_due(now: datetime) -> int:
    """Turn the packs that are due into deliveries. Any number of workers may do so at once.

    Args:
        now: with its zone.

    Returns:
        How many were planned; those that nobody needs any more are closed instead.
    """
    planned = 0
    while True:
        with database.transaction() as session:
            due = session.scalars(
                sa.select(TripPack)
                .where(TripPack.state == "waiting", TripPack.due_at <= now)
                .order_by(TripPack.due_at)
                .limit(BATCH)
                .with_for_update(skip_locked=True)
            ).all()
            planned += sum(_plan(session, pack, now) for pack in due)
        if len(due) < BATCH:
            return planned


def _plan(session: Session, pack: TripPack, now: datetime) -> bool:
    contact = session.get_one(Contact, pack.contact_id)
    trip = trip_of(session, pack)
    if trip is None or not contact.reachable:
        pack.state = "withdrawn"
        return False
    until = ends_at(trip.departs_on, trip.returns_on)
    if until <= now:
        pack.state = "expired"
        return False
    pack.state = "planned"
    plan(
        session,
        _by_one_way(contact),
        Planned(
            kind=KIND,
            key=f"{KIND}/{pack.id}",
            language=contact.language,
            expires_at=until,
            contact_id=contact.id,
            context={"pack": str(pack.id)},
        ),
    )
    return True


def trip_of(session: Session, pack: TripPack) -> Trip | None:
    """The trip that a pack is for, as it stands now; ``None`` when it is off."""
    return session.scalars(
        sa.select(Trip).where(
            Trip.contact_id == pack.contact_id,
            Trip.country == pack.country,
            Trip.departs_on == pack.departs_on,
        )
    ).first()


def _by_one_way(contact: Contact) -> list[Address]:
    """By mail, which holds more; by SMS where there is no e-mail address."""
    return addresses_of(contact)[:1]
