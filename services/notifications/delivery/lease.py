"""Claiming deliveries by lease, and writing down what became of them.

A delivery in a worker's hands has a lease. Before a worker gives a batch to a server it says so in
the row (``handed_over``). A lease that runs out therefore tells what is known: never handed over,
so it is due again; or handed over, so nobody knows, and it is not sent twice.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.chassis.events import publish
from services.notifications.contacts.service import suppress
from services.notifications.database import database
from services.notifications.delivery.events import DeliveryFailed
from services.notifications.delivery.models import LANES, Channel, Delivery
from services.notifications.senders.outcome import Outcome, Verdict

BATCH: Final = 20
# Longer than the slowest batch: two rounds of ten connections at the senders' time-outs.
LEASE: Final = timedelta(minutes=3)
FIRST_RETRY: Final = timedelta(seconds=5)
LONGEST_RETRY: Final = timedelta(hours=1)
ATTEMPTS: Final = 12
# A server that is away is no fault of the message, so it does not use up its attempts.
UNREACHABLE_RETRY: Final = timedelta(seconds=10)
GIVE_UP_AFTER: Final = timedelta(hours=24)

_broadcasts = sa.table("broadcasts", sa.column("id", sa.Uuid), sa.column("status", sa.String))


def _due(lane: str, now: datetime) -> list[sa.ColumnElement[bool]]:
    return [Delivery.lane == lane, Delivery.state == "pending", Delivery.due_at <= now]


def _sendable(broadcast_id: uuid.UUID | None) -> sa.ColumnElement[bool]:
    """Of which source, and for a broadcast: only while it is being sent at this very moment."""
    if broadcast_id is None:
        return Delivery.broadcast_id.is_(None)
    return sa.and_(
        Delivery.broadcast_id == broadcast_id,
        sa.exists().where(_broadcasts.c.id == broadcast_id, _broadcasts.c.status == "sending"),
    )


def _sources(session: Session) -> list[uuid.UUID | None]:
    """Where deliveries come from: none but a broadcast's own first, then broadcasts in turn."""
    sending = session.scalars(
        sa.select(_broadcasts.c.id)
        .where(_broadcasts.c.status == "sending")
        .order_by(sa.func.random())
    )
    return [None, *sending]


def claim(lane: str, now: datetime, limit: int = BATCH) -> list[Delivery]:
    """Take up to ``limit`` due deliveries of a lane; any number of workers may claim at once.

    A broadcast that is paused or cancelled gives none from its commit on.
    """
    taken: list[Delivery] = []
    with database.transaction() as session:
        sources = [None] if lane == "transactional" else _sources(session)
        for source in sources:
            chosen = (
                sa.select(Delivery.id)
                .where(
                    *_due(lane, now),
                    _sendable(source),
                    sa.or_(Delivery.expires_at.is_(None), Delivery.expires_at > now),
                )
                .order_by(Delivery.due_at)
                .limit(limit - len(taken))
                .with_for_update(skip_locked=True)
                # Once, before the update: inside it, PostgreSQL may plan it anew for each row.
                .cte("chosen")
                .prefix_with("MATERIALIZED")
            )
            taken += session.scalars(
                sa.update(Delivery)
                .where(Delivery.id == chosen.c.id)
                .values(
                    state="sending",
                    lease_until=now + LEASE,
                    handed_over=False,
                    attempts=Delivery.attempts + 1,
                )
                .returning(Delivery)
                .execution_options(synchronize_session=False)
            )
            if len(taken) >= limit:
                break
    return taken


def hand_over(deliveries: Sequence[Delivery], now: datetime) -> set[uuid.UUID]:
    """Note that these are about to be given to a server.

    Returns:
        The ids that may still go: their lease holds and they are not too late.
    """
    if not deliveries:
        return set()
    with database.transaction() as session:
        found = session.scalars(
            sa.update(Delivery)
            .where(
                Delivery.id.in_([delivery.id for delivery in deliveries]),
                Delivery.state == "sending",
                Delivery.lease_until > now,
                sa.or_(Delivery.expires_at.is_(None), Delivery.expires_at > now),
            )
            .values(handed_over=True)
            .returning(Delivery.id)
            .execution_options(synchronize_session=False)
        )
        return set(found)


@dataclass(frozen=True)
class Done:
    """What became of one claimed delivery, with the columns that change."""

    delivery: Delivery
    values: dict[str, Any]
    failed: Literal["bounced", "refused", "gave-up"] | None = None


def closed(delivery: Delivery, state: str, reason: str) -> Done:
    """The end of a delivery that was never given to a server."""
    return Done(delivery, {"state": state, "last_reply": reason})


