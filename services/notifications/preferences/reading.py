"""What is known of an address, for whoever reads what is sent there."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.chassis.database import utc_now
from services.notifications.consents import service as consents
from services.notifications.contacts.models import Contact
from services.notifications.contacts.service import (
    address_hashes,
    holder_of,
    is_suppressed,
    is_unsubscribed,
)
from services.notifications.database import database
from services.notifications.delivery.masking import masked
from services.notifications.delivery.models import Delivery
from services.notifications.preferences.holders import chosen_so_far, union
from services.notifications.preferences.links import KIND, delivery_of
from services.notifications.subscribing.models import KIND as SUBSCRIPTION_ASKED
from services.notifications.trips.schedule import today

# Messages that were sent because the holder asked, and for how long one of them opens everything.
_ASKED_FOR: Final = (KIND, SUBSCRIPTION_ASKED)
FRESH: Final = timedelta(hours=24)
SHOWN: Final = 20


@dataclass(frozen=True)
class TripShown:
    """A trip as the page shows it; ``returns_on`` is the last day abroad, if it is known."""

    id: uuid.UUID
    country: str
    departs_on: date
    returns_on: date | None


@dataclass(frozen=True)
class Sources:
    """From where we have an address: how many registrations, bookings and lists name it."""

    subscribed: bool
    registrations: int
    bookings: int
    lists: int

    @property
    def any(self) -> bool:
        """Whether we have it from anywhere."""
        return bool(self.subscribed or self.registrations or self.bookings or self.lists)


@dataclass(frozen=True)
class Standing:
    """Everything that the page of one's choices shows.

    Attributes:
        address: masked, because a forwarded mail carries its link with it.
        wants: safety reminders were agreed to for this address.
        unsubscribed: they were ended; ``suppressed``: nothing at all is sent there.
        paused_until: no routine or important ones before this moment (UTC).
        trips: those that are not over, by a fresh link alone: they say when somebody is away.
        trips_kept: how many there are.
        for_trips: we know the address for its trips alone.
        fresh: the link was asked for a short while ago, so it may open and erase everything.
    """

    channel: str
    address: str
    language: str
    digest: str
    districts: list[str]
    countries: list[str]
    topics: list[str]
    wants: bool
    unsubscribed: bool
    suppressed: bool
    paused_until: datetime | None
    trips: list[TripShown]
    trips_kept: int
    for_trips: bool
    sources: Sources
    history: list[consents.Entry]
    fresh: bool


def standing(token: str) -> Standing:
    """How things stand for the address that a link was sent to.

    Raises:
        LinkNotValid: the link is forged or damaged.
        Problem: 410 ``link-expired`` or ``address-erased``.
    """
    now = utc_now()
    with database.transaction() as session:
        return standing_of(session, delivery_of(session, token, now), now)


def standing_of(session: Session, delivery: Delivery, now: datetime) -> Standing:
    """The same for a delivery, in the caller's transaction."""
    channel, address = delivery.channel, delivery.address
    holder = holder_of(session, channel, address)
    counting = [holder] if holder is not None else chosen_so_far(session, channel, address)
    paused = holder.paused_until if holder is not None else None
    trips, fresh = _trips(holder, now), is_fresh(delivery, now)
    return Standing(
        channel=channel,
        address=masked(channel, address),
        language=holder.language if holder is not None else delivery.language,
        digest=holder.digest if holder is not None else "at-once",
        districts=union(counting, "districts"),
        countries=union(counting, "countries"),
        topics=union(counting, "topics"),
        wants=any(contact.wants_broadcasts for contact in counting),
        unsubscribed=is_unsubscribed(session, channel, address),
        suppressed=is_suppressed(session, channel, address),
        paused_until=paused if paused is not None and paused > now else None,
        trips=trips if fresh else [],
        trips_kept=len(trips),
        for_trips=holder is not None and bool(holder.consents.get("for_trips")),
        sources=sources_of(session, channel, address),
        history=consents.history(session, channel, address_hashes(address))[:SHOWN],
        fresh=fresh,
    )


def is_fresh(delivery: Delivery, now: datetime) -> bool:
    """Whether a link proves who opens it: asked for, and a short while ago.

    A broadcast is passed on to others, with the link at its end.
    """
    return delivery.kind in _ASKED_FOR and delivery.planned_at > now - FRESH


def sources_of(session: Session, channel: str, address: str) -> Sources:
    """From where we have an address. Whose registrations they are is not looked at."""
    hashed = Contact.email_hash if channel == "email" else Contact.phone_hash
    kind = sa.func.split_part(Contact.source, "/", 1)
    counted = session.execute(
        sa.select(kind, sa.func.count()).where(hashed.in_(address_hashes(address))).group_by(kind)
    )
    found: dict[str, int] = dict(counted.all())
    return Sources(
        subscribed=holder_of(session, channel, address) is not None,
        registrations=found.get("registration", 0),
        bookings=found.get("booking", 0),
        lists=found.get("import", 0) + found.get("staff", 0),
    )


def _trips(holder: Contact | None, now: datetime) -> list[TripShown]:
    if holder is None:
        return []
    return [
        TripShown(trip.id, trip.country, trip.departs_on, trip.returns_on)
        for trip in holder.trips
        if trip.returns_on is None or trip.returns_on >= today(now)
    ]
