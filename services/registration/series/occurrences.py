"""The occurrences of a series: which of them an act is meant for, and whom it reaches."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.chassis.auth import Principal
from services.chassis.database import utc_now
from services.chassis.i18n import lazy
from services.chassis.problems import NotFound
from services.registration.activities.models import EDITABLE, Activity
from services.registration.registrations.models import Registration
from services.registration.series.scope import Scope

# Whoever has not verified a contact yet hears of nothing.
_HEARS = ("confirmed", "offered", "waiting")


@dataclass(frozen=True)
class Reach:
    """Registrations that hear of a change, the people in them, and how many of the registrations
    no message can reach.
    """

    registrations: int = 0
    people: int = 0
    without_address: int = 0

    def __add__(self, other: Reach) -> Reach:
        return Reach(
            self.registrations + other.registrations,
            self.people + other.people,
            self.without_address + other.without_address,
        )


def chosen(
    session: Session,
    principal: Principal,
    activity_id: uuid.UUID,
    scope: Scope,
    *,
    lock: bool = False,
) -> list[Activity]:
    """The activity that an act was asked for, then the others that it is meant for, by date.

    Those that are over or cancelled are left out, and those of a district that is not the
    caller's.

    Args:
        lock: hold their rows until the transaction ends. They are locked by id, so that two acts
            on one series never wait for each other.

    Raises:
        NotFound: there is no such activity.
        Problem: 403: it is another district's.
    """
    asked_for = session.get(Activity, activity_id)
    if asked_for is None:
        raise NotFound(lazy("There is no such activity."))
    principal.must_cover(asked_for.district)
    query = sa.select(Activity).where(
        sa.or_(Activity.id == activity_id, _others(asked_for, principal, scope))
    )
    query = query.order_by(Activity.id).execution_options(populate_existing=True)
    found = session.scalars(query.with_for_update() if lock else query).all()
    return sorted(found, key=lambda one: (one.id != activity_id, one.starts_at, one.id))


def _others(activity: Activity, principal: Principal, scope: Scope) -> sa.ColumnElement[bool]:
    if scope == "this" or activity.series_id is None:
        return sa.false()
    others = [
        Activity.series_id == activity.series_id,
        Activity.status.in_(EDITABLE),
        Activity.ends_at > utc_now(),
    ]
    if scope == "following":
        others.append(Activity.starts_at >= activity.starts_at)
    if principal.district is not None:
        others.append(Activity.district == principal.district)
    return sa.and_(*others)


def of_series(session: Session, series_id: uuid.UUID) -> Sequence[Activity]:
    """Every occurrence of a series, the earliest first."""
    return session.scalars(
        sa.select(Activity)
        .where(Activity.series_id == series_id)
        .order_by(Activity.starts_at, Activity.id)
    ).all()


def reach(session: Session, ids: Collection[uuid.UUID]) -> Mapping[uuid.UUID, Reach]:
    """Who would hear of a change, by activity; those with no registration are there too."""
    unreachable = sa.and_(Registration.email_hash.is_(None), Registration.phone_hash.is_(None))
    rows = session.execute(
        sa.select(
            Registration.activity_id,
            sa.func.count(),
            sa.func.sum(Registration.party_size),
            sa.func.count().filter(unreachable),
        )
        .where(Registration.activity_id.in_(ids), Registration.status.in_(_HEARS))
        .group_by(Registration.activity_id)
    )
    found = {identifier: Reach(*counts) for identifier, *counts in rows}
    return {identifier: found.get(identifier, Reach()) for identifier in ids}
