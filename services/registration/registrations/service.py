"""What a registrant does: register, look, change, accept an offer, keep, cancel.

What follows by itself (offers, holds that run out, an activity that is called off) is in
``upkeep.py``; moving to another date in ``moving.py``.
"""

from __future__ import annotations

import json
import uuid
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.chassis import crypto
from services.chassis.auth import Principal
from services.chassis.database import new_id, utc_now
from services.chassis.events.outbox import row_of
from services.chassis.i18n import lazy
from services.chassis.idempotency import Once
from services.chassis.problems import FieldError, Invalid, LinkNotValid, NotFound
from services.registration.activities.models import Activity
from services.registration.database import database
from services.registration.questions.answers import checked
from services.registration.registrations import refusals, seats
from services.registration.registrations.events import news, tell
from services.registration.registrations.models import (
    LIVE,
    Registration,
    Source,
    manage_url,
)
from services.registration.registrations.schemas import (
    OwnRegistration,
    ProxyIn,
    Registered,
    RegistrationIn,
    RegistrationPatch,
)
from services.registration.registrations.tickets import fresh_ticket_code
from services.registration.registrations.trail import note
from services.registration.rush.limits import must_be_within
from services.registration.verification import service as verification

# Put together once: `Session.get` does it each time, a twentieth of what registering computes.
_ONE_ACTIVITY = sa.select(Activity).where(Activity.id == sa.bindparam("activity_id"))
# How long places are kept for somebody whose contact is not verified yet.
TIME_TO_VERIFY = timedelta(minutes=15)


def register(
    activity_id: uuid.UUID,
    wanted: RegistrationIn | ProxyIn,
    once: Once,
    *,
    source: Source = "web",
    by: Principal | None = None,
) -> Registered:
    """Give a party its places, or a place on the waiting list, and tell of it.

    Where the activity wants a verified contact, whoever registers alone has to verify it first;
    their places are kept meanwhile.

    Args:
        source: by which door it comes in.
        by: the member of staff who registers somebody else.

    Raises:
        NotFound: there is no such activity, or it is still a draft.
        Invalid: the party or the answers cannot be taken, with a sentence for each field.
        Problem: 409 ``activity-full``, ``already-registered``, ``registration-closed``,
            ``registration-not-open``, ``activity-cancelled`` or ``too-many-registrations``; 403
            for another district's activity.
    """
    now = utc_now()
    row = _prepared(activity_id, wanted, now, source, by)
    alone = source in ("web", "api")
    try:
        with database.transaction() as session:
            if answer := once.first_answer(session):
                return Registered.model_validate(answer)
            activity = _open_for(session, activity_id, now, by)  # not locked
            _must_be_a_party(activity, wanted.party_size, wanted.children, wanted.companions)
            # At the door people stand in line: nobody asks them the form's questions.
            answers = {} if source == "door" else checked(activity.questions, wanted.answers)
            row["answers_json"] = _as_json(answers)
            _must_be_new(session, activity_id, wanted)
            verifies = alone and activity.verify_contact
            row |= (
                {"status": "unverified", "hold_expires_at": now + TIME_TO_VERIFY}
                if verifies
                else {"status": "confirmed"}
            )
            registration, position = Registration(**row), None
            told = None if verifies else row_of(database, news(registration, activity))
            # The seats' row is locked last and shortest: by the one statement that does it all.
            if not seats.take(session, row, told, limited=alone):
                if alone:
                    must_be_within(session, wanted.email, wanted.phone, now)
                position = _wait_or_refuse(session, activity, row, now)
                registration = Registration(**row)
                tell(session, registration, activity, waiting_position=position)
            if verifies:
                verification.ask(session, registration, activity, now)
            if by is not None:
                note(session, by, "registration.made", registration.id, activity)
            registered = _answer(registration, position)
            once.keep(session, registered.model_dump(mode="json"))
    except sa.exc.IntegrityError as error:
        raise refusals.of_conflict(error) from error
    return registered


