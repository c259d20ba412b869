"""Claiming deliveries by lease, and writing down what became of them.

A delivery in a worker's hands has a lease. Before a worker gives a batch to a server it says so in
the row (``handed_over``). A lease that runs out therefore tells what is known: never handed over,
so it is due again; or handed over, so nobody knows, and it is not sent twice.
"""

from __future__ import annotations

import json
import random
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from services.chassis.database import utc_now
from services.notifications.database import database
from services.notifications.delivery.failing import Reason, tell_failed
from services.notifications.delivery.models import LANES, Delivery
from services.notifications.rules.quiet import quiet_now
from services.notifications.senders import tally
from services.notifications.senders.outcome import Outcome, Verdict

BATCH: Final = 20
# Longer than the slowest message that is begun within :data:`BEGUN_WITHIN`: a relay that cannot be
# reached, then another one to connect to, announce it and hand it over, all at their time-outs.
LEASE: Final = timedelta(minutes=3)
BEGUN_WITHIN: Final = timedelta(minutes=1)
FIRST_RETRY: Final = timedelta(seconds=5)
LONGEST_RETRY: Final = timedelta(hours=1)
ATTEMPTS: Final = 12
# A server that is away is no fault of the message, so it does not use up its attempts.
UNREACHABLE_RETRY: Final = timedelta(seconds=10)
LONGEST_UNREACHABLE: Final = timedelta(minutes=1)
GIVE_UP_AFTER: Final = timedelta(hours=24)
# Waiting that makes no difference to how long a message is tried, so no row is touched for it.
SHORT_WAIT: Final = timedelta(hours=1)

_broadcasts = sa.table(
    "broadcasts",
    sa.column("id", sa.Uuid),
    sa.column("status", sa.String),
    sa.column("urgency", sa.String),
)


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


def _sources(session: Session, now: datetime) -> list[uuid.UUID | None]:
    """Where deliveries come from: none but a broadcast's own first, then broadcasts in turn.

    In the quiet hours of its urgency a broadcast gives none.
    """
    sending = session.scalars(
        sa.select(_broadcasts.c.id)
        .where(
            _broadcasts.c.status == "sending",
            _broadcasts.c.urgency.not_in(quiet_now(now)),
        )
        .order_by(sa.func.random())
    )
    return [None, *sending]


def claim(lane: str, now: datetime, limit: int = BATCH) -> list[Delivery]:
    """Take up to ``limit`` due deliveries of a lane; any number of workers may claim at once.

    A broadcast that is paused or cancelled gives none from its commit on.
    """
    taken: list[Delivery] = []
    with database.transaction() as session:
        sources = [None] if lane == "transactional" else _sources(session, now)
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
                    planned_at=_waited_for_its_turn(now),
                )
                .returning(Delivery)
                .execution_options(synchronize_session=False)
            )
            if len(taken) >= limit:
                break
    return taken


def _waited_for_its_turn(now: datetime) -> sa.ColumnElement[datetime]:
    """From when on it counts how long a message is tried: what waited for staff did not fail."""
    waited = sa.and_(Delivery.history == [], Delivery.planned_at < now - SHORT_WAIT)
    broadcast = Delivery.kind == "broadcast"
    return sa.case((sa.and_(broadcast, waited), now), else_=Delivery.planned_at)


def hand_over(deliveries: Sequence[Delivery], now: datetime) -> set[uuid.UUID]:
    """Note that these are about to be given to a server.

    Returns:
        The ids that may still go: their lease holds, it is that of this claim, and they are not
        too late.
    """
    if not deliveries:
        return set()
    claimed = (
        sa.func.unnest(
            sa.literal([one.id for one in deliveries], postgresql.ARRAY(sa.Uuid)),
            sa.literal([one.attempts for one in deliveries], postgresql.ARRAY(sa.Integer)),
        )
        .table_valued(sa.column("id", sa.Uuid), sa.column("attempts", sa.Integer))
        .render_derived(name="claimed")
    )
    with database.transaction() as session:
        found = session.scalars(
            sa.update(Delivery)
            .where(
                Delivery.id == claimed.c.id,
                # A lease that was lost meanwhile may be another worker's by now.
                Delivery.attempts == claimed.c.attempts,
                Delivery.state == "sending",
                Delivery.lease_until > now,
                sa.or_(Delivery.expires_at.is_(None), Delivery.expires_at > now),
            )
            .values(handed_over=True)
            .returning(Delivery.id)
            .execution_options(synchronize_session=False)
        )
        return set(found)


