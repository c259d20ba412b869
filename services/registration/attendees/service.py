"""What staff do with registrations, one or many at once: cancel, ask, send again, correct."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final, Literal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.chassis import crypto
from services.chassis.auth import Principal
from services.chassis.database import utc_now
from services.chassis.i18n import lazy
from services.chassis.problems import FieldError, Invalid, Problem
from services.registration.activities.catalogue import covered
from services.registration.activities.models import Activity
from services.registration.attendees.reading import row_of
from services.registration.attendees.schemas import ContactIn, ManyOut
from services.registration.attendees.selection import Selection
from services.registration.database import database
from services.registration.registrations import refusals, seats
from services.registration.registrations.events import tell
from services.registration.registrations.models import LIVE, Registration
from services.registration.registrations.trail import note

Act = Literal["cancel", "ask"]

# More than this is not an act on registrations but on the activity.
MOST: Final = 2_000
# Registrations of one transaction, so that nobody who registers meanwhile waits for long.
AT_ONCE: Final = 100
ASK_AGAIN_AFTER: Final = timedelta(minutes=10)
# Whoever waits goes first: nobody is to be offered the place of somebody who goes with them.
_FIRST: Final = {"waiting": 0, "unverified": 1, "offered": 2, "confirmed": 3}


def chosen(principal: Principal, activity_id: uuid.UUID, selection: Selection) -> list[uuid.UUID]:
    """The registrations that a selection amounts to now.

    Raises:
        Problem: 404; 403 for another district's activity.
    """
    with database.transaction() as session:
        return selection.of(session, covered(session, principal, activity_id))


def concerned(
    principal: Principal, activity_id: uuid.UUID, act: Act, selection: Selection
) -> tuple[Activity, list[uuid.UUID], int]:
    """Whom an act would change, of those that are selected.

    Returns:
        The activity, the registrations in the order in which they are taken, and how many people
        they are.

    Raises:
        Problem: 404; 403 for another district's activity; 409 ``too-many``.
    """
    with database.transaction() as session:
        activity = covered(session, principal, activity_id)
        identifiers = selection.of(session, activity)
        rows: list[sa.Row[tuple[uuid.UUID, str, int]]] = []
        for batch in _batches(identifiers, 1000):
            rows += session.execute(
                sa.select(Registration.id, Registration.status, Registration.party_size)
                .where(Registration.id.in_(batch), *CONDITIONS[act])
                .order_by(Registration.id)
            )
        if len(rows) > MOST:
            raise Problem(
                409,
                "too-many",
                lazy("This would change %(count)s registrations at once.", count=len(rows)),
                lazy("%(most)s is the most. Please narrow the list first.", most=MOST),
            )
        rows.sort(key=lambda row: _FIRST.get(row.status, 9))
        return activity, [row.id for row in rows], sum(row.party_size for row in rows)


def cancel(
    principal: Principal, activity_id: uuid.UUID, registration_id: uuid.UUID, reason: str = ""
) -> None:
    """End a registration on the registrant's behalf; they are told. Twice changes nothing.

    Args:
        reason: the staff's own words, for the person.

    Raises:
        Problem: 404; 403 for another district's activity; 409 ``registration-closed`` when the
            party is in the room already.
    """
    with database.transaction() as session:
        covered(session, principal, activity_id)
        activity = seats.locked(session, activity_id)
        row = row_of(session, activity_id, registration_id)
        _must_not_be_erased(row)
        if row.checked_in_at is not None:
            raise refusals.begun()
        _cancel(session, principal, activity, row, reason)


def do_many(
    principal: Principal,
    activity_id: uuid.UUID,
    act: Act,
    selection: Selection,
    *,
    reason: str = "",
    expected: int | None = None,
    dry_run: bool = False,
) -> ManyOut:
    """Do an act to all that are selected, or count whom it would concern.

    Args:
        reason: told to those whose registrations are cancelled.
        expected: how many registrations the caller has seen that it concerns.
        dry_run: only count.

    Raises:
        Problem: as :func:`concerned`; 409 ``list-changed`` when they are not as many as expected.
    """
    _activity, found, people = concerned(principal, activity_id, act, selection)
    if expected not in (None, len(found)):
        raise Problem(
            409,
            "list-changed",
            lazy("The list has changed meanwhile: this would concern %(count)s.", count=len(found)),
            lazy("Nothing was changed. Please look at the list again."),
        )
    if dry_run:
        done = 0
    elif act == "cancel":
        done = cancel_many(principal, activity_id, found, reason)
    else:
        done = ask_many(principal, activity_id, found)
    return ManyOut(registrations=len(found), people=people, done=done)


def cancel_many(
    principal: Principal, activity_id: uuid.UUID, identifiers: Sequence[uuid.UUID], reason: str
) -> int:
    """End many, in transactions of :data:`AT_ONCE`; those who came, or are gone, stay as they are.

    Returns:
        How many were ended.

    Raises:
        Problem: 404; 403 for another district's activity.
    """
    done = 0
    for batch in _batches(identifiers, AT_ONCE):
        with database.transaction() as session:
            activity = _locked(session, principal, activity_id)
            for row in _rows(session, activity, batch):
                if row.checked_in_at is None and row.erased_at is None:
                    done += _cancel(session, principal, activity, row, reason)
    return done


def _cancel(
    session: Session, principal: Principal, activity: Activity, row: Registration, reason: str
) -> bool:
    ended = seats.cancel(
        session, activity, row, cause="staff", now=utc_now(), reason=reason or None
    )
    if ended:
        note(session, principal, "registration.cancelled", row.id, activity)
    return ended


def ask_many(principal: Principal, activity_id: uuid.UUID, identifiers: Sequence[uuid.UUID]) -> int:
    """Ask people whether they come; whoever does not answer keeps the place.

    Nobody is asked twice within :data:`ASK_AGAIN_AFTER`, so a form that is sent twice asks once.

    Returns:
        How many were asked.

    Raises:
        Problem: 404; 403 for another district's activity.
    """
    done, now = 0, utc_now()
    for batch in _batches(identifiers, AT_ONCE):
        with database.transaction() as session:
            activity = _locked(session, principal, activity_id)
            for row in _rows(session, activity, batch):
                if _may_be_asked(row, now):
                    row.asked_at = now
                    _tell_anew(session, row, activity)
                    note(session, principal, "registration.asked", row.id, activity)
                    done += 1
    return done


def _may_be_asked(row: Registration, now: datetime) -> bool:
    lately = row.asked_at is not None and row.asked_at > now - ASK_AGAIN_AFTER
    here_or_gone = row.checked_in_at is not None or row.erased_at is not None
    return row.status == "confirmed" and not here_or_gone and not lately


def send_again(principal: Principal, activity_id: uuid.UUID, registration_id: uuid.UUID) -> None:
    """Send somebody once more how their registration stands, with ticket and calendar entry.

    Raises:
        Problem: 404; 403 for another district's activity; 409 when the registration has ended or
            its contact is not verified yet.
    """
    with database.transaction() as session:
        activity = _locked(session, principal, activity_id)
        row = row_of(session, activity_id, registration_id)
        _must_be_told(row)
        _tell_anew(session, row, activity)
        note(session, principal, "registration.sent-again", row.id, activity)


def correct_contact(
    principal: Principal, activity_id: uuid.UUID, registration_id: uuid.UUID, wanted: ContactIn
) -> None:
    """Correct how somebody is reached; they are sent how their registration stands there.

    Raises:
        Invalid: another registration of the activity has the address.
        Problem: as :func:`send_again`.
    """
    try:
        with database.transaction() as session:
            activity = _locked(session, principal, activity_id)
            row = row_of(session, activity_id, registration_id)
            _must_be_told(row)
            if (wanted.email, wanted.phone) == (row.email, row.phone):
                return
            row.email = wanted.email
            row.phone = wanted.phone
            row.email_hash = crypto.fingerprint(wanted.email) if wanted.email else None
            row.phone_hash = crypto.fingerprint(wanted.phone) if wanted.phone else None
            row.contact_failed = False
            _tell_anew(session, row, activity)
            note(session, principal, "registration.contact-corrected", row.id, activity)
    except sa.exc.IntegrityError as error:
        refusal = refusals.of_conflict(error)
        if isinstance(refusal, Problem) and refusal.kind == "already-registered":
            sentence = lazy("Another registration for this activity has this address or number.")
            raise Invalid([FieldError("phone", sentence)]) from error
        raise refusal from error


def _must_be_told(row: Registration) -> None:
    if row.status == "cancelled":
        raise refusals.cancelled_already()
    if row.status == "unverified":
        raise refusals.unverified()
    _must_not_be_erased(row)


def _must_not_be_erased(row: Registration) -> None:
    """What is erased stays so: nothing is told of it any more, and nothing written into it."""
    if row.erased_at is not None:
        raise refusals.erased()


def _tell_anew(session: Session, row: Registration, activity: Activity) -> None:
    row.version += 1
    session.flush()
    tell(session, row, activity, waiting_position=seats.waiting_position(session, row))


def _locked(session: Session, principal: Principal, activity_id: uuid.UUID) -> Activity:
    covered(session, principal, activity_id)
    return seats.locked(session, activity_id)


def _rows(
    session: Session, activity: Activity, identifiers: Sequence[uuid.UUID]
) -> Iterator[Registration]:
    """Each as it is at its turn: an act on one may have changed the next."""
    for identifier in identifiers:
        row = session.get(Registration, identifier, populate_existing=True)
        if row is not None and row.activity_id == activity.id:
            yield row


def _batches(identifiers: Sequence[uuid.UUID], size: int) -> Iterator[Sequence[uuid.UUID]]:
    for start in itertools.count(0, size):
        if start >= len(identifiers):
            return
        yield identifiers[start : start + size]


# Neither in the room already nor erased.
_UNTOUCHED: Final = (Registration.checked_in_at.is_(None), Registration.erased_at.is_(None))
# Whom an act on many can change at all.
CONDITIONS: Final[dict[Act, tuple[sa.ColumnElement[bool], ...]]] = {
    "cancel": (Registration.status.in_(LIVE), *_UNTOUCHED),
    "ask": (Registration.status == "confirmed", *_UNTOUCHED),
}
