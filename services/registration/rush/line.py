"""The line of a fair queue: joined, drawn at the opening, let in as there is room at the form.

Whoever is there before the opening gets a random place at that moment; whoever comes later goes to
the end. The pages in the waiting room ask every few seconds; once a second one of them, whichever
comes first, also draws or lets the next ones in, so no other process has to keep time.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from services.chassis.database import new_id
from services.registration.activities.models import Activity
from services.registration.rush.models import Queue, QueuePlace
from services.registration.rush.pressure import PRESENT

# So many may fill in the form at the same time, each for so long.
AT_THE_FORM = 60
TIME_AT_THE_FORM = timedelta(minutes=10)
_LOOK_EVERY = timedelta(seconds=1)
# A page that asks is written down this seldom.
_SEEN_EVERY = timedelta(seconds=20)
# What somebody needs for the form, as long as nobody has been measured.
_USUAL_TIME = timedelta(seconds=90)

State = Literal["early", "waiting", "admitted", "done", "lapsed"]


@dataclass(frozen=True)
class Standing:
    """How somebody stands in line.

    Attributes:
        state: ``early``: the draw is still to come; ``done``: has registered; ``lapsed``: was let
            in and did not come in time.
        ahead: how many are to be let in before; none but in ``waiting``.
        wait: roughly how long that takes.
        until: until when the form is open to them, in ``admitted`` (UTC).
    """

    state: State
    ahead: int | None = None
    wait: timedelta | None = None
    until: datetime | None = None


def join(session: Session, activity_id: uuid.UUID, now: datetime) -> uuid.UUID:
    """Take a place in line: at the end, or in the draw when that is still to come.

    Returns:
        The place's id, which is the only key to it.
    """
    session.execute(
        postgresql.insert(Queue)
        .values(activity_id=activity_id, looked_at=now - _LOOK_EVERY)
        .on_conflict_do_nothing()
    )
    # Shared, so that many may join at once; the draw waits for them, and they for it.
    session.execute(sa.select(sa.func.pg_advisory_xact_lock_shared(_key("draw", activity_id))))
    drawn_at = session.scalar(sa.select(Queue.drawn_at).where(Queue.activity_id == activity_id))
    place = None if drawn_at is None else _next_place(session, activity_id)
    row = QueuePlace(id=new_id(), activity_id=activity_id, place=place, joined_at=now, seen_at=now)
    session.add(row)
    return row.id


def look(
    session: Session, activity_id: uuid.UUID, place_id: uuid.UUID, now: datetime
) -> Standing | None:
    """How a place stands now; ``None`` when it is not one in this activity's line."""
    found = session.execute(
        sa.select(QueuePlace, Queue, Activity.registration_opens_at)
        .join(Queue, Queue.activity_id == QueuePlace.activity_id)
        .join(Activity, Activity.id == QueuePlace.activity_id)
        .where(QueuePlace.id == place_id, QueuePlace.activity_id == activity_id)
    ).first()
    if found is None:
        return None
    mine, queue, opens_at = found
    if mine.seen_at < now - _SEEN_EVERY:
        mine.seen_at = now
        session.flush()
    if opens_at is not None and opens_at <= now and queue.looked_at <= now - _LOOK_EVERY:
        move_on(session, activity_id, now)
        session.refresh(mine)
        session.refresh(queue)
    return _standing(mine, queue, opens_at, now)


def move_on(session: Session, activity_id: uuid.UUID, now: datetime) -> int:
    """Draw the places if that is due, then let the next ones in. One transaction at a time does.

    Returns:
        How many were let in.
    """
    if not session.scalar(sa.select(sa.func.pg_try_advisory_xact_lock(_key("line", activity_id)))):
        return 0
    activity = session.get_one(Activity, activity_id)
    queue = session.get_one(Queue, activity_id, populate_existing=True)
    if queue.drawn_at is None:
        # Nobody joins meanwhile, so nobody is left without a place.
        session.execute(sa.select(sa.func.pg_advisory_xact_lock(_key("draw", activity_id))))
        queue.last_place = _draw(session, activity, now)
        queue.drawn_at = now
    queue.looked_at = now
    session.flush()
    places = _let_in(session, activity, _room(session, activity, now), now)
    if places:
        queue.admitted_to = max(queue.admitted_to, *places)
    session.flush()
    return len(places)


def use(
    session: Session, activity_id: uuid.UUID, place_id: uuid.UUID, used_by: str, now: datetime
) -> Literal["fresh", "again"] | None:
    """Use a place that was let in, for one registration.

    Returns:
        ``fresh``, or ``again`` when the same request came before; ``None`` when it is not to be
        used: another's line, not let in, no longer, or used by another request.
    """
    taken = session.execute(
        sa.update(QueuePlace)
        .where(
            QueuePlace.id == place_id,
            QueuePlace.activity_id == activity_id,
            QueuePlace.admitted_at > now - TIME_AT_THE_FORM,
            QueuePlace.used_by.is_(None),
        )
        .values(used_by=used_by)
        .returning(QueuePlace.id)
        .execution_options(synchronize_session=False)
    )
    if taken.first() is not None:
        return "fresh"
    before = session.scalar(
        sa.select(QueuePlace.used_by).where(
            QueuePlace.id == place_id, QueuePlace.activity_id == activity_id
        )
    )
    return "again" if before is not None and before == used_by else None


