"""Reading activities: the public catalogue, one activity, and the lists of staff."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.chassis.auth import Principal
from services.chassis.database import utc_now
from services.chassis.i18n import lazy
from services.chassis.lists import DEFAULT_LIMIT, Page, page_of_tiers
from services.chassis.problems import NotFound
from services.registration.activities.models import Activity
from services.registration.activities.schemas import ActivityOut
from services.registration.activities.slugs import SLUG
from services.registration.catalogue.filters import Filters, narrowed, public, reading
from services.registration.database import database
from services.registration.registrations.models import Registration

# A longer list is not counted to its end: nobody reads it to there.
COUNTED = 1_000

S = TypeVar("S", bound=sa.Select[*tuple[Any, ...]])


def list_activities(
    filters: Filters, *, cursor: str | None = None, limit: int = DEFAULT_LIMIT
) -> Page[ActivityOut]:
    """The public catalogue, the next activity first. Without ``since`` it begins now.

    Where there are words, those activities come first that have all of them in their title.
    """
    query = public(sa.select(Activity), replace(filters, words=""), utc_now())
    tiers = [query.where(tier) for tier in filters.tiers()]
    with reading(filters) as session:
        return _page(session, tiers, cursor, limit)


def public_count(filters: Filters) -> int:
    """How many activities the public catalogue holds; above :data:`COUNTED`, one more than that."""
    query = public(sa.select(Activity.id), filters, utc_now()).limit(COUNTED + 1)
    with reading(filters) as session:
        return session.scalar(sa.select(sa.func.count()).select_from(query.subquery())) or 0


def staff_list(
    principal: Principal,
    filters: Filters,
    *,
    cursor: str | None = None,
    limit: int = DEFAULT_LIMIT,
    newest_first: bool = False,
) -> Page[ActivityOut]:
    """Activities of every state, as far as they are the caller's, by their beginning."""
    query = narrowed(_theirs(sa.select(Activity), principal), filters, utc_now())
    with reading(filters) as session:
        return _page(session, [query], cursor, limit, descending=newest_first)


def staff_counts(principal: Principal, filters: Filters) -> dict[str, int]:
    """How many activities a staff list holds, by status."""
    query = narrowed(
        _theirs(sa.select(Activity.status, sa.func.count()), principal), filters, utc_now()
    )
    with reading(filters) as session:
        return dict(session.execute(query.group_by(Activity.status)).all())


def one_activity(reference: str, caller: Principal | None = None) -> ActivityOut:
    """One activity by its id or its address, for the public; a draft only for its own staff.

    Raises:
        NotFound: there is none, or it is a draft and not the caller's to see.
    """
    with database.transaction() as session:
        activity = _found(session, reference)
        if activity.status == "draft" and not (caller and caller.covers(activity.district)):
            raise _no_such_activity()
        return answer(session, activity)


def staff_activity(principal: Principal, reference: str) -> ActivityOut:
    """One activity of any state.

    Raises:
        NotFound: there is none.
        Problem: 403 for another district's.
    """
    with database.transaction() as session:
        activity = _found(session, reference)
        principal.must_cover(activity.district)
        return answer(session, activity)


def covered(session: Session, principal: Principal, activity_id: uuid.UUID) -> Activity:
    """The row of an activity of any state that is the caller's business.

    Raises:
        NotFound: there is none.
        Problem: 403 for another district's.
    """
    activity = session.get(Activity, activity_id)
    if activity is None:
        raise _no_such_activity()
    principal.must_cover(activity.district)
    return activity


def answer(session: Session, activity: Activity) -> ActivityOut:
    """The activity as it is answered, with how many wait."""
    waiting = waiting_counts(session, [activity.id])
    return ActivityOut.of(activity, waiting.get(activity.id, 0), utc_now())


def waiting_counts(session: Session, ids: Collection[uuid.UUID]) -> Mapping[uuid.UUID, int]:
    """How many registrations wait, by activity; those with none are left out."""
    query = (
        sa.select(Registration.activity_id, sa.func.count())
        .where(Registration.activity_id.in_(ids), Registration.status == "waiting")
        .group_by(Registration.activity_id)
    )
    return dict(session.execute(query).all())


@dataclass(frozen=True)
class Attendance:
    """Registrations that hold a place or wait for one, and the people in them."""

    registrations: int
    people: int


def attendance(activity_id: uuid.UUID) -> Attendance:
    """How many would hear of it if something happened to the activity."""
    query = sa.select(
        sa.func.count(), sa.func.coalesce(sa.func.sum(Registration.party_size), 0)
    ).where(
        Registration.activity_id == activity_id,
        Registration.status.in_(("confirmed", "waiting", "unverified")),
    )
    with database.transaction() as session:
        registrations, people = session.execute(query).one()
    return Attendance(registrations, people)


def _page(
    session: Session,
    tiers: Sequence[sa.Select[Activity]],
    cursor: str | None,
    limit: int,
    *,
    descending: bool = False,
) -> Page[ActivityOut]:
    now = utc_now()
    page = page_of_tiers(
        session,
        tiers,
        [Activity.starts_at, Activity.id],
        cursor=cursor,
        limit=limit,
        descending=descending,
    )
    waiting = waiting_counts(session, [activity.id for activity in page.items])
    return page.map(lambda activity: ActivityOut.of(activity, waiting.get(activity.id, 0), now))


def _theirs(query: S, principal: Principal) -> S:
    if principal.district is not None:
        query = query.where(Activity.district == principal.district)
    return query


def _found(session: Session, reference: str) -> Activity:
    """By id or by address; what has the form of neither is not looked up."""
    try:
        activity = session.get(Activity, uuid.UUID(reference))
    except ValueError:
        activity = None
    if activity is None and SLUG.fullmatch(reference):
        activity = session.scalar(sa.select(Activity).where(Activity.slug == reference))
    if activity is None:
        raise _no_such_activity()
    return activity


def _no_such_activity() -> NotFound:
    return NotFound(lazy("There is no such activity."))
