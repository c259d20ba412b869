"""Signing in, renewing the short-lived credential, signing out."""

from __future__ import annotations

import json
import uuid

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from services.chassis import audit
from services.chassis.auth import SignInNeeded, credential_for
from services.chassis.crypto import TokenError, TokenExpired, decode, verify
from services.chassis.database import new_id, utc_now
from services.chassis.i18n import lazy
from services.chassis.problems import FieldError, Invalid
from services.identity.database import database
from services.identity.signin import attempts
from services.identity.signin.models import LONGEST_SESSION, SignInSession
from services.identity.signin.schemas import SignedIn, SignIn
from services.identity.signin.sessions import end_session
from services.identity.staff.models import Staff
from services.identity.staff.passwords import fits, hash_password, is_outdated
from services.identity.staff.service import account_key, has_address

log = structlog.get_logger(__name__)


def sign_in(wanted: SignIn, *, device: str | None = None, device_words: str = "") -> SignedIn:
    """Begin a session.

    The same is done, and the same is said, whether or not there is such an account.

    Args:
        device: the token of a browser that somebody has signed in with before.
        device_words: the browser in a few words.

    Raises:
        Invalid: address and password do not go together, or the account is disabled.
        Problem: 429 ``too-many-attempts``.
    """
    account = account_key(wanted.email)
    key = attempts.key_of(account, device)
    attempts.count(key)
    with database.transaction() as session:
        row = session.execute(
            sa.select(Staff.id, Staff.password_hash).where(has_address(wanted.email))
        ).one_or_none()
        staff_id, stored = (row.id, row.password_hash) if row else (None, None)
    # No transaction is open while the comparison takes its time.
    fitting = fits(stored, wanted.password)
    if not fitting or staff_id is None or stored is None:
        raise _refused()
    fresh_hash = hash_password(wanted.password) if is_outdated(stored) else None
    with database.transaction() as session:
        credential = _begin(session, staff_id, stored, fresh_hash, device_words)
        attempts.forget(session, key)
    known = device if device and attempts.knows(device, account) else attempts.new_device(account)
    return SignedIn(credential, known)


def _begin(
    session: Session,
    staff_id: uuid.UUID,
    compared: str,
    fresh_hash: str | None,
    device_words: str,
) -> str:
    """A new session of a person whose password was right a moment ago, and its credential."""
    # Locked, so that nobody is disabled or moved between this look and the commit.
    staff = session.get_one(Staff, staff_id, with_for_update=True)
    if staff.disabled_at is not None or staff.password_hash != compared:
        raise _refused()
    if fresh_hash is not None:
        staff.password_hash = fresh_hash
    now = utc_now()
    signed_in = SignInSession(
        id=new_id(),
        staff_id=staff.id,
        created_at=now,
        last_seen=now,
        expires_at=now + LONGEST_SESSION,
        device=device_words,
    )
    session.add(signed_in)
    principal = staff.principal(signed_in.id)
    audit.record(
        session, principal, "staff.signed_in", f"staff/{staff.id}", district=staff.district
    )
    return credential_for(principal)


def _refused() -> Invalid:
    return Invalid(
        [FieldError("password", lazy("This address and this password do not go together."))]
    )


def renew(credential: str) -> str:
    """A fresh credential for a session that lives; it says who the person is by now.

    Raises:
        SignInNeeded: the credential is forged, or its session is over.
    """
    session_id = _session_id(credential)
    now = utc_now()
    with database.transaction() as session:
        signed_in = session.get(SignInSession, session_id)
        if signed_in is None or not signed_in.lives(now):
            raise SignInNeeded
        staff = session.get_one(Staff, signed_in.staff_id)
        if staff.disabled_at is not None:
            raise SignInNeeded
        signed_in.last_seen = now
        return credential_for(staff.principal(session_id))


def sign_out(credential: str) -> None:
    """End the session behind a credential, in every service. A forged one ends nothing."""
    try:
        session_id = _session_id(credential)
    except SignInNeeded:
        log.info("signout.without_session")
        return
    with database.transaction() as session:
        signed_in = session.get(SignInSession, session_id, with_for_update=True)
        if signed_in is not None:
            end_session(session, signed_in)


def _session_id(credential: str) -> uuid.UUID:
    """The session that a genuine credential belongs to, expired or not."""
    try:
        claims = verify("session", credential)
    except TokenExpired:
        # Genuine, so its first part is what was signed (see `crypto.sign`).
        claims = json.loads(decode(credential.partition(".")[0]))
    except TokenError as error:
        raise SignInNeeded from error
    return uuid.UUID(claims["sid"])
