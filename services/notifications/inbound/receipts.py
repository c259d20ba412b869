"""Receipts: finding the delivery that a provider speaks of, and noting how it ended."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.chassis.database import utc_now
from services.notifications.contacts.service import address_hashes
from services.notifications.delivery.models import Delivery
from services.notifications.delivery.receipts import received
from services.notifications.inbound.models import ReceiptAsk
from services.notifications.senders.sms.sender import Receipt, mark

# A provider can be faster than the worker that notes its answer; for so long an unknown receipt is
# one that came too early.
EARLY: Final = timedelta(minutes=2)
# Of one number, how many messages are looked through for a mark.
LATEST: Final = 50


class NotYet(Exception):
    """A receipt for a message that we have not noted as sent: the provider must tell it again."""


def take(session: Session, provider: str, receipt: Receipt) -> bool:
    """Note what a receipt says.

    Returns:
        Whether anything changed; not for what is told twice, or of a message that is not ours.

    Raises:
        NotYet: it is fresh, and nothing is known of its message.
    """
    if receipt.state == "waiting" or receipt.at is None:
        return False
    delivery = _delivery(session, provider, receipt)
    if delivery is None:
        if utc_now() - receipt.at < EARLY:
            raise NotYet
        return False
    return settle(session, provider, delivery.id, receipt)


def settle(session: Session, provider: str, delivery_id: uuid.UUID, receipt: Receipt) -> bool:
    """Note what a receipt says of a delivery that is known, and ask for it no more.

    Returns:
        Whether anything changed.
    """
    if receipt.state == "waiting" or receipt.at is None:
        return False
    session.execute(sa.delete(ReceiptAsk).where(ReceiptAsk.delivery_id == delivery_id))
    return received(
        session, delivery_id, receipt.state, reply=receipt.reply, sender=provider, at=receipt.at
    )


def _delivery(session: Session, provider: str, receipt: Receipt) -> Delivery | None:
    """By the provider's reference, which a batch shares; else by our mark in its record."""
    if receipt.reference is not None:
        found = session.get(Delivery, receipt.reference)
        return found if found is not None and found.sender == provider else None
    hashes = address_hashes(receipt.phone) if receipt.phone else None
    if receipt.provider_id:
        known = sa.select(Delivery).where(
            Delivery.provider_id == receipt.provider_id, Delivery.sender == provider
        )
        if hashes is not None:
            known = known.where(Delivery.address_hash.in_(hashes))
        delivery = session.scalar(known.order_by(Delivery.id.desc()).limit(1))
        if delivery is not None:
            return delivery
    if hashes is None or not receipt.marks:
        return None
    recent = session.scalars(
        sa.select(Delivery)
        .where(Delivery.channel == "sms", Delivery.address_hash.in_(hashes))
        .order_by(Delivery.planned_at.desc())
        .limit(LATEST)
    )
    return next((one for one in recent if mark(one.id) in receipt.marks), None)
