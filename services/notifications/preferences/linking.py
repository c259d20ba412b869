"""Sending somebody the link to their choices again, by the address that they type."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.chassis.database import new_id, utc_now
from services.chassis.fields import LanguageTag
from services.notifications.contacts.service import as_channel
from services.notifications.database import database
from services.notifications.delivery.models import Channel, Delivery
from services.notifications.delivery.service import Address, Planned, plan
from services.notifications.erasing.service import forget_messages
from services.notifications.preferences.links import KIND, delivery_of
from services.notifications.subscribing import limits
from services.notifications.subscribing.schemas import OneAddress

# Whoever asked has long asked again by then.
WITHIN: Final = timedelta(hours=6)
_LOOKED_AT: Final = timedelta(days=3)


class LinkWanted(OneAddress):
    """The one address whose link is to be sent."""

    language: LanguageTag = "zh-CN"


def ask(wanted: LinkWanted) -> None:
    """Have the link sent, if we have anything for the address; the caller answers the same anyhow.

    Whether we have is found out when the message is written, so that this takes the same time for
    every address.
    """
    now = utc_now()
    with database.transaction() as session:
        _send(session, wanted.channel, wanted.address, wanted.language, now)


def ask_by_link(token: str) -> None:
    """The same for whoever has an older link and needs a fresh one.

    Raises:
        LinkNotValid: the link is forged or damaged.
        Problem: 410 ``link-expired`` or ``address-erased``.
    """
    now = utc_now()
    with database.transaction() as session:
        delivery = delivery_of(session, token, now)
        _send(session, as_channel(delivery.channel), delivery.address, delivery.language, now)


def _send(session: Session, channel: Channel, address: str, language: str, now: datetime) -> None:
    if limits.may_write(session, address, now):
        plan(
            session,
            [Address(channel, address)],
            Planned(
                kind=KIND, key=f"{KIND}/{new_id()}", language=language, expires_at=now + WITHIN
            ),
        )


def forget_strangers(now: datetime) -> None:
    """Forget addresses that somebody typed here and that we had nothing for."""
    with database.transaction() as session:
        strangers = sa.and_(
            Delivery.kind == KIND,
            Delivery.state == "cancelled",
            Delivery.planned_at > now - _LOOKED_AT,
            sa.not_(Delivery.address_hash.startswith("erased/")),
        )
        forget_messages(session, strangers)
