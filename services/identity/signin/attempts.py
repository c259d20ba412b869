"""How often sign-in may be tried: after a few failures in a row the wait grows.

An attempt is counted before the password is compared, so many at the same moment gain nothing.
What is counted is the typed address, known or not, so the answer tells nothing. A browser that the
person has signed in with before is counted by itself (OWASP's "device cookie"): a stranger who
guesses at an address cannot keep its owner out.
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from services.chassis.crypto import TokenError, fingerprint, fingerprints, sign, verify
from services.chassis.database import new_id, utc_now
from services.chassis.i18n import lazy
from services.chassis.problems import Problem
from services.identity.database import database
from services.identity.signin.models import SignInAttempts

FREE_ATTEMPTS = 5
FIRST_WAIT = timedelta(seconds=30)
LONGEST_WAIT = timedelta(minutes=15)
FORGET_AFTER = timedelta(days=1)
KNOWN_DEVICE_FOR = timedelta(days=90)


def wait_after(failures: int) -> timedelta:
    """How long nothing more is tried after so many failures in a row."""
    if failures < FREE_ATTEMPTS:
        return timedelta(0)
    doublings = min(failures - FREE_ATTEMPTS, 10)
    return min(FIRST_WAIT * (1 << doublings), LONGEST_WAIT)


def count(key: str) -> None:
    """Count an attempt as failed until :func:`forget` says otherwise.

    Args:
        key: a fingerprint of what is guessed at.

    Raises:
        Problem: 429 ``too-many-attempts``: it is too early for another one.
    """
    now = utc_now()
    with database.transaction() as session:
        session.execute(
            postgresql.insert(SignInAttempts)
            .values(key=key, failures=0, last_at=now)
            .on_conflict_do_nothing()
        )
        row = session.get_one(SignInAttempts, key, with_for_update=True)
        if row.blocked_until is not None and row.blocked_until > now:
            raise _too_many(row.blocked_until - now)
        if row.last_at < now - FORGET_AFTER:
            row.failures = 0
        row.failures += 1
        row.last_at = now
        row.blocked_until = now + wait_after(row.failures)


def _too_many(wait: timedelta) -> Problem:
    minutes = math.ceil(wait.total_seconds() / 60)
    return Problem(
        429,
        "too-many-attempts",
        lazy("There were several attempts in a row that did not succeed."),
        lazy("Please wait %(minutes)s min, then try again.", minutes=minutes),
    )


def forget(session: Session, key: str) -> None:
    """The attempt succeeded: nothing is held against the next one."""
    session.execute(sa.delete(SignInAttempts).where(SignInAttempts.key == key))


def forget_old_attempts(session: Session, now: datetime | None = None) -> None:
    """Delete what no longer counts."""
    session.execute(
        sa.delete(SignInAttempts).where(SignInAttempts.last_at < (now or utc_now()) - FORGET_AFTER)
    )


def new_device(account: str) -> str:
    """A token by which a browser is known again as one in which ``account`` signed in."""
    claims = {"device": new_id().hex, "account": fingerprint(account)}
    return sign("device", claims, KNOWN_DEVICE_FOR.total_seconds())


def knows(device: str | None, account: str) -> str | None:
    """The id of a browser that ``account`` has signed in with before, or ``None``."""
    try:
        claims = verify("device", device or "")
    except TokenError:
        return None
    return str(claims["device"]) if claims["account"] in fingerprints(account) else None


def key_of(account: str, device: str | None) -> str:
    """What attempts at ``account`` from a browser are counted under."""
    known = knows(device, account)
    return fingerprint(f"{account}\n{known}" if known else account)
