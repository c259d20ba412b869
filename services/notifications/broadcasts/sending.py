"""Sending an approved broadcast: begin, pause, resume, cancel, and the end by a count of rows.

Its deliveries were planned at the approval. Workers claim them only while the broadcast is
``sending``, so a change of its status here is all it takes.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.chassis import audit
from services.chassis.auth import Principal
from services.chassis.database import utc_now
from services.chassis.i18n import lazy
from services.chassis.problems import Problem
from services.notifications.broadcasts.events import (
    BroadcastCancelled,
    BroadcastFinished,
    BroadcastPaused,
    BroadcastStarted,
    tell,
)
from services.notifications.broadcasts.models import Broadcast, Status
from services.notifications.broadcasts.reading import shown, stored
from services.notifications.broadcasts.schemas import BroadcastOut
from services.notifications.broadcasts.writing import first_error_limit, must_be_in_time
from services.notifications.database import database
from services.notifications.delivery.models import Delivery
from services.notifications.delivery.service import kick
from services.notifications.delivery.unknown import goes_again

# Why a broadcast rests; the page says it in the reader's language.
BY_STAFF = "staff"
BY_ERRORS = "errors"
BY_BOUNCES = "bounces"

_OPEN = ("pending", "sending")
# Waiting that makes no difference to how long a message is tried, so no row is touched for it.
_SHORT = timedelta(hours=1)
# A worker's lease is minutes long; what it held comes back long before this.
_RETURNS_WITHIN = timedelta(days=1)


def send(principal: Principal, broadcast_id: uuid.UUID) -> BroadcastOut:
    """Begin to send, or, when ``send_at`` is still to come, have it sent then.

    Raises:
        NotFound, Problem: there is none, it is another district's, it is not approved (409
            ``broadcast-state``), its time has passed (409 ``broadcast-expired``).
    """
    now = utc_now()
    with database.transaction() as session:
        broadcast = stored(session, broadcast_id, principal, lock=True)
        if broadcast.status != Status.APPROVED:
            raise _not_approved(broadcast)
        must_be_in_time(broadcast, now)
        if broadcast.send_at is not None and broadcast.send_at > now:
            broadcast.become(Status.SCHEDULED)
            _note(session, principal, "scheduled", broadcast)
        else:
            _begin(session, broadcast, now)
            _note(session, principal, "sent", broadcast)
        return shown(session, broadcast)


def _not_approved(broadcast: Broadcast) -> Problem:
    if broadcast.status in (Status.DRAFT, Status.SUBMITTED):
        return Problem(
            409,
            "broadcast-not-approved",
            lazy("This broadcast has not been approved yet."),
            lazy("Somebody other than its author has to approve it first."),
        )
    return Problem(
        409,
        "broadcast-state",
        lazy("This broadcast is already on its way, or has ended."),
        lazy("Somebody may have acted in the meantime. Please look at it again."),
    )


def _begin(session: Session, broadcast: Broadcast, now: datetime) -> None:
    broadcast.become(Status.SENDING)
    broadcast.started_at = now
    _waited_for_a_person(session, broadcast, now)
    tell(session, BroadcastStarted, broadcast)
    kick(session, broadcast.lane)


def _waited_for_a_person(session: Session, broadcast: Broadcast, now: datetime) -> None:
    """Count from now how long a message is tried: what waited for staff did not fail."""
    session.execute(
        sa.update(Delivery)
        .where(
            Delivery.broadcast_id == broadcast.id,
            Delivery.state == "pending",
            Delivery.planned_at < now - _SHORT,
        )
        .values(planned_at=now)
        .execution_options(synchronize_session=False)
    )


def pause(principal: Principal, broadcast_id: uuid.UUID) -> BroadcastOut:
    """Stop handing out messages. Those in a worker's hands at this moment still go.

    Raises:
        NotFound, Problem: as :func:`send`.
    """
    with database.transaction() as session:
        broadcast = stored(session, broadcast_id, principal, lock=True)
        broadcast.become(Status.PAUSED)
        broadcast.pause_reason = BY_STAFF
        tell(session, BroadcastPaused, broadcast)
        _note(session, principal, "paused", broadcast)
        return shown(session, broadcast)


def resume(principal: Principal, broadcast_id: uuid.UUID) -> BroadcastOut:
    """Go on where it was paused; after too many failures, with room for as many again.

    Raises:
        NotFound, Problem: as :func:`send`.
    """
    now = utc_now()
    with database.transaction() as session:
        broadcast = stored(session, broadcast_id, principal, lock=True)
        if broadcast.status != Status.PAUSED:
            raise Problem(
                409,
                "broadcast-state",
                lazy("This broadcast is not paused."),
                lazy("Somebody may have acted in the meantime. Please look at it again."),
            )
        must_be_in_time(broadcast, now)
        broadcast.become(Status.SENDING)
        broadcast.pause_reason = None
        room = first_error_limit(broadcast)
        broadcast.error_limit = None if room is None else _failed(session, broadcast.id) + room
        _waited_for_a_person(session, broadcast, now)
        tell(session, BroadcastStarted, broadcast)
        kick(session, broadcast.lane)
        _note(session, principal, "resumed", broadcast)
        return shown(session, broadcast)


def cancel(principal: Principal, broadcast_id: uuid.UUID) -> BroadcastOut:
    """Give it up. What has not gone out never will; what has, has.

    Raises:
        NotFound, Problem: as :func:`send`.
    """
    now = utc_now()
    with database.transaction() as session:
        broadcast = stored(session, broadcast_id, principal, lock=True)
        broadcast.become(Status.CANCELLED)
        broadcast.finished_at = now
        _close_pending(session, broadcast.id, "cancelled")
        if broadcast.approved_at is not None:  # a draft was never told of
            tell(session, BroadcastCancelled, broadcast)
        _note(session, principal, "cancelled", broadcast)
        return shown(session, broadcast)


def look_after(now: datetime) -> None:
    """What a broadcast needs with time: start the scheduled, end the finished, stop the failing.

    Run by a tick and after each batch of deliveries; any number of them may run at once. A
    broadcast that somebody holds at this moment is left for the next time.
    """
    with database.transaction() as session:
        for broadcast in _locked(session, Broadcast.send_at <= now, Status.SCHEDULED):
            if broadcast.expires_at is not None and broadcast.expires_at <= now:
                # Nobody was there to send it in time: it ends without a message.
                broadcast.become(Status.SENDING)
                broadcast.started_at = now
            else:
                _begin(session, broadcast, now)
        for broadcast in _locked(session, sa.true(), Status.SENDING, Status.PAUSED):
            _look_after_one(session, broadcast, now)
        _close_returned(session, now)


def _close_returned(session: Session, now: datetime) -> None:
    """Cancel what was in a worker's hands when its broadcast was cancelled, and came back."""
    lately = sa.select(Broadcast.id).where(
        Broadcast.status == Status.CANCELLED, Broadcast.finished_at > now - _RETURNS_WITHIN
    )
    session.execute(
        sa.update(Delivery)
        .where(Delivery.broadcast_id.in_(lately), Delivery.state == "pending")
        .values(state="cancelled")
        .execution_options(synchronize_session=False)
    )


