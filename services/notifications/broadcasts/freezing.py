"""Freezing whom an approved broadcast reaches: at once, or by the worker when they are many.

A million deliveries are planned in about a minute, in one statement. So for more than
:data:`AT_ONCE` contacts the approval only notes that it is to be done (``freeze_due_at``), and the
worker of the broadcast's lane does it in one transaction: an emergency waits for no newsletter.
Meanwhile the broadcast's row is nobody's, so it can be read, sent (it then goes as soon as this is
done), edited and cancelled. At the end the row is locked and compared with what was approved: when
it is another matter by now, nothing has been planned. A worker that is killed has planned nothing
either, and the next one begins anew.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from services.chassis.database import after_commit, utc_now
from services.chassis.i18n import lazy
from services.chassis.problems import Problem
from services.chassis.settings import SettingsError
from services.chassis.worker import QueueAway, send
from services.notifications.broadcasts import audience as audiences
from services.notifications.broadcasts.events import BroadcastApproved, tell
from services.notifications.broadcasts.models import Broadcast, Status
from services.notifications.broadcasts.schemas import AudienceOut
from services.notifications.database import database
from services.notifications.delivery.service import lane_queue

log = structlog.get_logger(__name__)

# So many contacts are planned while the approver waits; it takes about a second.
AT_ONCE: Final = 5_000
MOST_ATTEMPTS: Final = 3
# A worker that holds a broadcast is known by its lock, so this is only for one that is gone.
AGAIN_AFTER: Final = timedelta(seconds=15)

# Why an approval was taken back; the page says it in the reader's language.
NOBODY: Final = "nobody"
BROKE_OFF: Final = "broke-off"

# Of PostgreSQL's advisory locks with two keys this is the first; the second is the broadcast.
_FREEZING: Final = 0x11B0_F4EE
# What no page may take, and whatever ends the work of a worker that is gone.
_LIMITS: Final = {
    "idle_in_transaction_session_timeout": "600s",
    "lock_timeout": "60s",
    "client_connection_check_interval": "5s",
}
_TASKS: Final = {
    "bulk": "notifications.freeze_broadcasts",
    "urgent": "notifications.freeze_emergencies",
}


class _Overtaken(Exception):
    """The broadcast was edited or cancelled, or approved anew, while it was being frozen."""


@dataclass(frozen=True)
class _Approval:
    """Which approval a list is drawn up for."""

    broadcast_id: uuid.UUID
    content_hash: str
    at: datetime | None

    @classmethod
    def of(cls, broadcast: Broadcast) -> _Approval:
        return cls(broadcast.id, broadcast.content_hash, broadcast.approved_at)


def freeze(session: Session, broadcast: Broadcast, now: datetime) -> None:
    """Freeze whom a broadcast reaches that has just been approved, or have the worker do it.

    Args:
        broadcast: locked by the caller, its approval noted.

    Raises:
        Problem: 409 ``broadcast-reaches-nobody``.
    """
    broadcast.freeze_attempts = 0
    broadcast.approval_lapsed = None
    if audiences.more_than(session, audiences.Rules.of(broadcast), AT_ONCE):
        broadcast.freeze_due_at = now
        lane = broadcast.lane
        after_commit(session, lambda: _wake(lane))
    else:
        _note(session, broadcast, audiences.freeze(session, broadcast, now))


def _note(session: Session, broadcast: Broadcast, seen: AudienceOut) -> None:
    """Write down what was planned, and tell that the broadcast is approved."""
    if seen.total == 0:
        raise reaches_nobody()
    broadcast.freeze_due_at = None
    broadcast.audience_seen = seen.model_dump(mode="json")
    broadcast.total = seen.total
    broadcast.error_limit = first_error_limit(broadcast)
    tell(session, BroadcastApproved, broadcast)


def reaches_nobody() -> Problem:
    """The answer when no address is left to send to."""
    return Problem(
        409,
        "broadcast-reaches-nobody",
        lazy("Nobody would get this broadcast."),
        lazy("Please choose other districts, countries, topics or channels."),
    )


def first_error_limit(broadcast: Broadcast) -> int | None:
    """How many failures stop it: as its author wants, else a tenth, 20 at least.

    Nothing stops an emergency by itself unless its author wants it.
    """
    if broadcast.stop_after is not None:
        return broadcast.stop_after
    return None if broadcast.urgency == "emergency" else max(20, broadcast.total // 10)


def take_back(broadcast: Broadcast) -> None:
    """Take back an approval: nobody answers for this content any more.

    Args:
        broadcast: locked by the caller.
    """
    for part in ("by_id", "by_name", "at", "hash"):
        setattr(broadcast, f"approved_{part}", None)
    broadcast.freeze_due_at = None
    broadcast.audience_seen = None
    broadcast.total = 0


# --- the worker -----------------------------------------------------------------------------------


def work(lane: str) -> int:
    """Freeze what waits for it in a lane, ``urgent`` or ``bulk``, one broadcast after the other.

    Any number of workers may be at it: each takes a broadcast that no other one has.

    Returns:
        How many were begun.
    """
    begun = 0
    while _next(lane):
        begun += 1
    return begun


def _next(lane: str) -> bool:
    with database.transaction() as session:
        broadcast = _claimed(session, lane)
        if broadcast is None:
            return False
        approval = _Approval.of(broadcast)
        attempts = _begin(approval)
        if not attempts:
            return True
        try:
            if attempts > MOST_ATTEMPTS:  # the ones before killed their workers
                _lapse(session, broadcast, approval, BROKE_OFF)
                return True
            with session.begin_nested():
                seen = audiences.freeze(session, broadcast, utc_now())
                _lock(session, broadcast, approval)
                _note(session, broadcast, seen)
        except _Overtaken:
            log.info("broadcast.freeze_overtaken", broadcast=str(approval.broadcast_id))
        except Problem:
            _lapse(session, broadcast, approval, NOBODY)
        except Exception:
            log.exception("broadcast.freeze_broke_off", broadcast=str(approval.broadcast_id))
            if attempts == MOST_ATTEMPTS:
                _lapse(session, broadcast, approval, BROKE_OFF)
    return True


def _claimed(session: Session, lane: str) -> Broadcast | None:
    """The broadcast that waits longest and that no worker has, this one's while its transaction
    lasts. Its row is not locked."""
    for name, limit in _LIMITS.items():
        session.execute(sa.text(f"SET LOCAL {name} = '{limit}'"))
    due = Broadcast.freeze_due_at <= utc_now()
    emergency = Broadcast.urgency == "emergency"
    waiting = session.scalars(
        sa.select(Broadcast)
        .where(due, emergency if lane == "urgent" else ~emergency)
        .order_by(Broadcast.freeze_due_at)
    ).all()
    for broadcast in waiting:
        key = sa.func.hashtext(str(broadcast.id))
        if session.scalar(sa.select(sa.func.pg_try_advisory_xact_lock(_FREEZING, key))):
            session.refresh(broadcast)
            # Whoever held the lock until now may have done it, or begun and failed.
            if broadcast.freeze_due_at is not None and broadcast.freeze_due_at <= utc_now():
                return broadcast
    return None


def _begin(approval: _Approval) -> int:
    """Count an attempt, in a transaction of its own: also one that kills its worker counts.

    Returns:
        The number of this one; 0 when the broadcast has been edited or cancelled.
    """
    with database.transaction() as session:
        return (
            session.scalar(
                sa.update(Broadcast)
                .where(
                    Broadcast.id == approval.broadcast_id,
                    Broadcast.freeze_due_at.is_not(None),
                    Broadcast.approved_at == approval.at,
                )
                .values(
                    freeze_attempts=Broadcast.freeze_attempts + 1,
                    freeze_due_at=utc_now() + AGAIN_AFTER,
                )
                .returning(Broadcast.freeze_attempts)
            )
            or 0
        )


def _lock(session: Session, broadcast: Broadcast, approval: _Approval) -> None:
    """Lock a broadcast and see that it still is what was approved.

    Raises:
        _Overtaken: it is not.
    """
    session.refresh(broadcast, with_for_update=True)
    if not broadcast.freezing or _Approval.of(broadcast) != approval:
        raise _Overtaken


def _lapse(session: Session, broadcast: Broadcast, approval: _Approval, why: str) -> None:
    """Have somebody approve it once more, who then reads why."""
    try:
        _lock(session, broadcast, approval)
    except _Overtaken:
        return
    take_back(broadcast)
    broadcast.become(Status.SUBMITTED)
    broadcast.approval_lapsed = why
    log.warning("broadcast.approval_lapsed", broadcast=str(broadcast.id), why=why)


def _wake(lane: str) -> None:
    """Have the lane's worker look now; what this misses, its tick finds within seconds."""
    try:
        send(_TASKS[lane], queue_name=lane_queue(lane))
    except (QueueAway, SettingsError) as error:
        log.warning("freeze.not_woken", lane=lane, reason=repr(error)[:200])
