"""Sending an approved broadcast: begin, pause, resume, cancel, and the end by a count of rows.

Its deliveries are planned after the approval (:mod:`.freezing`), and it does not begin before.
Workers claim them only while the broadcast is ``sending``, so a change of its status here is all it
takes.
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
from services.notifications.broadcasts.freezing import first_error_limit
from services.notifications.broadcasts.models import Broadcast, Status
from services.notifications.broadcasts.reading import shown, stored
from services.notifications.broadcasts.schemas import BroadcastOut
from services.notifications.broadcasts.writing import must_be_in_time
from services.notifications.database import database
from services.notifications.delivery.closing import close_some
from services.notifications.delivery.lease import SHORT_WAIT
from services.notifications.delivery.models import Delivery
from services.notifications.delivery.service import kick
from services.notifications.delivery.unknown import goes_again

# Why a broadcast rests; the page says it in the reader's language.
BY_STAFF = "staff"
BY_ERRORS = "errors"
BY_BOUNCES = "bounces"

_OPEN = ("pending", "sending")
# A worker's lease is minutes long; what it held comes back long before this.
_RETURNS_WITHIN = timedelta(days=1)


def send(principal: Principal, broadcast_id: uuid.UUID) -> BroadcastOut:
    """Begin to send, or have it sent at ``send_at``, and not before its recipients are drawn up.

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
        later = broadcast.send_at is not None and broadcast.send_at > now
        if later or broadcast.freezing:
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
    tell(session, BroadcastStarted, broadcast)
    kick(session, broadcast.lane)


def _waited_for_a_person(session: Session, broadcast: Broadcast, now: datetime) -> None:
    """Count from now how long a message is tried: what waited for staff did not fail.

    Those that were never tried count from their first claim (:func:`.lease.claim`): a million rows
    are not touched while somebody waits.
    """
    session.execute(
        sa.update(Delivery)
        .where(
            Delivery.broadcast_id == broadcast.id,
            Delivery.state == "pending",
            Delivery.history != [],
            Delivery.planned_at < now - SHORT_WAIT,
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
        broadcast.freeze_due_at = None
        broadcast.finished_at = now
        close_some(session, Delivery.broadcast_id == broadcast.id, "cancelled")
        if broadcast.audience_seen is not None:  # else nobody was told that it is approved
            tell(session, BroadcastCancelled, broadcast)
        _note(session, principal, "cancelled", broadcast)
        return shown(session, broadcast)


def look_after(now: datetime) -> None:
    """What a broadcast needs with time: start the scheduled, end the finished, stop the failing.

    Run by a tick and after each batch of deliveries; any number of them may run at once. A
    broadcast that somebody holds at this moment is left for the next time.
    """
    with database.transaction() as session:
        due = sa.or_(Broadcast.send_at <= now, Broadcast.send_at.is_(None))
        frozen = Broadcast.freeze_due_at.is_(None)
        for broadcast in _locked(session, sa.and_(due, frozen), Status.SCHEDULED):
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
    """Cancel what its broadcast's cancellation left: very many, or in a worker's hands then."""
    lately = sa.select(Broadcast.id).where(
        Broadcast.status == Status.CANCELLED, Broadcast.finished_at > now - _RETURNS_WITHIN
    )
    close_some(session, Delivery.broadcast_id.in_(lately), "cancelled")


def _look_after_one(session: Session, broadcast: Broadcast, now: datetime) -> None:
    if broadcast.expires_at is not None and broadcast.expires_at <= now:
        close_some(session, Delivery.broadcast_id == broadcast.id, "expired")
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
        detail=broadcast.size,
    )
