"""How often an address is written to because somebody typed it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.notifications.contacts.service import address_hash, address_hashes
from services.notifications.preferences.holders import lock_address
from services.notifications.subscribing.models import AddressAsked

# By hour, so that whoever mistyped can try again; by day, so that nobody is written to all day.
MOST: Final = 3
WITHIN: Final = timedelta(hours=1)
MOST_A_DAY: Final = 10
DAY: Final = timedelta(days=1)


def may_write(session: Session, address: str, now: datetime) -> bool:
    """Whether one more message may go to an address; if so, it is counted.

    At most :data:`MOST` go out :data:`WITHIN` an hour and :data:`MOST_A_DAY` in a :data:`DAY`,
    whoever asks and for whatever.

    Args:
        address: an e-mail address or an E.164 number.
        now: with its zone.
    """
    lock_address(session, address)
    lately = sa.func.count().filter(AddressAsked.asked_at > now - WITHIN)
    in_an_hour, in_a_day = session.execute(
        sa.select(lately, sa.func.count()).where(
            AddressAsked.address_hash.in_(address_hashes(address)),
            AddressAsked.asked_at > now - DAY,
        )
    ).one()
    if in_an_hour >= MOST or in_a_day >= MOST_A_DAY:
        return False
    session.add(AddressAsked(address_hash=address_hash(address), asked_at=now))
    return True


def forget(session: Session, now: datetime) -> None:
    """Drop what no longer holds anybody back."""
    session.execute(sa.delete(AddressAsked).where(AddressAsked.asked_at <= now - DAY))
