"""What comes back about a message later: a bounce, a provider's receipt, a person's word.

Receipts come twice, late and out of order. A delivery only ever moves as
:data:`~services.notifications.delivery.models.MOVES` allows, so one that was overtaken changes
nothing.
"""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Literal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.notifications.delivery.failing import tell_failed
from services.notifications.delivery.models import MOVES, Delivery, happened
from services.notifications.senders.outcome import without_addresses

Returned = Literal["delivered", "bounced", "failed"]


def received(
    session: Session,
    delivery_id: uuid.UUID,
    state: Returned,
    *,
    reply: str,
    sender: str,
    at: datetime,
) -> bool:
    """Note what a receipt says about a delivery.

    A bounce suppresses the address; a bounce or failure of a registrant's message is published as
    ``delivery.failed.v1``.

    Args:
        reply: the receipt's own words; addresses are cut out of them.
        sender: which relay or provider it came from, by its name in the settings.
        at: when it happened (UTC), as far as the receipt says.

    Returns:
        Whether anything changed: not for a delivery that is not kept, that never went out, or
        whose state says as much already.
    """
    delivery = session.get(Delivery, delivery_id, with_for_update=True, populate_existing=True)
    # What was never handed over cannot have come back.
    if delivery is None or delivery.attempts == 0 or state not in MOVES[delivery.state]:
        return False
    said = without_addresses(reply)
    delivery.state = state
    delivery.last_reply = said or None
    delivery.lease_until = None
    delivery.handed_over = False
    if state == "delivered" and delivery.sent_at is None:
        delivery.sent_at = at
    delivery.history = [*delivery.history, happened(at, state, said, sender)]
    session.flush()
    if state != "delivered":
        tell_failed(session, delivery, "bounced" if state == "bounced" else "refused")
    return True


def by_provider_id(session: Session, sender: str, provider_id: str) -> Delivery | None:
    """The delivery that a provider knows under its own reference, the newest when it repeats."""
    return session.scalar(
        sa.select(Delivery)
        .where(Delivery.provider_id == provider_id, Delivery.sender == sender)
        .order_by(Delivery.id.desc())
        .limit(1)
    )
