"""Who came: counts for the door and the staff, and the list for certificates."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.chassis.auth import Principal
from services.chassis.i18n import lazy
from services.chassis.problems import NotFound
from services.registration.activities.models import Activity
from services.registration.checkin.models import IS_CONFLICT, Arrival, Scan
from services.registration.checkin.schemas import Counts
from services.registration.database import database
from services.registration.registrations.models import Registration


@dataclass(frozen=True)
class Attended:
    """A registration of which somebody came. ``came`` counts people, children too."""

    registration: Registration
    came: int


def attended(session: Session, activity_id: uuid.UUID) -> Sequence[Attended]:
    """The registrations of which at least one person came, the earliest arrival first."""
    rows = session.execute(
        sa.select(Registration, Arrival.came)
        .join(Arrival, Arrival.registration_id == Registration.id)
        .where(Registration.activity_id == activity_id, Arrival.came > 0)
        .order_by(Registration.checked_in_at, Registration.id)
    )
    return [Attended(registration, came) for registration, came in rows]


def counts(session: Session, activity: Activity) -> Counts:
    """How many are expected and have come, as it is now."""
    came = sa.func.coalesce(Arrival.came, 0)
    confirmed = Registration.status == "confirmed"
    people = sa.func.coalesce(sa.func.sum(Registration.party_size).filter(confirmed), 0)
    at_the_door = sa.and_(confirmed, Registration.source == "door")
    row = session.execute(
        sa.select(
            people,
            sa.func.coalesce(sa.func.sum(came), 0),
            sa.func.coalesce(sa.func.sum(Registration.party_size - came).filter(confirmed), 0),
            sa.func.count().filter(confirmed),
            sa.func.count().filter(came > 0),
            sa.func.coalesce(sa.func.sum(Registration.party_size).filter(at_the_door), 0),
            sa.func.count().filter(Registration.status == "waiting"),
        )
        .select_from(Registration)
        .outerjoin(Arrival, Arrival.registration_id == Registration.id)
        .where(Registration.activity_id == activity.id)
    ).one()
    conflicts = session.scalar(
        sa.select(sa.func.count())
        .select_from(Scan)
        .where(Scan.activity_id == activity.id, IS_CONFLICT)
    )
    return Counts(
        expected=row[0],
        came=row[1],
        no_shows=row[2],
        parties=row[3],
        parties_came=row[4],
        walk_ins=row[5],
        waiting=row[6],
        places=activity.capacity,
        places_left=activity.seats_left,
        conflicts=conflicts or 0,
    )


def covered(session: Session, principal: Principal, activity_id: uuid.UUID) -> Activity:
    """An activity that the public may know of, and this person's to touch.

    Raises:
        NotFound: there is none, or it is a draft still.
        Problem: 403 for another district's.
    """
    activity = session.get(Activity, activity_id)
    if activity is None or activity.status == "draft":
        raise NotFound(lazy("There is no such activity."))
    principal.must_cover(activity.district)
    return activity


def of(principal: Principal, activity_id: uuid.UUID) -> Counts:
    """How many are expected and came of one activity.

    Raises:
        Problem: 404; 403 for another district's activity.
    """
    with database.transaction() as session:
        return counts(session, covered(session, principal, activity_id))


def told(activity_id: uuid.UUID) -> Counts:
    """The same for a page whose own use case has checked who asks, drafts too."""
    with database.transaction() as session:
        return counts(session, session.get_one(Activity, activity_id))
