"""The brake: when too much of what a sender took comes back, bulk mail slows down and then stops.

Mailbox providers close their doors to whoever keeps writing to dead addresses, and then the next
emergency does not arrive either. Emergencies and transactional messages are never braked.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from services.notifications.broadcasts.events import BroadcastPaused, tell
from services.notifications.broadcasts.models import Broadcast, Status
from services.notifications.broadcasts.sending import BY_BOUNCES
from services.notifications.database import database
from services.notifications.delivery.models import Delivery
from services.notifications.senders import tally
from services.notifications.senders.models import Brake, SenderMinute, SenderState

log = structlog.get_logger(__name__)

# Among so many messages that a sender took last; fewer than the least say nothing.
LAST: Final = 500
LEAST: Final = 100
SLOW_AT: Final = 0.05
STOP_AT: Final = 0.10
# Below this the slow pace ends; the stop is for a person to end.
FAST_AT: Final = 0.03
# What was refused at once counts for so long when nothing at all was taken.
REFUSED_SINCE: Final = timedelta(days=1)


def look_after_senders(now: datetime) -> None:
    """Count what came back, set the brake, and pause broadcasts where it says stop. By a tick."""
    with database.transaction() as session:
        states = session.scalars(
            sa.select(SenderState).order_by(SenderState.name).with_for_update(skip_locked=True)
        ).all()
        for state in states:
            state.bounce_rate = bounce_rate(session, state, now)
            before, state.brake = state.brake, _brake(state)
            if state.brake != before:
                log.warning("sender.brake", name=state.name, brake=state.brake)
        stopped = {state.channel for state in states if state.brake == "stop"}
        if stopped:
            _pause_broadcasts(session, stopped)
        tally.forget_old(session, now)


def bounce_rate(session: Session, state: SenderState, now: datetime) -> float | None:
    """Bounces and complaints among the last messages of a sender, 0 to 1; ``None``: too few."""
    since = state.counted_since or datetime.min.replace(tzinfo=now.tzinfo)
    last = (
        sa.select(Delivery.state, Delivery.sent_at)
        .where(Delivery.sender == state.name, Delivery.sent_at > since)
        .order_by(Delivery.sent_at.desc())
        .limit(LAST)
        .subquery()
    )
    taken, came_back, oldest = session.execute(
        sa.select(
            sa.func.count(),
            sa.func.count().filter(last.c.state == "bounced"),
            sa.func.min(last.c.sent_at),
        ).select_from(last)
    ).one()
    from_minute = (oldest or now - REFUSED_SINCE).replace(second=0, microsecond=0)
    refused, complained = session.execute(
        sa.select(
            sa.func.coalesce(sa.func.sum(SenderMinute.bounced), 0),
            sa.func.coalesce(sa.func.sum(SenderMinute.complained), 0),
        ).where(SenderMinute.sender == state.name, SenderMinute.minute >= max(from_minute, since))
    ).one()
    if taken + refused < LEAST:
        return None
    return float(min(1.0, (came_back + refused + complained) / (taken + refused)))


def _brake(state: SenderState) -> Brake:
    rate = state.bounce_rate or 0.0
    if state.brake == "stop" or rate >= STOP_AT:
        return "stop"
    if rate >= SLOW_AT or (state.brake == "slow" and rate >= FAST_AT):
        return "slow"
    return "off"


def _pause_broadcasts(session: Session, channels: set[str]) -> None:
    going = session.scalars(
        sa.select(Broadcast)
        .where(
            Broadcast.status == Status.SENDING,
            Broadcast.urgency != "emergency",
            Broadcast.channels.overlap(channels),
        )
        .order_by(Broadcast.id)
        .with_for_update(skip_locked=True)
    )
    for broadcast in going:
        broadcast.become(Status.PAUSED)
        broadcast.pause_reason = BY_BOUNCES
        tell(session, BroadcastPaused, broadcast)
