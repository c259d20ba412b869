"""Choosing, pausing, leaving and coming back, each by the link that was sent to the address."""

from __future__ import annotations

import uuid
from datetime import datetime, time
from typing import Final, get_args
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from services.chassis.database import utc_now
from services.chassis.i18n import lazy
from services.chassis.problems import FieldError, Invalid
from services.chassis.reference import city
from services.notifications.consents import service as consents
from services.notifications.contacts import service as contacts
from services.notifications.contacts.models import Contact, Trip
from services.notifications.database import database
from services.notifications.delivery.models import Delivery
from services.notifications.preferences.choices import ChoicesIn, PauseIn
from services.notifications.preferences.events import Part
from services.notifications.preferences.fields import MOST_TRIPS, TripIn
from services.notifications.preferences.holders import LISTS, agreed, changed, hold
from services.notifications.preferences.links import delivery_of
from services.notifications.trips.schedule import schedule_packs, today

SOURCE: Final = "preferences"
_PARTS: Final[tuple[Part, ...]] = get_args(Part)


def save(token: str, choices: ChoicesIn) -> None:
    """Take what the holder of an address chooses; from now on that alone counts for it.

    Raises:
        LinkNotValid: the link is forged or damaged.
        Problem: 410 ``link-expired`` or ``address-erased``.
    """
    now = utc_now()
    with database.transaction() as session:
        delivery = delivery_of(session, token, now)
        contact = hold(session, delivery.channel, delivery.address, choices.language)
        parts: list[Part] = [
            part for part in _PARTS if hasattr(choices, part) and _take(contact, choices, part)
        ]
        if choices.wants is False and contact.wants_broadcasts:
            contact.wants_broadcasts = False
            parts.append("consent")
        elif choices.wants and _agree(session, delivery, contact):
            parts.append("consent")
        if any(getattr(contact, name) for name in LISTS):
            contact.consents = contact.consents | {"for_trips": False}
        if parts:
            changed(session, contact, parts, now)


def _take(contact: Contact, choices: ChoicesIn, part: Part) -> bool:
    """Put one choice in; whether it is another one than before."""
    before, now = getattr(contact, part), getattr(choices, part)
    setattr(contact, part, now)
    return bool(before != now)


def _agree(session: Session, delivery: Delivery, contact: Contact) -> bool:
    """Note that the holder wants safety reminders; whether that is new."""
    if contact.wants_broadcasts:
        return False
    contact.wants_broadcasts = True
    agreed(session, delivery.channel, delivery.address, consents.VERSION, SOURCE)
    return True


def add_trip(token: str, wanted: TripIn, *, agrees: bool = False) -> None:
    """Add a trip, whose pack is sent in time. The same trip again changes its return alone.

    Args:
        agrees: to safety reminders; without that consent, here or before, the pack comes and
            nothing else but emergencies.

    Raises:
        LinkNotValid, Problem: as :func:`save`.
        Invalid: there are :data:`MOST_TRIPS` to come already.
    """
    now = utc_now()
    with database.transaction() as session:
        delivery = delivery_of(session, token, now)
        contact = hold(session, delivery.channel, delivery.address, delivery.language)
        same = [
            trip
            for trip in contact.trips
            if (trip.country, trip.departs_on) == (wanted.country, wanted.departs_on)
        ]
        ahead = [
            trip
            for trip in contact.trips
            if trip.returns_on is None or trip.returns_on >= today(now)
        ]
        if same:
            same[0].returns_on = wanted.to
        elif len(ahead) >= MOST_TRIPS:
            sentence = lazy("There are %(most)s trips already. Please remove one.", most=MOST_TRIPS)
            raise Invalid([FieldError("country", sentence)])
        else:
            contact.trips.append(
                Trip(
                    country=wanted.country,
                    departs_on=wanted.departs_on,
                    returns_on=wanted.to,
                )
            )
        if not contact.wants_broadcasts and not any(getattr(contact, name) for name in LISTS):
            contact.consents = contact.consents | {"for_trips": True}
        new = agrees and _agree(session, delivery, contact)
        changed(session, contact, ("trips", "consent") if new else ("trips",), now)
        schedule_packs(session, contact, now)


def remove_trip(token: str, trip_id: uuid.UUID) -> None:
    """Take a trip out; a pack that has not gone out yet stays back. Twice changes nothing.

    Raises:
        LinkNotValid, Problem: as :func:`save`.
    """
    now = utc_now()
    with database.transaction() as session:
        delivery = delivery_of(session, token, now)
        contact = contacts.holder_of(session, delivery.channel, delivery.address)
        found = [trip for trip in contact.trips if trip.id == trip_id] if contact else []
        if contact is None or not found:
            return
        contact.trips.remove(found[0])
        changed(session, contact, ("trips",), now)
        schedule_packs(session, contact, now)


def pause(token: str, wanted: PauseIn | None) -> None:
    """Let no routine or important broadcasts come before a day; ``None`` ends the pause.

    Raises:
        LinkNotValid, Problem: as :func:`save`.
    """
    now = utc_now()
    until = datetime.combine(wanted.until, time(), ZoneInfo(city().timezone)) if wanted else None
    with database.transaction() as session:
        delivery = delivery_of(session, token, now)
        contact = hold(session, delivery.channel, delivery.address, delivery.language)
        if contact.paused_until != until:
            contact.paused_until = until
            changed(session, contact, ("pause",), now)


def leave(token: str) -> None:
    """Send the address no more broadcasts, emergencies included. Twice changes nothing.

    Raises:
        LinkNotValid, Problem: as :func:`save`.
    """
    with database.transaction() as session:
        delivery = delivery_of(session, token, utc_now())
        contacts.unsubscribe(session, delivery.channel, delivery.address, source=SOURCE)


def come_back(token: str) -> None:
    """Let broadcasts come again, as they were chosen before.

    Raises:
        LinkNotValid, Problem: as :func:`save`.
    """
    now = utc_now()
    with database.transaction() as session:
        delivery = delivery_of(session, token, now)
        contacts.subscribe_again(session, delivery.channel, delivery.address, source=SOURCE)
        contact = hold(session, delivery.channel, delivery.address, delivery.language)
        if _agree(session, delivery, contact):
            changed(session, contact, ("consent",), now)
