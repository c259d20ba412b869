"""How often an address is written to because somebody typed it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from services.chassis.settings import settings
from services.notifications.contacts.service import address_hash, address_hashes
from services.notifications.preferences.holders import lock_address
from services.notifications.subscribing.models import AddressAsked

log = structlog.get_logger(__name__)

# By hour, so that whoever mistyped can try again; by day, so that nobody is written to all day.
MOST: Final = 3
WITHIN: Final = timedelta(hours=1)
MOST_A_DAY: Final = 10
DAY: Final = timedelta(days=1)


def may_write(session: Session, address: str, now: datetime) -> bool:
    """Whether one more message may go to an address; if so, it is counted.

    At most :data:`MOST` go out :data:`WITHIN` an hour and :data:`MOST_A_DAY` in a :data:`DAY`,
    whoever asks and for whatever. Of text messages ``LINGBAO_SMS_ASKED_PER_HOUR`` go to all numbers
    together: each costs money, and numbers to type are never short. Calls at the same moment may
    exceed that by as many as they are.

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
    channel = "email" if "@" in address else "sms"
    if channel == "sms" and _texts(session, now) >= settings().sms_asked_per_hour:
        log.warning("subscribing.too_many_texts", per_hour=settings().sms_asked_per_hour)
        return False
    session.add(AddressAsked(channel=channel, address_hash=address_hash(address), asked_at=now))
    return True


def _texts(session: Session, now: datetime) -> int:
    """How many text messages went out within an hour because somebody typed a number."""
    query = sa.select(sa.func.count()).where(
        AddressAsked.channel == "sms", AddressAsked.asked_at > now - WITHIN
    )
    return session.scalar(query) or 0


def forget(session: Session, now: datetime) -> None:
    """Drop what no longer holds anybody back."""
    session.execute(sa.delete(AddressAsked).where(AddressAsked.asked_at <= now - DAY))
