"""What staff do with the registrations of an activity: list, search, cancel one, check in."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.chassis import audit
from services.chassis.auth import Principal
from services.chassis.database import utc_now
from services.chassis.i18n import lazy
from services.chassis.lists import Page, page_of
from services.chassis.problems import FieldError, Invalid, NotFound
from services.registration.activities.events import ActivityState, state_of
from services.registration.activities.models import Activity
from services.registration.database import database
from services.registration.registrations import refusals, seats
from services.registration.registrations.models import Registration, Status
from services.registration.registrations.schemas import CheckedIn, CheckInIn, ListedRegistration
from services.registration.registrations.tickets import normal

# A scanner's clock may be a little ahead of ours.
CLOCK_TOLERANCE = timedelta(minutes=5)


@dataclass(frozen=True)
class Roster:
    """The registrations of one activity, as a staff page shows them.

    Attributes:
        shown: those that were asked for, the earliest first.
        counts: how many there are by status, whatever was asked for.
        people: how many people the confirmed parties are together.
    """

    activity: ActivityState
    capacity: int | None
    shown: Sequence[ListedRegistration]
    counts: dict[str, int]
    people: int


def roster(
    principal: Principal, activity_id: uuid.UUID, *, status: Status | None, words: str
) -> Roster:
    """Everyone registered for an activity; names are encrypted, so ``words`` are sought here.

    Args:
        status: only those of this status; ``None`` for all.
        words: part of a name, of an address, or a ticket code.

    Raises:
        Problem: 404; 403 for another district's activity.
    """
    with database.transaction() as session:
        activity = _covered(session, principal, activity_id)
        everyone = session.scalars(
            sa.select(Registration)
            .where(Registration.activity_id == activity_id)
            .order_by(Registration.id)
        ).all()
        found = [
            ListedRegistration.model_validate(row)
            for row in everyone
            if status in (None, row.status) and _has(row, words)
        ]
        return Roster(
            activity=state_of(activity),
            capacity=activity.capacity,
            shown=found,
            counts=dict(Counter(row.status for row in everyone)),
            people=activity.seats_taken,
        )


def _has(row: Registration, words: str) -> bool:
    sought = words.casefold().strip()
    if not sought:
        return True
    texts = (row.name, row.email or "", row.phone or "")
    return any(sought in text.casefold() for text in texts) or normal(words) == row.ticket_code


def listed(
    principal: Principal,
    activity_id: uuid.UUID,
    *,
    status: Status | None,
    cursor: str | None,
    limit: int,
) -> Page[ListedRegistration]:
    """One page of an activity's registrations, the earliest first.

    Raises:
        Problem: 404; 403 for another district's activity; 400 ``bad-cursor``.
    """
    with database.transaction() as session:
        _covered(session, principal, activity_id)
        query = sa.select(Registration).where(Registration.activity_id == activity_id)
        if status is not None:
            query = query.where(Registration.status == status)
        page = page_of(session, query, [Registration.id], cursor=cursor, limit=limit)
        return page.map(ListedRegistration.model_validate)


def one(
    principal: Principal, activity_id: uuid.UUID, registration_id: uuid.UUID
) -> tuple[ListedRegistration, ActivityState]:
    """One registration of an activity.

    Raises:
        Problem: 404; 403 for another district's activity.
    """
    with database.transaction() as session:
        activity = _covered(session, principal, activity_id)
        row = _of(session, activity_id, registration_id)
        return ListedRegistration.model_validate(row), state_of(activity)


def cancel(principal: Principal, activity_id: uuid.UUID, registration_id: uuid.UUID) -> None:
    """End a registration on the registrant's behalf; they are told. Twice changes nothing.

    Raises:
        Problem: 404; 403 for another district's activity; 409 ``registration-closed`` when the
            party is in the room already.
    """
    with database.transaction() as session:
        _covered(session, principal, activity_id)
        activity = seats.locked(session, activity_id)
        row = _of(session, activity_id, registration_id)
        if row.checked_in_at is not None:
            raise refusals.begun()
        if seats.cancel(session, activity, row, cause="staff", now=utc_now()):
            audit.record(
                session,
                principal,
                "registration.cancelled",
                f"registration/{row.id}",
                district=activity.district,
                detail=activity.slug,
            )


def check_in(principal: Principal, activity_id: uuid.UUID, shown: CheckInIn) -> CheckedIn:
    """Let a ticket's party in, once.

    Raises:
        Invalid: ``at`` lies in the future.
        Problem: 404; 403 for another district's activity.
    """
    at = shown.at or utc_now()
    if at > utc_now() + CLOCK_TOLERANCE:
        sentence = lazy("This time has not come yet; please check the clock.")
        raise Invalid([FieldError("at", sentence)])
    with database.transaction() as session:
        activity = _covered(session, principal, activity_id)
        row = session.scalar(
            sa.select(Registration).where(Registration.ticket_code == normal(shown.ticket_code))
        )
        if row is None:
            return CheckedIn(result="not-found")
        if row.activity_id != activity_id:
            # Whose ticket it is, is no business of another activity's door.
            return CheckedIn(result="wrong-activity")
        known = CheckedIn(
            result="already", registration_id=row.id, name=row.name, party_size=row.party_size
        )
        if row.status in ("cancelled", "waiting"):
            return known.model_copy(update={"result": row.status})
        if not _let_in(session, row, at):
            session.refresh(row)
            if row.status != "confirmed":
                return known.model_copy(update={"result": row.status})
            return known.model_copy(update={"at": row.checked_in_at})
        audit.record(
            session,
            principal,
            "registration.checked-in",
            f"registration/{row.id}",
            district=activity.district,
            detail=activity.slug,
        )
        return known.model_copy(update={"result": "checked-in", "at": at})


def _let_in(session: Session, row: Registration, at: datetime) -> bool:
    """Of two doors that scan one ticket, one lets in."""
    moved = session.execute(
        sa.update(Registration)
        .where(
            Registration.id == row.id,
            Registration.status == "confirmed",
            Registration.checked_in_at.is_(None),
        )
        .values(checked_in_at=at)
        .returning(Registration.id)
        .execution_options(synchronize_session=False)
    )
    return moved.first() is not None


def _covered(session: Session, principal: Principal, activity_id: uuid.UUID) -> Activity:
    activity = session.get(Activity, activity_id)
    if activity is None:
        raise NotFound(lazy("There is no such activity."))
    principal.must_cover(activity.district)
    return activity


def _of(session: Session, activity_id: uuid.UUID, registration_id: uuid.UUID) -> Registration:
    row = session.get(Registration, registration_id, populate_existing=True)
    if row is None or row.activity_id != activity_id:
        raise NotFound(lazy("There is no such registration."))
    return row