def is_late(delivery: Delivery, now: datetime) -> bool:
    """Whether a message would mislead by now."""
    return delivery.expires_at is not None and delivery.expires_at <= now


@dataclass(frozen=True)
class Done:
    """What became of one claimed delivery, with the columns that change.

    ``outcome`` is the sender's word, where one was asked.
    """

    delivery: Delivery
    values: dict[str, Any]
    failed: Reason | None = None
    outcome: Outcome | None = None


def closed(delivery: Delivery, state: str, reason: str) -> Done:
    """The end of a delivery that was never given to a server."""
    return Done(delivery, {"state": state, "last_reply": reason})


def judged(delivery: Delivery, outcome: Outcome, now: datetime) -> Done:
    """What an attempt's outcome makes of its delivery."""
    match outcome.verdict:
        case Verdict.ACCEPTED:
            return _done(
                delivery, outcome, "accepted", sent_at=now, provider_id=outcome.provider_id
            )
        case Verdict.UNKNOWN:
            return _done(delivery, outcome, "unknown")
        case Verdict.BOUNCED:
            return _done(delivery, outcome, "bounced", failed="bounced")
        case Verdict.REFUSED:
            return _done(delivery, outcome, "failed", failed="refused")
        case Verdict.HELD:
            # Nothing was tried, so no attempt is used up and nobody gives up.
            wait = timedelta(seconds=outcome.wait)
            return _again(delivery, outcome, now, wait, attempts=delivery.attempts - 1)
        case Verdict.LATER | Verdict.UNREACHABLE:
            return _later(delivery, outcome, now)


def _done(
    delivery: Delivery,
    outcome: Outcome,
    state: str,
    failed: Reason | None = None,
    **more: datetime | str | int | None,
) -> Done:
    values = {"state": state, "last_reply": outcome.reply or None, **more}
    return Done(delivery, values, failed, outcome)


def _later(delivery: Delivery, outcome: Outcome, now: datetime) -> Done:
    away = outcome.verdict is Verdict.UNREACHABLE
    attempts = delivery.attempts - 1 if away else delivery.attempts
    tried_for = now - _tried_since(delivery, now)
    if attempts >= ATTEMPTS or tried_for > GIVE_UP_AFTER:
        return _done(delivery, outcome, "failed", failed="gave-up")
    if away:
        wait = min(max(UNREACHABLE_RETRY, tried_for / 20), LONGEST_UNREACHABLE)
    else:
        wait = min(FIRST_RETRY * 2 ** (delivery.attempts - 1), LONGEST_RETRY)
    wait = max(wait, timedelta(seconds=outcome.wait))
    return _again(delivery, outcome, now, wait, attempts=attempts)


def _tried_since(delivery: Delivery, now: datetime) -> datetime:
    """From when on it counts how long a message is tried.

    What waited for its day in a warm-up plan, or for staff, did not fail meanwhile.
    """
    first = datetime.fromisoformat(delivery.history[0]["at"]) if delivery.history else now
    return max(first, delivery.planned_at)


def _again(
    delivery: Delivery, outcome: Outcome, now: datetime, wait: timedelta, attempts: int
) -> Done:
    # Spread out, so that what failed together does not come back together.
    due_at = now + wait * random.uniform(0.8, 1.2)  # noqa: S311 - no secret
    return _done(delivery, outcome, "pending", due_at=due_at, attempts=attempts)


