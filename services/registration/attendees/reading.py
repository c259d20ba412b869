"""Reading the registrations of an activity: the list with its figures, one of them, a page."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from services.chassis.auth import Principal
from services.chassis.i18n import lazy
from services.chassis.lists import Page, page_of
from services.chassis.problems import NotFound
from services.registration.activities.catalogue import covered
from services.registration.activities.models import Activity
from services.registration.attendees.filters import Filters
from services.registration.attendees.finding import conditions, matching
from services.registration.database import database
from services.registration.questions.columns import answered
from services.registration.registrations import seats
from services.registration.registrations.models import Registration
from services.registration.registrations.schemas import ListedRegistration

PER_PAGE = 50


@dataclass(frozen=True)
class Roster:
    """One page of an activity's registrations, as staff see them.

    Attributes:
        counts: how many registrations there are by status, whatever was asked for.
        came: how many people were let in.
        total: how many registrations match.
        page: which page this is, from 1; ``pages`` how many there are.
    """

    activity: Activity
    counts: dict[str, int]
    came: int
    shown: Sequence[Registration]
    total: int
    page: int
    pages: int


def roster(principal: Principal, activity_id: uuid.UUID, filters: Filters, page: int) -> Roster:
    """The registrations that match, a page of them.

    Args:
        page: from 1; one that there is not is the nearest that there is.

    Raises:
        Problem: 404; 403 for another district's activity.
    """
    with database.transaction() as session:
        activity = covered(session, principal, activity_id)
        found = matching(session, activity, filters)
        pages = max(1, -(-len(found) // PER_PAGE))
        page = min(max(1, page), pages)
        wanted = found[(page - 1) * PER_PAGE : page * PER_PAGE]
        by_status = session.execute(
            sa.select(Registration.status, sa.func.count().label("number"))
            .where(Registration.activity_id == activity_id)
            .group_by(Registration.status)
        )
        came = session.scalar(
            sa.select(sa.func.coalesce(sa.func.sum(Registration.party_size), 0)).where(
                Registration.activity_id == activity_id, Registration.checked_in_at.is_not(None)
            )
        )
        return Roster(
            activity=activity,
            counts={row.status: row.number for row in by_status},
            came=came or 0,
            shown=seats.read_fresh(session, wanted),
            total=len(found),
            page=page,
            pages=pages,
        )


@dataclass(frozen=True)
class One:
    """One registration as staff see it, with its answers in words."""

    registration: Registration
    activity: Activity
    answers: list[tuple[str, str]]
    waiting_position: int | None


def one(principal: Principal, activity_id: uuid.UUID, registration_id: uuid.UUID) -> One:
    """One registration of an activity.

    Raises:
        Problem: 404; 403 for another district's activity.
    """
    with database.transaction() as session:
        activity = covered(session, principal, activity_id)
        row = row_of(session, activity_id, registration_id)
        return One(
            registration=row,
            activity=activity,
            answers=answered(activity.questions, row.answers),
            waiting_position=seats.waiting_position(session, row),
        )


def listed(
    principal: Principal,
    activity_id: uuid.UUID,
    filters: Filters,
    *,
    cursor: str | None,
    limit: int,
) -> Page[ListedRegistration]:
    """One page of an activity's registrations that match, the earliest first.

    Raises:
        Problem: 404; 403 for another district's activity; 400 ``bad-cursor``.
    """
    with database.transaction() as session:
        activity = covered(session, principal, activity_id)
        query = sa.select(Registration).where(
            Registration.activity_id == activity_id, *conditions(filters)
        )
        if filters.reads_texts:
            found = matching(session, activity, filters)
            # As one value: a statement takes no more than 65,535 of them.
            query = query.where(Registration.id == sa.any_(sa.literal(found, ARRAY(sa.Uuid))))
        page = page_of(session, query, [Registration.id], cursor=cursor, limit=limit)
        return page.map(ListedRegistration.model_validate)


def for_the_door(
    principal: Principal, activity_id: uuid.UUID
) -> tuple[Activity, list[Registration]]:
    """Everyone with a place, by name, for a list on paper.

    Raises:
        Problem: 404; 403 for another district's activity.
    """
    with database.transaction() as session:
        activity = covered(session, principal, activity_id)
        wanted = matching(session, activity, Filters(status="confirmed", sort="name"))
        return activity, seats.read_fresh(session, wanted)


def activity(principal: Principal, activity_id: uuid.UUID) -> Activity:
    """An activity whose people the caller may see.

    Raises:
        Problem: 404; 403 for another district's activity.
    """
    with database.transaction() as session:
        return covered(session, principal, activity_id)


def row_of(session: Session, activity_id: uuid.UUID, registration_id: uuid.UUID) -> Registration:
    """A registration of an activity as it is now.

    Raises:
        NotFound: the activity has no such registration.
    """
    row = session.get(Registration, registration_id, populate_existing=True)
    if row is None or row.activity_id != activity_id:
        raise NotFound(lazy("There is no such registration."))
    return row
