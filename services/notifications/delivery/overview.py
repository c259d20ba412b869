"""Deliveries as staff look at them: lists with filters, masked, and a few figures."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from services.chassis.auth import Principal
from services.chassis.database import utc_now
from services.chassis.lists import DEFAULT_LIMIT, Page, page_of
from services.notifications.database import database
from services.notifications.delivery.labels import kind_name
from services.notifications.delivery.masking import masked
from services.notifications.delivery.models import Delivery

LATELY = timedelta(hours=24)
# A message that has been due for this long without being sent says that something is unwell.
OVERDUE = timedelta(minutes=5)
_UNWELL = ("bounced", "failed", "unknown")


@dataclass(frozen=True)
class DeliveryLine:
    """One message in a list; its address is masked."""

    id: uuid.UUID
    kind: str
    kind_name: str
    channel: str
    address: str
    state: str
    attempts: int
    reason: str | None
    planned_at: datetime
    sent_at: datetime | None
    broadcast_id: uuid.UUID | None


@dataclass(frozen=True)
class Figures:
    """How it goes: open at this moment, and what happened in the last 24 hours."""

    waiting: int
    overdue: int
    handed_over: int
    unwell: int
    unknown: int


@dataclass(frozen=True)
class Chosen:
    """Which deliveries are wanted; an empty text is "all"."""

    state: str = ""
    channel: str = ""
    kind: str = ""
    broadcast_id: uuid.UUID | None = None


def listed(
    principal: Principal,
    chosen: Chosen,
    *,
    cursor: str | None = None,
    limit: int = DEFAULT_LIMIT,
) -> Page[DeliveryLine]:
    """Deliveries, newest first; a district's staff see those of their district."""
    query = sa.select(Delivery).where(of_caller(principal))
    for column, wanted in (
        (Delivery.state, chosen.state),
        (Delivery.channel, chosen.channel),
        (Delivery.kind, chosen.kind),
    ):
        if wanted:
            query = query.where(column == wanted)
    if chosen.broadcast_id is not None:
        query = query.where(Delivery.broadcast_id == chosen.broadcast_id)
    if chosen.state == "unknown":
        query = query.where(Delivery.digest_id.is_(None))  # settled with the digest
    with database.transaction() as session:
        page = page_of(
            session,
            query,
            [Delivery.planned_at, Delivery.id],
            cursor=cursor,
            limit=limit,
            descending=True,
        )
        return page.map(line_of)


def figures(principal: Principal) -> Figures:
    """The figures of the caller's district, or of all."""
    now = utc_now()
    since = now - LATELY
    # A broadcast that waits for its approval or its hour is not late.
    own_time = sa.or_(Delivery.kind != "broadcast", Delivery.attempts > 0)
    still_open = Delivery.state.in_(("pending", "sending"))
    query = sa.select(
        sa.func.count().filter(still_open),
        sa.func.count().filter(still_open, own_time, Delivery.due_at < now - OVERDUE),
        sa.func.count().filter(Delivery.sent_at >= since),
        sa.func.count().filter(Delivery.state.in_(_UNWELL), Delivery.planned_at >= since),
    ).where(
        of_caller(principal),
        sa.or_(still_open, Delivery.planned_at >= since, Delivery.sent_at >= since),
    )
    unknown = sa.select(sa.func.count()).where(
        of_caller(principal), Delivery.state == "unknown", Delivery.digest_id.is_(None)
    )
    with database.transaction() as session:
        waiting, overdue, handed_over, unwell = session.execute(query).one()
        return Figures(waiting, overdue, handed_over, unwell, session.scalar(unknown) or 0)


def of_caller(principal: Principal) -> sa.ColumnElement[bool]:
    """Which deliveries are the caller's to see."""
    return sa.true() if principal.district is None else Delivery.district == principal.district


def line_of(delivery: Delivery) -> DeliveryLine:
    """A message as lists show it."""
    return DeliveryLine(
        id=delivery.id,
        kind=delivery.kind,
        kind_name=kind_name(delivery.kind),
        channel=delivery.channel,
        address=masked(delivery.channel, delivery.address) if delivery.address else "",
        state=delivery.state,
        attempts=delivery.attempts,
        reason=delivery.last_reply,
        planned_at=delivery.planned_at,
        sent_at=delivery.sent_at,
        broadcast_id=delivery.broadcast_id,
    )
