"""The cap: how many routine broadcasts one address gets within some days."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from services.chassis.settings import settings
from services.notifications.broadcasts.models import Broadcast
from services.notifications.delivery.models import Delivery

# What went, may have gone, or is still to go.
_COUNTED = ("pending", "sending", "accepted", "delivered", "unknown")


def capped(now: datetime) -> sa.Select[str, str] | None:
    """The addresses (channel, keyed hash) that have had as many routine broadcasts as they should.

    Drills do not count. A message that waits for its digest does: it is one all the same.

    Returns:
        ``None`` when there is no cap.
    """
    limit = settings().routine_cap
    if not limit:
        return None
    since = now - timedelta(days=settings().routine_cap_days)
    lately = sa.select(Broadcast.id).where(
        Broadcast.urgency == "routine",
        ~Broadcast.drill,
        Broadcast.approved_at >= since,
        Broadcast.status.in_(("approved", "scheduled", "sending", "paused", "sent", "cancelled")),
    )
    return (
        sa.select(Delivery.channel, Delivery.address_hash)
        .where(
            Delivery.broadcast_id.in_(lately),
            Delivery.kind == "broadcast",
            Delivery.state.in_(_COUNTED),
        )
        .group_by(Delivery.channel, Delivery.address_hash)
        .having(sa.func.count() >= limit)
    )
