"""What a registrant does: register, look, change, cancel. Staff's own acts are in ``staff.py``."""

from __future__ import annotations

import json
import uuid
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.chassis import crypto
from services.chassis.database import new_id, utc_now
from services.chassis.i18n import lazy
from services.chassis.idempotency import Once
from services.chassis.problems import FieldError, Invalid, LinkNotValid, NotFound
from services.registration.activities.models import Activity
from services.registration.database import database
from services.registration.registrations import refusals, seats
from services.registration.registrations.events import tell
from services.registration.registrations.models import (
    LIVE,
    Registration,
    Status,
    manage_url,
)
from services.registration.registrations.schemas import (
    OwnRegistration,
    Registered,
    RegistrationIn,
    RegistrationPatch,
)
from services.registration.registrations.tickets import fresh_ticket_code


def register(activity_id: uuid.UUID, wanted: RegistrationIn, once: Once) -> Registered:
    """Give a party its places, or a place on the waiting list, and tell of it.

    Raises:
        NotFound: there is no such activity, or it is still a draft.
        Invalid: the party is larger than one registration may be.
        Problem: 409 ``activity-full``, ``already-registered``, ``registration-closed``,
            ``registration-not-open`` or ``activity-cancelled``.
    """
    now = utc_now()
    row = _prepared(activity_id, wanted, now)
    try:
        with database.transaction() as session:
            if answer := once.first_answer(session):
                return Registered.model_validate(answer)
            activity = _open_for(session, activity_id, wanted.party_size, now)  # not locked
            _must_be_new(session, activity_id, wanted)
            status: Status = "confirmed"
            position = None
            if not seats.take(session, row):  # locks the row of the seats, last and shortest
                status, position = _wait_or_refuse(session, activity, row, now)
            # What is stored already, put together again without asking for it.
            registration = Registration(status=status, **row)
            tell(session, registration, activity, waiting_position=position)
            registered = _answer(registration, position)
            once.keep(session, registered.model_dump(mode="json"))
    except sa.exc.IntegrityError as error:
        raise refusals.of_conflict(error) from error
    return registered


def _prepared(activity_id: uuid.UUID, wanted: RegistrationIn, now: datetime) -> dict[str, Any]:
    """A registration's columns but for its state: all that can be made before the transaction."""
    return {
        "id": new_id(),
        "version": 1,
        "activity_id": activity_id,
        "name": wanted.name,
        "email": wanted.email,
        "phone": wanted.phone,
        "email_hash": crypto.fingerprint(wanted.email) if wanted.email else None,
        "phone_hash": crypto.fingerprint(wanted.phone) if wanted.phone else None,
        "language": wanted.language,
        "party_size": wanted.party_size,
        "answers_json": json.dumps(wanted.answers, ensure_ascii=False),
        "consents": wanted.consents.model_dump(),
        "ticket_code": fresh_ticket_code(),
        "registered_at": now,
    }


def _open_for(session: Session, activity_id: uuid.UUID, party: int, now: datetime) -> Activity:
    activity = session.get(Activity, activity_id)
    if activity is None or activity.status == "draft":
        raise NotFound(lazy("There is no such activity."))
    if refusal := refusals.of_activity(activity, now):
        raise refusal
    _must_be_of_size(activity, party)
    return activity


def _must_be_of_size(activity: Activity, party: int) -> None:
    most = min(activity.max_party_size, activity.capacity or activity.max_party_size)
    if party > most:
        sentence = lazy("Here one registration can be for up to %(most)s.", most=most)
        raise Invalid([FieldError("party_size", sentence)])


def _must_be_new(session: Session, activity_id: uuid.UUID, wanted: RegistrationIn) -> None:
    """The unique indexes see what was written under the newest key; this sees the older ones."""
    older_emails = crypto.fingerprints(wanted.email)[1:] if wanted.email else []
    older_phones = crypto.fingerprints(wanted.phone)[1:] if wanted.phone else []
    if not older_emails and not older_phones:
        return
    if session.scalar(
        sa.select(Registration.id)
        .where(
            Registration.activity_id == activity_id,
            Registration.status.in_(LIVE),
            sa.or_(
                Registration.email_hash.in_(older_emails),
                Registration.phone_hash.in_(older_phones),
            ),
        )
        .limit(1)
    ):
        raise refusals.already_registered()


def _wait_or_refuse(
    session: Session, activity: Activity, row: dict[str, Any], now: datetime
) -> tuple[Status, int | None]:
    """There was no room a moment ago: the end of the waiting list, or a place that came free."""
    if not activity.waiting_list:
        session.refresh(activity)
        raise refusals.of_activity(activity, now) or refusals.full()
    activity = seats.locked(session, activity.id)
    if refusal := refusals.of_activity(activity, now):
        raise refusal
    if seats.take(session, row):
        return "confirmed", None
    seats.wait(session, row)
    return "waiting", seats.waiting_count(session, activity.id)


