"""Digests: routine broadcasts that wait for their readers' hour, and go out as one mail.

The approval of a broadcast plans a delivery for these readers as for all, in a lane that no worker
empties. At their hour the deliveries of an address are tied to one mail, a delivery of the kind
``digest``, and from then on share its fate: a trigger of the database gives them each state that it
gets. So a broadcast's counts add up at every moment, and cancelling it takes it out of digests that
have not gone.
"""

from __future__ import annotations

import uuid
from datetime import datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from services.chassis.reference import city
from services.notifications.broadcasts.models import Broadcast, Status
from services.notifications.database import database
from services.notifications.delivery.models import DIGEST_LANES, Delivery, Digest
from services.notifications.delivery.service import kick
from services.notifications.rules.quiet import quiet_until

KIND: Final = "digest"
# In the city's zone; the weekly one on Mondays. Later when routine broadcasts are still to wait.
HOUR: Final = time(8)
MONDAY: Final = 0


def latest_hour(often: Digest, now: datetime) -> datetime:
    """The latest hour of a digest that has come.

    Args:
        now: with its zone.

    Returns:
        A moment in the city's zone, not later than ``now``.
    """
    zone = ZoneInfo(city().timezone)
    local = now.astimezone(zone)
    day = local.date()
    if datetime.combine(day, HOUR, zone) > local:
        day -= timedelta(days=1)
    if often == "weekly":
        day -= timedelta(days=(day.weekday() - MONDAY) % 7)
    return datetime.combine(day, HOUR, zone)


def next_hour(often: Digest, now: datetime) -> datetime:
    """The next hour of a digest after ``now``, in the city's zone."""
    days = timedelta(days=1 if often == "daily" else 7)
    latest = latest_hour(often, now)
    # By the calendar, not by the clock: the hour is the same where clocks are put forward.
    return datetime.combine(latest.date() + days, HOUR, latest.tzinfo)


def gather(now: datetime) -> int:
    """Make the digests whose hour has come. Any number of workers may do so at once.

    What began to go out after the hour waits for the next one. An address gets one digest for each
    hour: its key is made of both.

    Returns:
        How many digests were made.
    """
    if quiet_until("routine", now) is not None:
        return 0
    with database.transaction() as session:
        made = sum(_gather(session, often, now) for often in DIGEST_LANES)
        if made:
            kick(session, "bulk")
    return made


def _gather(session: Session, often: Digest, now: datetime) -> int:
    hour = latest_hour(often, now)
    begun = sa.select(Broadcast.id).where(
        Broadcast.status == "sending", Broadcast.started_at < hour
    )
    waiting = [
        Delivery.lane == DIGEST_LANES[often],
        Delivery.state == "pending",
        Delivery.digest_id.is_(None),
        Delivery.broadcast_id.in_(begun),
        sa.or_(Delivery.expires_at.is_(None), Delivery.expires_at > now),
    ]
    made = _mails(often, hour, waiting, now)
    tied = session.scalars(
        sa.update(Delivery)
        .where(Delivery.address_hash == made.c.address_hash, *waiting)
        .values(digest_id=made.c.id)
        .returning(made.c.id)
        .execution_options(synchronize_session=False)
    )
    return len(set(tied))


def _mails(
    often: Digest, hour: datetime, waiting: list[sa.ColumnElement[bool]], now: datetime
) -> sa.CTE:
    """One mail for each address that something waits for; of an hour that has had its, none."""
    moment = sa.DateTime(timezone=True)
    columns: dict[str, Any] = {
        "id": sa.func.uuidv7(),
        "lane": sa.literal("bulk", sa.Text),
        "kind": sa.literal(KIND, sa.Text),
        "channel": sa.literal("email", sa.Text),
        "dedupe_key": sa.func.concat(f"digest/{often}/{hour:%Y-%m-%d}/", Delivery.address_hash),
        "contact_id": Delivery.contact_id,
        "address": sa.type_coerce(Delivery.address, sa.Text),  # sealed as it is
        "address_hash": Delivery.address_hash,
        "language": Delivery.language,
        "state": sa.literal("pending", sa.Text),
        "due_at": sa.literal(now, moment),
        "planned_at": sa.literal(now, moment),
    }
    chosen = (
        sa.select(*columns.values())
        .where(*waiting)
        .ext(postgresql.distinct_on(Delivery.address_hash))
        .order_by(Delivery.address_hash, Delivery.planned_at.desc(), Delivery.id)
    )
    return (
        postgresql.insert(Delivery)
        .from_select(list(columns), chosen, include_defaults=False)
        .on_conflict_do_nothing(index_elements=[Delivery.dedupe_key])
        .returning(Delivery.id, Delivery.address_hash)
        .cte("made")
    )


def let_go(session: Session, digest_id: uuid.UUID, now: datetime) -> None:
    """Untie from a digest that is about to be written what must not go with it any more.

    It may have waited for a server since it was made. What is too late or was called off ends
    here; what somebody paused waits for a later digest.
    """
    called_off = Broadcast.status == Status.CANCELLED
    late = sa.func.coalesce(Delivery.expires_at <= now, sa.false())
    session.execute(
        sa.update(Delivery)
        .where(
            Delivery.digest_id == digest_id,
            Delivery.state == "sending",
            Delivery.broadcast_id == Broadcast.id,
            sa.or_(called_off, late, Broadcast.status == Status.PAUSED),
        )
        .values(
            state=sa.case((called_off, "cancelled"), (late, "expired"), else_="pending"),
            digest_id=None,
        )
        .execution_options(synchronize_session=False)
    )
