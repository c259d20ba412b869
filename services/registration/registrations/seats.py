"""Seats and the waiting list: the only code that writes ``seats_taken`` and a status.

The rules:

* Places are never oversold: a seat is taken by an ``UPDATE`` that counts and takes in one act.
* Free places go to the waiting list first, in its order. A party that does not fit is passed over
  for a smaller one behind it, and keeps its place in the order.
* They are offered: kept for the party until :func:`offer_until`, then given back unless it
  accepted. From the last hour on nobody would see an offer in time: what is free then is for
  whoever comes.
* So whenever a transaction ends before that hour, nobody on the list fits into what is free, and
  whoever comes next and fits overtakes nobody.
* A place is given back exactly once: a registration leaves a state by an ``UPDATE`` that names it.

Whoever changes registrations that exist, or adds one to the waiting list, locks the activity's row
first (:func:`locked`). A registration that finds a free place does not have to: its one statement
locks that row by itself, last and shortest.
"""

from __future__ import annotations

import functools
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.chassis.tables import OutboxRow
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
from services.registration.rush import limits

# Who waits longest stands first.
IN_LINE = Registration.waiting_since.asc()
OFFER = timedelta(hours=24)
# Later than this before the beginning nothing is offered any more.
LAST_OFFER = timedelta(hours=1)

_TABLE = cast("sa.Table", Registration.__table__)
_OUTBOX = cast("sa.Table", OutboxRow.__table__)
# What a new registration says of itself; everything else has the table's own default.
_WRITTEN = (
    "id", "version", "activity_id", "status", "name", "email", "phone", "email_hash", "phone_hash",
    "language", "party_size", "children", "companions_json", "answers_json", "consents",
    "ticket_code", "source", "registered_by", "registered_at", "hold_expires_at",
)  # fmt: skip


def fits(party_size: int | sa.BindParameter[int]) -> sa.ColumnElement[bool]:
    """The guard: whether an activity has room for so many more."""
    return sa.or_(
        Activity.capacity.is_(None), Activity.seats_taken + party_size <= Activity.capacity
    )


def offer_until(activity: Activity, now: datetime) -> datetime | None:
    """Until when a place that comes free now is kept for a party; ``None``: too late to offer.

    A day, and near the beginning half of the time that is left.
    """
    left = activity.starts_at - now
    return None if left <= LAST_OFFER else now + min(OFFER, left / 2)


def take(
    session: Session,
    row: Mapping[str, Any],
    told: Mapping[str, Any] | None = None,
    *,
    limited: bool = False,
) -> bool:
    """Take the places, insert the registration that holds them, tell of it: in one statement.

    Args:
        row: the registration's columns but its seats; with a ``status`` of ``confirmed`` or
            ``unverified``.
        told: the outbox row of the event that tells of it; ``None`` when the caller tells.
        limited: whether a contact that has as many registrations as it may takes nothing.

    Returns:
        Whether there was room in a published activity, and the contact within its limit; when not,
        nothing was locked or written.

    Raises:
        sqlalchemy.exc.IntegrityError: the address has a live registration here already.
    """
    values = {f"new_{name}": row.get(name) for name in _WRITTEN} | {
        "new_seats_held": row["party_size"]
    }
    if told is not None:
        values |= {f"told_{name}": value for name, value in told.items()}
    if limited:
        values |= limits.values_for(row["email"], row["phone"], row["registered_at"])
    return (
        session.execute(_taking(tells=told is not None, limited=limited), values).first()
        is not None
    )


@functools.cache
def _taking(*, tells: bool, limited: bool) -> sa.Insert:
    """The statement of :func:`take`, put together once: that costs more than to run it."""
    wanted = sa.bindparam("new_party_size", type_=sa.Integer)
    seat = (
        sa.update(Activity)
        .where(
            Activity.id == sa.bindparam("new_activity_id"),
            Activity.status == "published",
            fits(wanted),
            *([limits.is_within()] if limited else []),
        )
        # A seat is no edit: `updated_at` stays.
        .values(seats_taken=Activity.seats_taken + wanted, updated_at=Activity.updated_at)
        .returning(Activity.id)
        .cte("seat")
    )
    columns = [_TABLE.c[name] for name in (*_WRITTEN, "seats_held")]
    inserted = (
        sa.insert(_TABLE)
        .from_select(
            [column.name for column in columns],
            sa.select(
                *(sa.bindparam(f"new_{column.name}", type_=column.type) for column in columns)
            ).select_from(seat),
            include_defaults=False,
        )
        .returning(_TABLE.c.id)
    )
    if not tells:
        return inserted
    registration = inserted.cte("registration")
    outbox = [_OUTBOX.c[name] for name in ("id", "type", "envelope", "unconfirmed")]
    return (
        sa.insert(_OUTBOX)
        .from_select(
            [column.name for column in outbox],
            sa.select(
                *(sa.bindparam(f"told_{column.name}", type_=column.type) for column in outbox)
            ).select_from(registration),
            include_defaults=False,
        )
        .returning(_OUTBOX.c.id)
    )


