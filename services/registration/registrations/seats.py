"""Seats and the waiting list: the only code that writes ``seats_taken`` and a status.

The rules:

* Places are never oversold: a seat is taken by an ``UPDATE`` that counts and takes in one act.
* Free places go to the waiting list first, in its order. A party that does not fit is passed over
  for a smaller one behind it, and keeps its place in the order.
* So whenever a transaction ends, nobody on the list fits into what is free, and whoever comes next
  and fits overtakes nobody.
* A place is given back exactly once: a registration leaves a state by an ``UPDATE`` that names it.

Whoever changes registrations that exist, or adds one to the waiting list, locks the activity's row
first (:func:`locked`). A registration that finds a free place does not have to: its one statement
locks that row by itself, last and shortest.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.registration.activities.models import Activity
from services.registration.registrations.events import tell
from services.registration.registrations.models import (
    LIVE,
    MOVES,
    WAITING_ORDER,
    Cause,
    Registration,
    Status,
)

_TABLE = cast("sa.Table", Registration.__table__)


def fits(party_size: int) -> sa.ColumnElement[bool]:
    """The guard: whether an activity has room for so many more."""
    return sa.or_(
        Activity.capacity.is_(None), Activity.seats_taken + party_size <= Activity.capacity
    )


def take(session: Session, row: Mapping[str, Any]) -> bool:
    """Take the places and insert the confirmed registration, in one statement.

    Args:
        row: the registration's columns, without its status and seats.

    Returns:
        Whether there was room in a published activity; when not, nothing was locked or written.

    Raises:
        sqlalchemy.exc.IntegrityError: the address has a live registration here already.
    """
    party = row["party_size"]
    seat = (
        sa.update(Activity)
        .where(Activity.id == row["activity_id"], Activity.status == "published", fits(party))
        # A seat is no edit: `updated_at` stays.
        .values(seats_taken=Activity.seats_taken + party, updated_at=Activity.updated_at)
        .returning(Activity.id)
        .cte("seat")
    )
    columns = {"status": "confirmed", "seats_held": party} | dict(row)
    values = [sa.literal(value, _TABLE.c[name].type) for name, value in columns.items()]
    inserted = session.execute(
        sa.insert(_TABLE)
        .from_select(list(columns), sa.select(*values).select_from(seat), include_defaults=False)
        .returning(_TABLE.c.id)
    )
    return inserted.first() is not None


def wait(session: Session, row: Mapping[str, Any]) -> None:
    """Insert a registration at the end of the waiting list. The activity's row is locked.

    Raises:
        sqlalchemy.exc.IntegrityError: the address has a live registration here already.
    """
    session.execute(
        sa.insert(_TABLE).values(
            status="waiting", seats_held=0, waiting_since=WAITING_ORDER.next_value(), **row
        )
    )


def locked(session: Session, activity_id: uuid.UUID) -> Activity:
    """The activity as it is now, its row locked until the transaction ends."""
    return session.scalars(
        sa.select(Activity)
        .where(Activity.id == activity_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()


def add(session: Session, activity: Activity, seats: int) -> bool:
    """Take ``seats`` more (fewer when negative) of a locked activity.

    Returns:
        Whether there was room.
    """
    taken = session.scalars(
        sa.update(Activity)
        .where(Activity.id == activity.id, fits(seats) if seats > 0 else sa.true())
        .values(seats_taken=Activity.seats_taken + seats, updated_at=Activity.updated_at)
        .returning(Activity)
        .execution_options(synchronize_session=False, populate_existing=True)
    )
    return taken.first() is not None


def move(
    session: Session,
    registration: Registration,
    status: Status,
    **values: Any,  # noqa: ANN401 - columns of any kind
) -> bool:
    """Move a registration out of the state it was read in, together with its seats.

    Returns:
        Whether it was still in that state; when not, somebody else moved it and nothing changed.

    Raises:
        ValueError: there is no such move.
    """
    before = registration.state
    if status not in MOVES[before]:
        raise ValueError(f"A registration does not go from {before} to {status}.")
    moved = session.scalars(
        sa.update(Registration)
        .where(Registration.id == registration.id, Registration.status == before)
        .values(
            status=status,
            seats_held=registration.party_size if status == "confirmed" else 0,
            version=Registration.version + 1,
            **values,
        )
        .returning(Registration)
        .execution_options(synchronize_session=False, populate_existing=True)
    )
    return moved.first() is not None


def resize(
    session: Session, activity: Activity, registration: Registration, party_size: int
) -> bool:
    """Change a party's size, with its seats when it holds some. The activity is locked.

    Returns:
        Whether there was room; when not, nothing changed.
    """
    if registration.status == "confirmed":
        if not add(session, activity, party_size - registration.seats_held):
            return False
        registration.seats_held = party_size
    registration.party_size = party_size
    return True


def cancel(
    session: Session,
    activity: Activity,
    registration: Registration,
    *,
    cause: Cause,
    now: datetime,
) -> bool:
    """End a live registration, give its places back once, offer them on, and tell.

    The activity is locked, and the registration was read after that.

    Returns:
        Whether it was live; a second cancel changes nothing and tells nobody.
    """
    held = registration.seats_held
    if registration.status not in LIVE or not move(
        session, registration, "cancelled", cancelled_at=now, cancel_cause=cause
    ):
        return False
    tell(session, registration, activity)
    if held:
        add(session, activity, -held)
    promote_waiting(session, activity, now)
    return True


def promote_waiting(session: Session, activity: Activity, now: datetime) -> int:
    """Give free places to the waiting list, in order, and tell each party that gets its own.

    Nobody is promoted into an activity that has begun or is not published. The activity is locked.

    Returns:
        How many registrations were confirmed.
    """
    if activity.status != "published" or activity.starts_at <= now:
        return 0
    free = activity.seats_left
    chosen: list[uuid.UUID] = []
    for identifier, party in session.execute(
        sa.select(Registration.id, Registration.party_size)
        .where(Registration.activity_id == activity.id, Registration.status == "waiting")
        .order_by(Registration.waiting_since)
    ):
        if free is None:
            chosen.append(identifier)
        elif party <= free:
            chosen.append(identifier)
            free -= party
        if free == 0:
            break
    for registration in read_fresh(session, chosen):
        add(session, activity, registration.party_size)
        move(session, registration, "confirmed")
        tell(session, registration, activity, promoted=True)
    return len(chosen)


def read_fresh(session: Session, identifiers: Sequence[uuid.UUID]) -> list[Registration]:
    """Registrations as they are now, in the order given."""
    if not identifiers:
        return []
    found = {
        row.id: row
        for row in session.scalars(
            sa.select(Registration)
            .where(Registration.id.in_(identifiers))
            .execution_options(populate_existing=True)
        )
    }
    return [found[identifier] for identifier in identifiers]


def waiting_count(session: Session, activity_id: uuid.UUID) -> int:
    """How many registrations wait."""
    return session.scalars(
        sa.select(sa.func.count())
        .select_from(Registration)
        .where(Registration.activity_id == activity_id, Registration.status == "waiting")
    ).one()


def waiting_position(session: Session, registration: Registration) -> int | None:
    """How many stand in the list up to and with this one; ``None`` when it does not wait."""
    if registration.status != "waiting":
        return None
    return session.scalar(
        sa.select(sa.func.count())
        .select_from(Registration)
        .where(
            Registration.activity_id == registration.activity_id,
            Registration.status == "waiting",
            Registration.waiting_since <= registration.waiting_since,
        )
    )