def give_back(session: Session, place_id: uuid.UUID) -> None:
    """Undo :func:`use`: the registration was refused, so the place may be used again."""
    session.execute(sa.update(QueuePlace).where(QueuePlace.id == place_id).values(used_by=None))


def forget_old(session: Session, now: datetime) -> None:
    """Delete lines that nobody has looked at for a day."""
    session.execute(sa.delete(Queue).where(Queue.looked_at < now - timedelta(days=1)))


def _key(purpose: str, activity_id: uuid.UUID) -> sa.ColumnElement[int]:
    """The number of an advisory lock."""
    return sa.func.hashtextextended(f"{purpose} {activity_id}", 0)


def _next_place(session: Session, activity_id: uuid.UUID) -> int:
    return session.scalars(
        sa.update(Queue)
        .where(Queue.activity_id == activity_id)
        .values(last_place=Queue.last_place + 1)
        .returning(Queue.last_place)
        .execution_options(synchronize_session=False)
    ).one()


def _draw(session: Session, activity: Activity, now: datetime) -> int:
    """Give everyone a place: at random who came before the opening, then the others in order.

    Returns:
        How many there are.
    """
    late = QueuePlace.joined_at >= (activity.registration_opens_at or now)
    # Random bytes of the operating system; nothing that anybody sent has a say in it.
    chance = sa.case((late, None), else_=sa.func.gen_random_uuid())
    order = sa.select(
        QueuePlace.id,
        sa.func.row_number()
        .over(order_by=[late, chance, QueuePlace.joined_at, QueuePlace.id])
        .label("place"),
    ).where(QueuePlace.activity_id == activity.id)
    drawn = order.subquery()
    session.execute(
        sa.update(QueuePlace)
        .where(QueuePlace.id == drawn.c.id)
        .values(place=drawn.c.place)
        .execution_options(synchronize_session=False)
    )
    return session.scalars(
        sa.select(sa.func.count())
        .select_from(QueuePlace)
        .where(QueuePlace.activity_id == activity.id)
    ).one()


def _room(session: Session, activity: Activity, now: datetime) -> int:
    """How many more may come to the form; without a waiting list no more than there are seats."""
    there = session.scalars(
        sa.select(sa.func.count())
        .select_from(QueuePlace)
        .where(
            QueuePlace.activity_id == activity.id,
            QueuePlace.admitted_at > now - TIME_AT_THE_FORM,
            QueuePlace.used_by.is_(None),
        )
    ).one()
    most = AT_THE_FORM
    if not activity.waiting_list and activity.seats_left is not None:
        most = min(most, activity.seats_left)
    return max(0, most - there)


def _let_in(session: Session, activity: Activity, room: int, now: datetime) -> list[int]:
    if room == 0:
        return []
    next_ones = (
        sa.select(QueuePlace.id)
        .where(
            QueuePlace.activity_id == activity.id,
            QueuePlace.admitted_at.is_(None),
            QueuePlace.place.is_not(None),
            QueuePlace.seen_at > now - PRESENT,
        )
        .order_by(QueuePlace.place)
        .limit(room)
    )
    places = session.scalars(
        sa.update(QueuePlace)
        .where(QueuePlace.id.in_(next_ones))
        .values(admitted_at=now)
        .returning(QueuePlace.place)
        .execution_options(synchronize_session=False)
    )
    return [place for place in places if place is not None]


def _standing(mine: QueuePlace, queue: Queue, opens_at: datetime | None, now: datetime) -> Standing:
    if mine.used_by is not None:
        return Standing("done")
    if mine.admitted_at is not None:
        until = mine.admitted_at + TIME_AT_THE_FORM
        return Standing("admitted", until=until) if until > now else Standing("lapsed")
    if mine.place is None:
        return Standing("early")
    ahead = max(0, mine.place - queue.admitted_to - 1)
    return Standing("waiting", ahead=ahead, wait=_rough_wait(ahead, queue, opens_at, now))


def _rough_wait(ahead: int, queue: Queue, opens_at: datetime | None, now: datetime) -> timedelta:
    """As long as it has taken for those before, once there are enough of them."""
    each = _USUAL_TIME / AT_THE_FORM
    if opens_at is not None and queue.admitted_to > AT_THE_FORM:
        each = (now - opens_at) / queue.admitted_to
    return each * (ahead + 1)
