"""Moving a registration to another date of the same series."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.chassis.database import utc_now
from services.chassis.i18n import lazy
from services.chassis.problems import LinkNotValid, Problem
from services.registration.activities.models import Activity
from services.registration.database import database
from services.registration.questions.answers import checked
from services.registration.registrations import refusals, seats
from services.registration.registrations.events import tell
from services.registration.registrations.models import Registration
from services.registration.registrations.schemas import OtherDate, OwnRegistration
from services.registration.registrations.service import (
    locked,
    must_be_changeable,
    own,
    read_token,
)
from services.registration.rush.pressure import pressure_on


def other_dates(token: str) -> list[OtherDate]:
    """The other dates of the series that have room for the party, the next one first.

    Raises:
        LinkNotValid: the token is forged or damaged.
    """
    now = utc_now()
    with database.transaction() as session:
        registration = session.get(Registration, read_token(token))
        if registration is None or registration.status == "unverified":
            return []
        activity = session.get_one(Activity, registration.activity_id)
        found = [
            OtherDate.model_validate(other)
            for other in _of_the_series(session, activity)
            if other.intake(now) == "open"
            and not (other.verify_contact and not activity.verify_contact)
            and registration.party_size <= min(other.max_party_size, _room(other, registration))
        ]
    # Asked with a connection of its own, so not while this one is held.
    return [other for other in found if not pressure_on(other.id).queued(now)]


def _of_the_series(session: Session, activity: Activity) -> Sequence[Activity]:
    if activity.series_id is None:
        return ()
    return session.scalars(
        sa.select(Activity)
        .where(
            Activity.series_id == activity.series_id,
            Activity.id != activity.id,
            Activity.status == "published",
            Activity.starts_at > utc_now(),
        )
        .order_by(Activity.starts_at)
    ).all()


def _room(activity: Activity, registration: Registration) -> int:
    left = activity.seats_left
    return registration.party_size if left is None else left


def asked_there(token: str, target_id: uuid.UUID) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """What another date asks, and what of it the registration has answered already.

    Raises:
        LinkNotValid: the token is forged or damaged.
    """
    with database.transaction() as session:
        registration = session.get(Registration, read_token(token))
        target = session.get(Activity, target_id)
        if registration is None or target is None:
            raise LinkNotValid
        return target.questions, _carried(registration, target)


def _carried(registration: Registration, target: Activity) -> dict[str, Any]:
    """The answers that go along: those to questions that the other date asks too."""
    known = {question["id"] for question in target.questions if "id" in question}
    return {
        question: answer for question, answer in registration.answers.items() if question in known
    }


def move(
    token: str, target_id: uuid.UUID, answers: Mapping[str, object] | None = None
) -> OwnRegistration:
    """Take a registration to another date of its series, where it is confirmed at once.

    The ticket code stays. What it held goes to the waiting list of the old date.

    Args:
        answers: to what the other date asks; those that go along are taken where none is given.

    Raises:
        LinkNotValid: the token is forged or damaged.
        Invalid: the other date asks what is not answered, with a sentence at ``answers.ID``.
        Problem: 409 ``activity-full`` (the registration stays as it was), ``other-series``,
            ``already-registered``, ``registration-cancelled``, ``registration-closed``,
            ``registration-unverified``, ``registration-not-open``, ``activity-cancelled`` or
            ``queue-first``.
    """
    now = utc_now()
    in_line = pressure_on(target_id).queued(now)
    try:
        with database.transaction() as session:
            registration, activity = locked(session, token, target_id)
            must_be_changeable(registration, activity, now)
            if registration.status == "unverified":
                raise refusals.unverified()
            if target_id == activity.id:
                return own(session, registration, activity)
            target = session.get(Activity, target_id)
            if target is None or target.series_id is None:
                raise _other_series()
            if target.series_id != activity.series_id:
                raise _other_series()
            if target.verify_contact and not activity.verify_contact:
                raise _other_series()  # nobody has verified the contact: to register there does
            if refusal := refusals.of_activity(target, now):
                raise refusal
            # Nobody comes around the line of a fair queue by way of another date.
            if in_line:
                raise refusals.queued()
            there = checked(target.questions, _carried(registration, target) | dict(answers or {}))
            if registration.party_size > target.max_party_size or not seats.transfer(
                session, registration, activity, target
            ):
                raise refusals.no_room_for(registration.party_size, registration.party_size)
            registration.answers = there
            session.flush()
            tell(session, registration, target)
            seats.offer_places(session, activity, now)
            return own(session, registration, target)
    except sa.exc.IntegrityError as error:
        raise refusals.of_conflict(error) from error


def _other_series() -> Problem:
    return Problem(
        409,
        "other-series",
        lazy("This is not another date of the same activity."),
        lazy("To come to it, please register there."),
    )