def _prepared(
    activity_id: uuid.UUID,
    wanted: RegistrationIn | ProxyIn,
    now: datetime,
    source: Source,
    by: Principal | None,
) -> dict[str, Any]:
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
        "children": wanted.children,
        "companions_json": _as_json(wanted.companions) if wanted.companions else None,
        "consents": wanted.consents.model_dump(),
        "ticket_code": fresh_ticket_code(),
        "source": source,
        "registered_by": None if by is None else by.id,
        "registered_at": now,
    }


def _as_json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _hashes(address: str | None) -> list[str]:
    return crypto.fingerprints(address) if address else []


def _open_for(
    session: Session, activity_id: uuid.UUID, now: datetime, by: Principal | None
) -> Activity:
    activity = session.scalar(_ONE_ACTIVITY, {"activity_id": activity_id})
    if activity is None or activity.status == "draft":
        raise NotFound(lazy("There is no such activity."))
    if by is not None:
        by.must_cover(activity.district)
    if refusal := refusals.of_activity(activity, now, at_the_office=by is not None):
        raise refusal
    return activity


def _must_be_a_party(activity: Activity, party: int, children: int, companions: list[str]) -> None:
    most = min(activity.max_party_size, activity.capacity or activity.max_party_size)
    errors = []
    if party > most:
        sentence = lazy("Here one registration can be for up to %(most)s.", most=most)
        errors.append(FieldError("party_size", sentence))
    if children >= party:
        errors.append(
            FieldError("children", lazy("At least one of you must be an adult: please check."))
        )
    elif children and not activity.asks_children:
        errors.append(FieldError("children", lazy("Children are not counted apart here.")))
    if len(companions) > party - 1:
        errors.append(
            FieldError("companions", lazy("There are more names than people in your party."))
        )
    elif companions and not activity.asks_companions:
        errors.append(FieldError("companions", lazy("The others' names are not asked for here.")))
    if errors:
        raise Invalid(errors)