# All of a batch at once: a row for each answer, matched to the attempt that it belongs to. A
# worker that was slow, or whose clock jumped, still knows best what became of an unknown one.
_RECORD: Final = sa.text(
    """
    UPDATE deliveries AS d SET
        state = v.state,
        lease_until = NULL,
        handed_over = false,
        due_at = coalesce(v.due_at, d.due_at),
        attempts = coalesce(v.attempts, d.attempts),
        last_reply = coalesce(v.last_reply, d.last_reply),
        provider_id = coalesce(v.provider_id, d.provider_id),
        sent_at = coalesce(v.sent_at, d.sent_at),
        sender = coalesce(v.sender, d.sender),
        history = CASE WHEN v.entry IS NULL THEN d.history ELSE d.history || v.entry END
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS v(
        id uuid, claimed integer, state text, due_at timestamptz, attempts integer,
        last_reply text, provider_id text, sent_at timestamptz, sender text, entry jsonb
    )
    WHERE d.id = v.id AND d.attempts = v.claimed AND d.state IN ('sending', 'unknown')
    RETURNING d.id
    """
)


def record(done: Sequence[Done]) -> None:
    """Write down what became of claimed deliveries; one whose lease was lost is left as it is."""
    if not done:
        return
    now = utc_now()
    rows = json.dumps([_row(item, now) for item in done], default=datetime.isoformat)
    with database.transaction() as session:
        kept = set(session.scalars(_RECORD, {"rows": rows}))
        for item in done:
            if item.failed is not None and item.delivery.id in kept:
                tell_failed(session, item.delivery, item.failed)
        tally.note(
            session,
            [
                tally.Attempt(item.delivery.channel, item.outcome)
                for item in done
                if item.outcome is not None
            ],
            now,
        )


def _row(item: Done, now: datetime) -> dict[str, Any]:
    delivery, outcome = item.delivery, item.outcome
    sender = (outcome.sender if outcome else "") or None
    entry = {
        "at": now,
        "state": item.values["state"],
        "reply": item.values.get("last_reply"),
        "sender": sender,
    }
    return {
        "id": str(delivery.id),
        "claimed": delivery.attempts,
        "sender": sender,
        "entry": None if _is_no_news(delivery, entry, outcome) else entry,
        **item.values,
    }


def _is_no_news(delivery: Delivery, entry: dict[str, Any], outcome: Outcome | None) -> bool:
    """Whether the history says so already: a server may be away for a day of attempts."""
    if outcome is not None and outcome.verdict is Verdict.HELD:
        return True
    last = delivery.history[-1] if delivery.history else {}
    return all(last.get(name) == entry[name] for name in ("state", "reply", "sender"))


def recover(now: datetime) -> tuple[int, int]:
    """Take back what dead workers left behind.

    Returns:
        How many are due again, and how many became ``unknown``.
    """
    lost = (
        sa.select(Delivery.id)
        .where(Delivery.state == "sending", Delivery.lease_until <= now)
        # What its worker writes down at this very moment is the worker's.
        .with_for_update(skip_locked=True)
        .cte("lost")
        .prefix_with("MATERIALIZED")
    )
    reply = "The worker ended before the server's answer was written down."
    entry = {"at": now.isoformat(), "state": "unknown", "reply": reply, "sender": None}
    with database.transaction() as session:
        again = session.scalars(
            sa.update(Delivery)
            .where(Delivery.id == lost.c.id, ~Delivery.handed_over)
            .values(state="pending", lease_until=None)
            .returning(Delivery.id)
            .execution_options(synchronize_session=False)
        ).all()
        unknown = session.scalars(
            sa.update(Delivery)
            .where(Delivery.id == lost.c.id, Delivery.handed_over)
            .values(
                state="unknown",
                lease_until=None,
                last_reply=reply,
                history=Delivery.history.concat([entry]),
            )
            .returning(Delivery.id)
            .execution_options(synchronize_session=False)
        ).all()
    return len(again), len(unknown)


def waiting_lanes(now: datetime) -> list[str]:
    """The lanes in which something could be sent at this moment."""
    with database.transaction() as session:
        sources = _sources(session, now)
        return [
            lane
            for lane in LANES
            if any(
                session.scalar(sa.select(sa.exists().where(*_due(lane, now), _sendable(source))))
                for source in sources
            )
        ]