def judged(delivery: Delivery, outcome: Outcome, now: datetime) -> Done:
    """What an attempt's outcome makes of its delivery."""
    reply = outcome.reply or None
    match outcome.verdict:
        case Verdict.ACCEPTED:
            return Done(
                delivery,
                {
                    "state": "accepted",
                    "sent_at": now,
                    "last_reply": reply,
                    "provider_id": outcome.provider_id,
                },
            )
        case Verdict.UNKNOWN:
            return Done(delivery, {"state": "unknown", "last_reply": reply})
        case Verdict.BOUNCED:
            return Done(delivery, {"state": "bounced", "last_reply": reply}, "bounced")
        case Verdict.REFUSED:
            return Done(delivery, {"state": "failed", "last_reply": reply}, "refused")
        case Verdict.LATER | Verdict.UNREACHABLE:
            return _later(delivery, outcome, now)


def _later(delivery: Delivery, outcome: Outcome, now: datetime) -> Done:
    away = outcome.verdict == Verdict.UNREACHABLE
    attempts = delivery.attempts - 1 if away else delivery.attempts
    if attempts >= ATTEMPTS or now - delivery.planned_at > GIVE_UP_AFTER:
        return Done(delivery, {"state": "failed", "last_reply": outcome.reply}, "gave-up")
    wait = (
        UNREACHABLE_RETRY
        if away
        else min(FIRST_RETRY * 2 ** (delivery.attempts - 1), LONGEST_RETRY)
    )
    # Spread out, so that what failed together does not come back together.
    wait *= random.uniform(0.8, 1.2)  # noqa: S311 - no secret
    return Done(
        delivery,
        {
            "state": "pending",
            "due_at": now + wait,
            "attempts": attempts,
            "last_reply": outcome.reply or None,
        },
    )


def record(done: Sequence[Done]) -> None:
    """Write down what became of claimed deliveries; one whose lease was lost is left as it is."""
    if not done:
        return
    with database.transaction() as session:
        for item in done:
            kept = session.execute(
                sa.update(Delivery)
                .where(
                    Delivery.id == item.delivery.id,
                    Delivery.state == "sending",
                    Delivery.attempts == item.delivery.attempts,
                )
                .values(lease_until=None, handed_over=False, **item.values)
                .returning(Delivery.id)
                .execution_options(synchronize_session=False)
            ).first()
            if kept is not None and item.failed is not None:
                _tell(session, item.delivery, item.failed)


def _tell(
    session: Session, delivery: Delivery, reason: Literal["bounced", "refused", "gave-up"]
) -> None:
    if reason == "bounced":
        suppress(session, delivery.channel, delivery.address, "bounced")
    if delivery.registration_id is not None:
        channel: Channel = "email" if delivery.channel == "email" else "sms"
        publish(
            session,
            DeliveryFailed(
                subject_id=delivery.id,
                version=1,
                registration_id=delivery.registration_id,
                channel=channel,
                reason=reason,
            ),
        )


def recover(now: datetime) -> tuple[int, int]:
    """Take back what dead workers left behind.

    Returns:
        How many are due again, and how many became ``unknown``.
    """
    out = [Delivery.state == "sending", Delivery.lease_until <= now]
    with database.transaction() as session:
        again = session.scalars(
            sa.update(Delivery)
            .where(*out, ~Delivery.handed_over)
            .values(state="pending", lease_until=None)
            .returning(Delivery.id)
            .execution_options(synchronize_session=False)
        ).all()
        unknown = session.scalars(
            sa.update(Delivery)
            .where(*out, Delivery.handed_over)
            .values(
                state="unknown",
                lease_until=None,
                last_reply="The worker ended before the server's answer was written down.",
            )
            .returning(Delivery.id)
            .execution_options(synchronize_session=False)
        ).all()
    return len(again), len(unknown)


def expire(now: datetime) -> int:
    """Close what is too late to send.

    Returns:
        How many that were.
    """
    with database.transaction() as session:
        gone = session.scalars(
            sa.update(Delivery)
            .where(Delivery.state == "pending", Delivery.expires_at <= now)
            .values(state="expired")
            .returning(Delivery.id)
            .execution_options(synchronize_session=False)
        ).all()
    return len(gone)


def waiting_lanes(now: datetime) -> list[str]:
    """The lanes in which something could be sent at this moment."""
    with database.transaction() as session:
        sources = _sources(session)
        return [
            lane
            for lane in LANES
            if any(
                session.scalar(sa.select(sa.exists().where(*_due(lane, now), _sendable(source))))
                for source in sources
            )
        ]