def _must_be_new(
    session: Session, activity_id: uuid.UUID, wanted: RegistrationIn | ProxyIn
) -> None:
    """The unique indexes see what was written under the newest key; this sees the older ones."""
    older_emails, older_phones = _hashes(wanted.email)[1:], _hashes(wanted.phone)[1:]
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
) -> int | None:
    """There was no room a moment ago: the end of the waiting list, or a place that came free.

    ``row`` gets the status that comes of it.

    Returns:
        The position on the waiting list, from 1; ``None`` when it is not on it.
    """
    at_the_office = row["registered_by"] is not None
    if not activity.waiting_list or row["source"] == "door":
        session.refresh(activity)
        raise refusals.of_activity(activity, now, at_the_office=at_the_office) or refusals.full()
    activity = seats.locked(session, activity.id)
    if refusal := refusals.of_activity(activity, now, at_the_office=at_the_office):
        raise refusal
    if seats.take(session, row):
        return None
    if row["status"] == "confirmed":
        row["status"] = "waiting"
    seats.wait(session, row)
    if row["status"] != "waiting":
        return None
    return seats.waiting_count(session, activity.id)


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
        Problem: 410 ``registration-erased``.
    """
    with database.transaction() as session:
        registration = session.get(Registration, read_token(token))
        if registration is None:
            raise LinkNotValid
        if registration.erased_at is not None:
            raise refusals.erased()
        return own(session, registration, session.get_one(Activity, registration.activity_id))


def change(
    token: str, wanted: RegistrationPatch, *, by: Principal | None = None
) -> OwnRegistration:
    """Change what a registration says; a larger party takes places, a smaller gives back.

    Args:
        by: the member of staff who does it for the registrant.

    Raises:
        LinkNotValid: the token is forged or damaged.
        Invalid: the party or the answers cannot be taken, with a sentence for each field.
        Problem: 409 ``activity-full`` when the larger party has no room (nothing is changed),
            ``registration-cancelled``, ``registration-closed``.
    """
    now = utc_now()
    with database.transaction() as session:
        registration, activity = locked(session, token)
        must_be_changeable(registration, activity, now)
        given = wanted.model_dump(exclude_unset=True)
        if "answers" in given:
            given["answers"] = checked(activity.questions, given["answers"])
        changes = {key: new for key, new in given.items() if getattr(registration, key) != new}
        if not changes:
            return own(session, registration, activity)
        party = changes.get("party_size", registration.party_size)
        _must_be_a_party(
            activity,
            party,
            changes.get("children", registration.children),
            changes.get("companions", registration.companions),
        )
        if party != registration.party_size and not seats.resize(
            session, activity, registration, party
        ):
            raise refusals.no_room_for(party, registration.party_size)
        for key, new in changes.items():
            setattr(registration, key, new)
        if by is None:
            registration.asked_at = None  # who changes what they come with, comes
        registration.version += 1
        session.flush()
        position = seats.waiting_position(session, registration)
        tell(session, registration, activity, waiting_position=position)
        if by is not None:
            note(session, by, "registration.changed", registration.id, activity)
        if "party_size" in changes:
            seats.offer_places(session, activity, now)
        return own(session, registration, activity)


def accept(token: str) -> OwnRegistration:
    """Take the places that were offered. Doing so twice changes nothing.

    Raises:
        LinkNotValid: the token is forged or damaged.
        Problem: 409 ``offer-over`` when there is no offer or its time has passed,
            ``registration-cancelled``.
    """
    with database.transaction() as session:
        registration, activity = locked(session, token)
        if registration.status == "cancelled":
            raise (
                refusals.offer_over()
                if registration.cancel_cause == "expired"
                else refusals.cancelled_already()
            )
        if registration.status != "confirmed":
            expires = registration.hold_expires_at
            if registration.status != "offered" or expires is None or expires <= utc_now():
                raise refusals.offer_over()
            seats.move(session, registration, "confirmed")
            tell(session, registration, activity, promoted=True)
        return own(session, registration, activity)


def keep(token: str) -> OwnRegistration:
    """Say that the new time or place suits. Doing so twice changes nothing.

    Raises:
        LinkNotValid: the token is forged or damaged.
        Problem: 409 ``registration-cancelled``, ``registration-closed``.
    """
    now = utc_now()
    with database.transaction() as session:
        registration, activity = locked(session, token)
        must_be_changeable(registration, activity, now)
        registration.asked_at = None
        session.flush()
        return own(session, registration, activity)


def cancel(token: str) -> OwnRegistration:
    """End a registration by its link. Doing so twice changes nothing.

    Raises:
        LinkNotValid: the token is forged or damaged.
        Problem: 409 ``registration-closed`` when the activity has begun.
    """
    now = utc_now()
    with database.transaction() as session:
        registration, activity = locked(session, token)
        if registration.status != "cancelled":
            must_be_changeable(registration, activity, now)
            seats.cancel(session, activity, registration, cause="registrant", now=now)
        return own(session, registration, activity)


def read_token(token: str) -> uuid.UUID:
    """Whose registration a link is.

    Raises:
        LinkNotValid: the token is forged or damaged.
    """
    try:
        return crypto.read_id("registration", token)
    except crypto.TokenError as error:
        raise LinkNotValid from error


def locked(session: Session, token: str, *others: uuid.UUID) -> tuple[Registration, Activity]:
    """A registration and its activity, the activity's row locked before the former is read.

    Args:
        others: activities to lock as well.

    Raises:
        LinkNotValid: the token is forged or damaged.
        Problem: 410 ``registration-erased``.
    """
    found = seats.locked_of(session, read_token(token), *others)
    if found is None:
        raise LinkNotValid
    if found[0].erased_at is not None:
        raise refusals.erased()
    return found


def must_be_changeable(registration: Registration, activity: Activity, now: datetime) -> None:
    """Refuse to touch what has ended or begun.

    Raises:
        Problem: 409 ``registration-cancelled``, ``registration-closed``.
    """
    if registration.status == "cancelled":
        raise refusals.cancelled_already()
    if activity.starts_at <= now or registration.checked_in_at is not None:
        raise refusals.begun()


def own(session: Session, registration: Registration, activity: Activity) -> OwnRegistration:
    """A registration as its registrant sees it."""
    position = seats.waiting_position(session, registration)
    return OwnRegistration.of(registration, activity, position)
