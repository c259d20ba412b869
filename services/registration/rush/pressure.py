"""Whether an activity is under a rush: one small query every two seconds in each process."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from services.chassis.database import utc_now
from services.chassis.settings import settings
from services.registration.activities.models import Activity
from services.registration.database import database
from services.registration.registrations.models import Registration
from services.registration.rush.models import QueuePlace

# Before the opening the waiting room is open for so long, and the line stays so long after it.
ROOM_OPENS = timedelta(minutes=10)
LINE_STAYS = timedelta(minutes=30)
# Whoever's page has not asked for so long is no longer there.
PRESENT = timedelta(seconds=90)

_A_MINUTE = timedelta(minutes=1)
_FRESH_FOR = 2.0  # seconds
_MOST_KEPT = 2_000
_kept: dict[uuid.UUID, tuple[float, Pressure]] = {}


@dataclass(frozen=True)
class Pressure:
    """What presses on an activity's form.

    Attributes:
        crowded: whether it is registered for more often than ``LINGBAO_RUSH_RATE``.
        opens_at: when a fair queue opens it (UTC); ``None`` where there is no queue.
        line: whether somebody who is there still stands in line.
        full: whether nothing is to be had any more.
        slug, timezone: the activity's, for who shows the line.
    """

    crowded: bool = False
    opens_at: datetime | None = None
    line: bool = False
    full: bool = False
    slug: str = ""
    timezone: str = "UTC"

    def queued(self, now: datetime) -> bool:
        """Whether one comes to the form only through the line."""
        if self.opens_at is None or now < self.opens_at - ROOM_OPENS:
            return False
        return now < self.opens_at + LINE_STAYS or self.line


def pressure_on(activity_id: uuid.UUID) -> Pressure:
    """What presses on an activity, known to two seconds; nothing on one that does not exist."""
    kept = _kept.get(activity_id)
    if kept is not None and kept[0] > time.monotonic():
        return kept[1]
    found = _measured(activity_id)
    if len(_kept) >= _MOST_KEPT:
        _kept.clear()
    _kept[activity_id] = (time.monotonic() + _FRESH_FOR, found)
    return found


def forget() -> None:
    """Measure again at the next call."""
    _kept.clear()


def _measured(activity_id: uuid.UUID) -> Pressure:
    now = utc_now()
    rate = settings().rush_rate
    # The ids are sorted by time (UUIDv7), so the last minute is the end of an index. It is read no
    # further than the limit.
    recent = (
        sa.select(sa.literal(1))
        .where(Registration.activity_id == activity_id, Registration.id > _id_of(now - _A_MINUTE))
        .limit(max(rate, 1))
        .subquery()
    )
    in_line = sa.select(QueuePlace.id).where(
        QueuePlace.activity_id == activity_id,
        QueuePlace.admitted_at.is_(None),
        QueuePlace.seen_at > now - PRESENT,
    )
    with database.transaction() as session:
        row = session.execute(
            sa.select(
                Activity.fair_queue,
                Activity.registration_opens_at,
                sa.select(sa.func.count()).select_from(recent).scalar_subquery(),
                sa.and_(Activity.fair_queue, sa.exists(in_line)),
                sa.and_(sa.not_(Activity.waiting_list), Activity.seats_taken >= Activity.capacity),
                Activity.slug,
                Activity.timezone,
            ).where(Activity.id == activity_id)
        ).first()
    if row is None:
        return Pressure()
    fair, opens_at, count, line, full, slug, timezone = row
    return Pressure(
        crowded=0 < rate <= count,
        opens_at=opens_at if fair else None,
        line=bool(line),
        full=bool(full),
        slug=slug,
        timezone=timezone,
    )


def _id_of(moment: datetime) -> uuid.UUID:
    """The smallest UUIDv7 of a moment (RFC 9562: milliseconds in the first 48 bits)."""
    return uuid.UUID(int=int(moment.timestamp() * 1000) << 80)