def _look_after_one(session: Session, broadcast: Broadcast, now: datetime) -> None:
    if broadcast.expires_at is not None and broadcast.expires_at <= now:
        _close_pending(session, broadcast.id, "expired")
    # One by one, so that the index of broadcast and state serves each.
    own = Delivery.broadcast_id == broadcast.id
    still_open = session.scalar(
        sa.select(
            sa.or_(
                sa.exists().where(own, Delivery.state.in_(_OPEN)),
                sa.exists().where(own, goes_again(now)),
            )
        )
    )
    if not still_open:
        broadcast.become(Status.SENT)
        broadcast.finished_at = now
        broadcast.pause_reason = None
        tell(session, BroadcastFinished, broadcast)
    elif (
        broadcast.status == Status.SENDING
        and broadcast.error_limit is not None
        and _failed(session, broadcast.id) > broadcast.error_limit
    ):
        broadcast.become(Status.PAUSED)
        broadcast.pause_reason = BY_ERRORS
        tell(session, BroadcastPaused, broadcast)


def _locked(session: Session, where: sa.ColumnElement[bool], *statuses: Status) -> list[Broadcast]:
    return list(
        session.scalars(
            sa.select(Broadcast)
            .where(Broadcast.status.in_([status.value for status in statuses]), where)
            .order_by(Broadcast.id)
            .with_for_update(skip_locked=True)
        )
    )


def _close_pending(session: Session, broadcast_id: uuid.UUID, state: str) -> None:
    """End what waits. A row that a worker claims at this moment is the worker's."""
    session.execute(
        sa.update(Delivery)
        .where(Delivery.broadcast_id == broadcast_id, Delivery.state == "pending")
        .values(state=state)
        .execution_options(synchronize_session=False)
    )


def _failed(session: Session, broadcast_id: uuid.UUID) -> int:
    return (
        session.scalar(
            sa.select(sa.func.count()).where(
                Delivery.broadcast_id == broadcast_id, Delivery.state == "failed"
            )
        )
        or 0
    )


def _note(session: Session, principal: Principal, act: str, broadcast: Broadcast) -> None:
    audit.record(
        session,
        principal,
        f"broadcast.{act}",
        f"broadcast/{broadcast.id}",
        district=broadcast.district,
        detail=f"{broadcast.total} messages",
    )
