"""What a confirmed subscription makes: the contact of the address's holder."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from services.notifications.consents import service as consents
from services.notifications.contacts.models import Trip
from services.notifications.contacts.service import Stay, subscribe_again
from services.notifications.preferences.holders import agreed, changed, hold
from services.notifications.subscribing.models import Subscription
from services.notifications.trips.schedule import schedule_packs


def subscribe(session: Session, found: Subscription, now: datetime) -> None:
    """Make the holder's contact, or let the new wishes take the place of the former ones.

    Args:
        found: what the address has just confirmed.
        now: with its zone.
    """
    contact = hold(session, found.channel, found.address, found.language)
    wishes = found.wishes
    contact.source = f"subscription/{found.id}"
    contact.language = found.language
    contact.districts = wishes["districts"]
    contact.countries = wishes["countries"]
    contact.topics = wishes["topics"]
    contact.trips = [Trip(**asdict(stay(trip))) for trip in wishes["trips"]]
    contact.paused_until = None
    contact.wants_broadcasts = True
    contact.reachable = True
    followed = any(wishes[name] for name in ("districts", "countries", "topics"))
    contact.consents = {
        "advisories": True,
        "version": consents.VERSION,
        "for_trips": bool(wishes["trips"]) and not followed,
    }
    subscribe_again(session, found.channel, found.address, source=contact.source)
    agreed(session, found.channel, found.address, consents.VERSION, contact.source)
    changed(session, contact, ("districts", "countries", "topics", "trips", "consent"), now)
    schedule_packs(session, contact, now)


def stay(kept: dict[str, Any]) -> Stay:
    """A trip as it is kept: what was to come when it was typed may be over by now."""
    back = kept.get("to")
    return Stay(
        kept["country"],
        date.fromisoformat(kept["from"]),
        date.fromisoformat(back) if back else None,
    )