def _answer(registration: Registration, position: int | None) -> Registered:
    return Registered(
        id=registration.id,
        activity_id=registration.activity_id,
        status=registration.state,
        party_size=registration.party_size,
        waiting_position=position,
        ticket_code=registration.ticket_code,
        manage_url=manage_url(registration.id),
    )


def look(token: str) -> OwnRegistration:
    """A registration, for whoever holds its link.

    Raises:
        LinkNotValid: the token is forged or damaged.
    """
    with database.transaction() as session:
        registration = session.get(Registration, _read(token))
        if registration is None:
            raise LinkNotValid
        return _own(session, registration, session.get_one(Activity, registration.activity_id))


def change(token: str, wanted: RegistrationPatch) -> OwnRegistration:
    """Change name, party, language or answers; a larger party takes places, a smaller gives back.

    Raises:
        LinkNotValid: the token is forged or damaged.
        Invalid: the party is larger than one registration may be.
        Problem: 409 ``activity-full`` when the larger party has no room (nothing is changed),
            ``registration-cancelled``, ``registration-closed``.
    """
    now = utc_now()
    with database.transaction() as session:
        registration, activity = _locked(session, token)
        _must_be_changeable(registration, activity, now)
        given = wanted.model_dump(exclude_unset=True)
        changes = {key: new for key, new in given.items() if getattr(registration, key) != new}
        if not changes:
            return _own(session, registration, activity)
        if "party_size" in changes:
            _must_be_of_size(activity, changes["party_size"])
            if not seats.resize(session, activity, registration, changes["party_size"]):
                raise refusals.no_room_for(changes["party_size"], registration.party_size)
        for key, new in changes.items():
            setattr(registration, key, new)
        registration.version += 1
        session.flush()
        position = seats.waiting_position(session, registration)
        tell(session, registration, activity, waiting_position=position)
        if "party_size" in changes:
            seats.promote_waiting(session, activity, now)
        return _own(session, registration, activity)


def cancel(token: str) -> OwnRegistration:
    """End a registration by its link. Doing so twice changes nothing.

    Raises:
        LinkNotValid: the token is forged or damaged.
        Problem: 409 ``registration-closed`` when the activity has begun.
    """
    now = utc_now()
    with database.transaction() as session:
        registration, activity = _locked(session, token)
        if registration.status != "cancelled":
            _must_be_changeable(registration, activity, now)
            seats.cancel(session, activity, registration, cause="registrant", now=now)
        return _own(session, registration, activity)


def cancel_all_of(session: Session, activity: Activity) -> int:
    """End every live registration of an activity that was cancelled, and tell each person.

    The activity is locked and its status set already, so nobody is promoted.

    Returns:
        How many registrations there were.
    """
    now = utc_now()
    live = session.scalars(
        sa.select(Registration)
        .where(Registration.activity_id == activity.id, Registration.status.in_(LIVE))
        .order_by(Registration.id)
        .execution_options(populate_existing=True)
    ).all()
    return sum(
        seats.cancel(session, activity, registration, cause="activity", now=now)
        for registration in live
    )


def promote_waiting(session: Session, activity_id: uuid.UUID) -> int:
    """Offer an activity's free places to its waiting list: see :mod:`.seats` for the rules.

    Returns:
        How many registrations were confirmed.
    """
    return seats.promote_waiting(session, seats.locked(session, activity_id), utc_now())


def _read(token: str) -> uuid.UUID:
    try:
        return crypto.read_id("registration", token)
    except crypto.TokenError as error:
        raise LinkNotValid from error


def _locked(session: Session, token: str) -> tuple[Registration, Activity]:
    """A registration and its activity, the activity's row locked before the former is read."""
    identifier = _read(token)
    activity_id = session.scalar(
        sa.select(Registration.activity_id).where(Registration.id == identifier)
    )
    if activity_id is None:
        raise LinkNotValid
    activity = seats.locked(session, activity_id)
    return session.get_one(Registration, identifier), activity


def _must_be_changeable(registration: Registration, activity: Activity, now: datetime) -> None:
    if registration.status == "cancelled":
        raise refusals.cancelled_already()
    if activity.starts_at <= now or registration.checked_in_at is not None:
        raise refusals.begun()


def _own(session: Session, registration: Registration, activity: Activity) -> OwnRegistration:
    position = seats.waiting_position(session, registration)
    return OwnRegistration.of(registration, activity, position)
