"""When a pack is due: a week before the trip, or at once when the trip is sooner."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.chassis.reference import city
from services.notifications.contacts.models import Contact, Trip
from services.notifications.trips.models import TripPack

LEAD: Final = timedelta(days=7)
# On the city's clock: not in the night, and with the day ahead to read it.
AT: Final = time(9)
# Of a trip whose return is not known, that long after the departure counts as being on it.
UNKNOWN_STAY: Final = timedelta(days=14)


def today(now: datetime) -> date:
    """The day in the city at a moment."""
    return now.astimezone(ZoneInfo(city().timezone)).date()


def ends_at(departs_on: date, returns_on: date | None) -> datetime:
    """When a pack is of no use any more: the end of the last day abroad, on the city's clock."""
    last = returns_on or departs_on + UNKNOWN_STAY
    return datetime.combine(last + timedelta(days=1), time(), ZoneInfo(city().timezone))


def schedule_packs(session: Session, contact: Contact, now: datetime) -> None:
    """Bring a contact's packs into line with its trips.

    One that has gone out stays as it is, whatever becomes of the trip's return; one of a trip that
    is off is withdrawn, and waits again when the trip is on again.

    Args:
        contact: with its trips as they are now.
        now: with its zone.
    """
    kept = {
        (pack.country, pack.departs_on): pack
        for pack in session.scalars(
            sa.select(TripPack).where(TripPack.contact_id == contact.id).with_for_update()
        )
    }
    wanted: dict[tuple[str, date], Trip] = {
        (trip.country, trip.departs_on): trip
        for trip in contact.trips
        if contact.reachable and ends_at(trip.departs_on, trip.returns_on) > now
    }
    for key, pack in kept.items():
        if key not in wanted and pack.state == "waiting":
            pack.state = "withdrawn"
        elif key in wanted and pack.state == "withdrawn":
            pack.state = "waiting"
            pack.due_at = pack_due_at(pack.departs_on, now)
    for country, departs_on in wanted.keys() - kept.keys():
        session.add(
            TripPack(
                contact_id=contact.id,
                country=country,
                departs_on=departs_on,
                due_at=pack_due_at(departs_on, now),
            )
        )
    session.flush()


def pack_due_at(departs_on: date, now: datetime) -> datetime:
    """When the pack of a trip is sent: a week before it, and not before ``now``."""
    return max(now, datetime.combine(departs_on - LEAD, AT, ZoneInfo(city().timezone)))