def wait(session: Session, row: Mapping[str, Any]) -> None:
    """Insert a registration without seats; one that waits, at the end of the list.

    The activity's row is locked.

    Raises:
        sqlalchemy.exc.IntegrityError: the address has a live registration here already.
    """
    order = {"waiting_since": WAITING_ORDER.next_value()} if row["status"] == "waiting" else {}
    session.execute(sa.insert(_TABLE).values(**row, **order, seats_held=0))


def locked(session: Session, activity_id: uuid.UUID) -> Activity:
    """The activity as it is now, its row locked until the transaction ends."""
    return session.scalars(
        sa.select(Activity)
        .where(Activity.id == activity_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()


def locked_of(
    session: Session, registration_id: uuid.UUID, *others: uuid.UUID
) -> tuple[Registration, Activity] | None:
    """A registration and its activity, whose row is locked before the registration is read.

    Args:
        others: activities to lock as well; rows are always locked in the order of their ids, so
            that no two people wait for each other in a ring.

    Returns:
        ``None`` when there is no such registration.
    """
    while True:
        activity_id = session.scalar(
            sa.select(Registration.activity_id).where(Registration.id == registration_id)
        )
        if activity_id is None:
            return None
        with session.begin_nested() as attempt:
            rows = session.scalars(
                sa.select(Activity)
                .where(Activity.id.in_({activity_id, *others}))
                .order_by(Activity.id)
                .with_for_update()
                .execution_options(populate_existing=True)
            ).all()
            registration = session.get_one(Registration, registration_id, populate_existing=True)
            if registration.activity_id == activity_id:
                return registration, next(row for row in rows if row.id == activity_id)
            # It moved to another date meanwhile: let go of the rows, and begin again.
            attempt.rollback()


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
    """Move a registration out of the state it was read in, together with the seats it holds.

    Returns:
        Whether it was still in that state; when not, somebody else moved it and nothing changed.

    Raises:
        ValueError: there is no such move.
    """
    before = registration.state
    if status not in MOVES[before]:
        raise ValueError(f"A registration does not go from {before} to {status}.")
    held = registration.party_size if status in ("confirmed", "offered") else 0
    moved = session.scalars(
        sa.update(Registration)
        .where(Registration.id == registration.id, Registration.status == before)
        .values(
            {"hold_expires_at": None}
            | values
            | {"status": status, "seats_held": held, "version": Registration.version + 1}
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
    if registration.seats_held:
        if not add(session, activity, party_size - registration.seats_held):
            return False
        registration.seats_held = party_size
    registration.party_size = party_size
    return True


def verified(session: Session, activity: Activity, registration: Registration) -> bool:
    """Let a registration count whose contact has answered. The activity is locked.

    It is confirmed when it holds places or gets them now, and waits otherwise.

    Returns:
        Whether it was still unverified.
    """
    if registration.seats_held or add(session, activity, registration.party_size):
        return move(session, registration, "confirmed")
    return move(session, registration, "waiting", waiting_since=WAITING_ORDER.next_value())


def transfer(
    session: Session, registration: Registration, source: Activity, target: Activity
) -> bool:
    """Take a party from one activity to another that has room. Both are locked.

    What it held is given back; the caller offers it on.

    Returns:
        Whether there was room; when not, nothing changed.

    Raises:
        sqlalchemy.exc.IntegrityError: the address has a live registration there already.
    """
    if not add(session, target, registration.party_size):
        return False
    given_back = registration.seats_held
    registration.activity_id = target.id
    registration.status = "confirmed"
    registration.seats_held = registration.party_size
    registration.waiting_since = None
    registration.hold_expires_at = None
    registration.asked_at = None
    registration.version += 1
    session.flush()
    if given_back:
        add(session, source, -given_back)
    return True


def cancel(
    session: Session,
    activity: Activity,
    registration: Registration,
    *,
    cause: Cause,
    now: datetime,
    reason: str | None = None,
) -> bool:
    """End a live registration, give its places back once, offer them on, and tell.

    The activity is locked, and the registration was read after that.

    Args:
        reason: the staff's own words, for the person.

    Returns:
        Whether it was live; a second cancel changes nothing and tells nobody.
    """
    held, before = registration.seats_held, registration.state
    if before not in LIVE or not move(
        session, registration, "cancelled", cancelled_at=now, cancel_cause=cause, asked_at=None
    ):
        return False
    # Whoever never answered from an address is not written to there.
    if before != "unverified":
        tell(session, registration, activity, reason=reason)
    if held:
        add(session, activity, -held)
    offer_places(session, activity, now)
    return True


def offer_places(session: Session, activity: Activity, now: datetime) -> int:
    """Offer free places to the waiting list, in order, and tell each party that gets its own.

    Where nobody is counted any more, everyone who waits is confirmed at once. Nothing is offered
    in an activity that is not published, or too near to its beginning. The activity is locked.

    Returns:
        How many parties got places.
    """
    until = offer_until(activity, now)
    if activity.status != "published" or until is None:
        return 0
    free = activity.seats_left
    chosen: list[uuid.UUID] = []
    for identifier, party in session.execute(
        sa.select(Registration.id, Registration.party_size)
        .where(Registration.activity_id == activity.id, Registration.status == "waiting")
        .order_by(IN_LINE)
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
        if free is None:
            move(session, registration, "confirmed")
        else:
            move(session, registration, "offered", hold_expires_at=until)
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
