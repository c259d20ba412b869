"""What becomes of a message that was handed over and to which no answer came.

It may have arrived. An **emergency** goes once more by itself after a short wait, in which a
receipt may still settle it: twice is better than never. Its Message-ID is the same, so a mail
program can see the repeat. **Everything else** waits for a bounce, a receipt or a member of staff.
That holds for codes and links too: whoever misses one asks for another on the page that they have
open (docs/emergency-policy.md).
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session, aliased

from services.chassis import audit
from services.chassis.auth import Principal
from services.chassis.database import utc_now
from services.notifications.broadcasts.models import Broadcast, Status
from services.notifications.database import database
from services.notifications.delivery.models import Delivery, happened
from services.notifications.delivery.service import kick

# How long an emergency waits for a receipt: mail has none in a hurry, SMS providers are asked.
WAIT_EMAIL: Final = timedelta(seconds=30)
WAIT_SMS: Final = timedelta(minutes=3)
BY_POLICY: Final = "Sent again: nobody knows whether it arrived, and an emergency must."
BY_STAFF: Final = "Sent again by staff."
ARRIVED: Final = "Counted as arrived by staff."

_SENDABLE = (Status.SENDING, Status.PAUSED, Status.SENT)


@dataclass(frozen=True)
class Chosen:
    """Which unknown messages are meant: those named, or all, or all of one broadcast."""

    ids: Sequence[uuid.UUID] = field(default=())
    broadcast_id: uuid.UUID | None = None


@dataclass(frozen=True)
class Preview:
    """What an act on unknown messages would be about.

    Attributes:
        number: how many are unknown.
        sendable: how many of them could be sent again: they are not too late, and their broadcast
            was not cancelled.
        broadcasts: of how many broadcasts they are.
    """

    number: int
    sendable: int
    broadcasts: int


def resolve(now: datetime) -> int:
    """Send unknown emergencies once more when their wait is over.

    Any number of workers may run it at once.

    Returns:
        How many go again.
    """
    unknown = _emergencies(now)
    wait = sa.case((Delivery.channel == "sms", WAIT_SMS), else_=WAIT_EMAIL)
    with database.transaction() as session:
        session.execute(
            sa.update(Delivery)
            .where(*unknown, Delivery.again_at.is_(None))
            .values(again_at=sa.literal(now, sa.DateTime(timezone=True)) + wait)
            .execution_options(synchronize_session=False)
        )
        return _send_again(session, [*unknown, Delivery.again_at <= now], now, BY_POLICY)


def goes_again(now: datetime) -> sa.ColumnElement[bool]:
    """Whether :func:`resolve` is going to send a message once more: then it is not finished."""
    return sa.and_(*_emergencies(now))


def preview(principal: Principal, chosen: Chosen) -> Preview:
    """What :func:`send_again` or :func:`count_as_arrived` would be about at this moment."""
    with database.transaction() as session:
        row = session.execute(
            sa.select(
                sa.func.count(),
                sa.func.count().filter(_may_go(utc_now())),
                sa.func.count(Delivery.broadcast_id.distinct()),
            ).where(*_meant(principal, chosen))
        ).one()
        return Preview(*row)


def send_again(principal: Principal, chosen: Chosen) -> int:
    """Send unknown messages once more; a broadcast that had ended goes on for them.

    Those that are too late, and those of a cancelled broadcast, stay as they are.

    Returns:
        How many go again; a second press finds none.
    """
    now = utc_now()
    with database.transaction() as session:
        wanted = [*_meant(principal, chosen), _may_go(now)]
        number = _send_again(session, wanted, now, BY_STAFF)
        _note(session, principal, "delivery.sent-again", chosen, number)
        return number


def count_as_arrived(principal: Principal, chosen: Chosen) -> int:
    """Count unknown messages as arrived, because somebody found out, or no longer asks.

    Returns:
        How many were changed.
    """
    now = utc_now()
    with database.transaction() as session:
        number = len(
            session.scalars(
                sa.update(Delivery)
                .where(*_meant(principal, chosen))
                .values(
                    state="delivered",
                    sent_at=sa.func.coalesce(Delivery.sent_at, now),
                    last_reply=ARRIVED,
                    history=_history(now, "delivered", ARRIVED),
                )
                .returning(Delivery.id)
                .execution_options(synchronize_session=False)
            ).all()
        )
        _note(session, principal, "delivery.counted-as-arrived", chosen, number)
        return number


def of(principal: Principal) -> list[sa.ColumnElement[bool]]:
    """The unknown messages that are the caller's to settle.

    One that went with a digest is settled with it.
    """
    found = [Delivery.state == "unknown", Delivery.digest_id.is_(None)]
    if principal.district is not None:
        found.append(Delivery.district == principal.district)
    return found


def _meant(principal: Principal, chosen: Chosen) -> list[sa.ColumnElement[bool]]:
    found = of(principal)
    if chosen.ids:
        found.append(Delivery.id.in_(chosen.ids))
    if chosen.broadcast_id is not None:
        found.append(Delivery.broadcast_id == chosen.broadcast_id)
    return found


def _emergencies(now: datetime) -> list[sa.ColumnElement[bool]]:
    return [
        Delivery.state == "unknown",
        Delivery.lane == "urgent",
        ~Delivery.repeated,
        _may_go(now),
    ]


def _may_go(now: datetime) -> sa.ColumnElement[bool]:
    """Not too late, not erased, and not of a broadcast that was given up."""
    open_broadcast = sa.exists().where(
        Broadcast.id == Delivery.broadcast_id,
        Broadcast.status.in_([status.value for status in _SENDABLE]),
    )
    return sa.and_(
        sa.or_(Delivery.expires_at.is_(None), Delivery.expires_at > now),
        Delivery.address_hash.not_like("erased/%"),
        sa.or_(Delivery.broadcast_id.is_(None), open_broadcast),
    )


def _send_again(
    session: Session, wanted: list[sa.ColumnElement[bool]], now: datetime, reason: str
) -> int:
    _let_go_on(session, wanted)
    lanes = session.scalars(
        sa.update(Delivery)
        .where(*wanted)
        .values(
            state="pending",
            due_at=now,
            # How long it is tried counts from now.
            planned_at=now,
            again_at=None,
            repeated=True,
            history=_history(now, "pending", reason),
        )
        .returning(Delivery.lane)
        .execution_options(synchronize_session=False)
    ).all()
    for lane in set(lanes):
        kick(session, lane)
    return len(lanes)


def _let_go_on(session: Session, wanted: list[sa.ColumnElement[bool]]) -> None:
    """Open again the broadcasts that had ended: workers claim only from one that is being sent.

    The others are held as well, so that none ends while its messages are waking up. A digest
    wakes up the broadcasts that it carries.
    """
    part = aliased(Delivery)
    carried = sa.select(part.broadcast_id).where(
        part.digest_id.in_(sa.select(Delivery.id).where(*wanted))
    )
    concerned = session.scalars(
        sa.select(Broadcast)
        .where(
            Broadcast.status.in_([status.value for status in _SENDABLE]),
            sa.or_(
                Broadcast.id.in_(sa.select(Delivery.broadcast_id).where(*wanted)),
                Broadcast.id.in_(carried),
            ),
        )
        .order_by(Broadcast.id)
        .with_for_update()
    )
    for broadcast in concerned:
        if broadcast.status == Status.SENT:
            broadcast.become(Status.SENDING)
            broadcast.finished_at = None
    session.flush()


def _history(now: datetime, state: str, reason: str) -> sa.ColumnElement[Any]:
    entry = sa.literal([happened(now, state, reason, None)], postgresql.JSONB)
    return Delivery.history.concat(entry)


def _note(session: Session, principal: Principal, action: str, chosen: Chosen, number: int) -> None:
    if not number:
        return
    if chosen.broadcast_id is not None:
        target = f"broadcast/{chosen.broadcast_id}"
    elif len(chosen.ids) == 1:
        target = f"delivery/{chosen.ids[0]}"
    else:
        target = "deliveries/unknown"
    audit.record(
        session,
        principal,
        action,
        target,
        district=principal.district,
        detail=f"{number} messages",
    )
