"""The use cases of one's own account."""

from __future__ import annotations

import uuid

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.chassis import audit
from services.chassis.auth import Principal, SignInNeeded
from services.chassis.crypto import fingerprint
from services.chassis.database import utc_now
from services.chassis.i18n import lazy
from services.chassis.problems import FieldError, Invalid, NotFound, Problem
from services.identity.account.schemas import Account, OwnSession, PasswordChange
from services.identity.database import database
from services.identity.signin import attempts
from services.identity.signin.models import SignInSession
from services.identity.signin.sessions import end_session, end_sessions
from services.identity.staff.models import Staff
from services.identity.staff.passwords import fits, hash_password
from services.identity.staff.schemas import StaffOut
from services.identity.staff.service import refuse_resembling


def read(principal: Principal) -> Account:
    """One's own account.

    Raises:
        Problem: 403 ``people-only``: a program asks.
        SignInNeeded: the account is gone.
    """
    with database.transaction() as session:
        staff = _oneself(session, principal)
        living = session.scalars(
            sa.select(SignInSession)
            .where(
                SignInSession.staff_id == staff.id,
                SignInSession.ended_at.is_(None),
                SignInSession.expires_at > utc_now(),
            )
            .order_by(SignInSession.last_seen.desc())
        )
        return Account(
            StaffOut.model_validate(staff),
            [
                OwnSession(
                    id=found.id,
                    device=found.device,
                    created_at=found.created_at,
                    last_seen=found.last_seen,
                    here=found.id == principal.credential_id,
                )
                for found in living
            ],
        )


def end_one(principal: Principal, session_id: uuid.UUID) -> None:
    """End one of one's own sessions.

    Raises:
        NotFound: it is not one's own, or there is none such.
        Problem, SignInNeeded: as :func:`read`.
    """
    with database.transaction() as session:
        staff = _oneself(session, principal)
        found = session.get(SignInSession, session_id, with_for_update=True)
        if found is None or found.staff_id != staff.id:
            raise NotFound(lazy("There is no such session."))
        end_session(session, found)


def end_others(principal: Principal) -> int:
    """End every session of one's own but the present one.

    Returns:
        How many were ended.

    Raises:
        Problem, SignInNeeded: as :func:`read`.
    """
    with database.transaction() as session:
        staff = _oneself(session, principal)
        return end_sessions(session, staff.id, but=principal.credential_id)


def change_password(principal: Principal, wanted: PasswordChange) -> None:
    """Give oneself a new password; every other session ends.

    Raises:
        Invalid: the current password is not right, or the new one is the name or the address.
        Problem: 429 ``too-many-attempts``; otherwise as :func:`read`.
    """
    # Whoever finds a browser open must not be able to guess at the password from there.
    key = fingerprint(f"password of {principal.id}")
    attempts.count(key)
    with database.transaction() as session:
        compared = _oneself(session, principal).password_hash
    if not fits(compared, wanted.current):
        raise _not_right()
    password_hash = hash_password(wanted.password)
    with database.transaction() as session:
        staff = session.get_one(Staff, principal.id, with_for_update=True)
        if staff.password_hash != compared:  # set by somebody else in this moment
            raise _not_right()
        refuse_resembling(staff, wanted.password)
        staff.password_hash = password_hash
        staff.version += 1
        end_sessions(session, staff.id, but=principal.credential_id)
        attempts.forget(session, key)
        audit.record(
            session,
            principal,
            "staff.password_changed",
            f"staff/{staff.id}",
            district=staff.district,
        )


def _not_right() -> Invalid:
    return Invalid([FieldError("current", lazy("This is not your present password."))])


def _oneself(session: Session, principal: Principal) -> Staff:
    if principal.kind != "staff":
        raise Problem(
            403, "people-only", lazy("An API key has no account; this page is for people.")
        )
    staff = session.get(Staff, principal.id)
    if staff is None or staff.disabled_at is not None:
        raise SignInNeeded
    return staff
