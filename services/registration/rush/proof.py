"""Proofs of work (ALTCHA): a browser shows that it took some trouble; nobody else is asked.

The work is a PBKDF2 chain of a length that only the server knows: about a second on a telephone,
half a millisecond to set and less to check.
"""

from __future__ import annotations

import secrets
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import altcha
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from services.chassis import crypto
from services.chassis.database import utc_now
from services.chassis.i18n import lazy
from services.chassis.problems import Problem
from services.registration.rush.models import ProofUsed, SlowLane

ALGORITHM = "PBKDF2/SHA-256"
COST = 1_000  # iterations of each step
FEWEST_STEPS, MOST_STEPS = 300, 1_500
LIFETIME = timedelta(minutes=30)  # as long as somebody may take over a form
LONGEST = 4_000  # characters of a solution

# Without the work: one turn a second for everyone together, the first of them after a while.
FIRST_TURN = timedelta(seconds=15)
TURN_EVERY = timedelta(seconds=1)
LATEST_TURN = timedelta(minutes=15)
TURN_LASTS = timedelta(minutes=10)


def challenge(activity_id: uuid.UUID) -> dict[str, Any]:
    """A fresh challenge for one activity, as ALTCHA's widget and libraries read it."""
    key = _secrets()[0]
    steps = FEWEST_STEPS + secrets.randbelow(MOST_STEPS - FEWEST_STEPS)
    made = altcha.create_challenge(
        ALGORITHM,
        COST,
        counter=steps,
        expires_at=utc_now() + LIFETIME,
        data={"activity": str(activity_id)},
        hmac_secret=key,
        hmac_key_secret=key,
    )
    found: dict[str, Any] = made.to_dict()
    return found


def use_solution(session: Session, activity_id: uuid.UUID, solution: str, used_by: str) -> None:
    """Take a solution: each counts once, for its own activity, while it lasts.

    Args:
        solution: what the widget put into the form (base64 of JSON).
        used_by: a hash of the request, which may use it again when it is sent twice.

    Raises:
        Problem: 428 ``proof-not-valid``.
    """
    try:
        payload = altcha.Payload.from_base64(solution[:LONGEST])
        parameters = payload.challenge.parameters
        expires_at = parameters.expires_at
        genuine = any(
            altcha.verify_solution(payload, key, hmac_key_secret=key).verified for key in _secrets()
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise not_valid() from None  # it was made up; what is wrong with it is of no interest
    bound_to = (parameters.data or {}).get("activity")
    if not genuine or bound_to != str(activity_id) or expires_at is None:
        raise not_valid()
    _use(session, parameters.nonce, used_by, datetime.fromtimestamp(expires_at, UTC))


def give_turn(session: Session, activity_id: uuid.UUID, now: datetime) -> tuple[str, datetime]:
    """A turn for somebody whose browser cannot do the work: a signed token, and from when it holds.

    However many ask, only one of them a second gets through.

    Raises:
        Problem: 429 ``too-many-turns`` when so many wait that it makes no sense.
    """
    insert = postgresql.insert(SlowLane).values(activity_id=activity_id, next_at=now + FIRST_TURN)
    at = session.scalars(
        insert.on_conflict_do_update(
            index_elements=[SlowLane.activity_id],
            set_={"next_at": sa.func.greatest(SlowLane.next_at + TURN_EVERY, now + FIRST_TURN)},
            where=SlowLane.next_at < now + LATEST_TURN,
        ).returning(SlowLane.next_at)
    ).first()
    if at is None:
        raise Problem(
            429,
            "too-many-turns",
            lazy("Very many people are registering at this moment."),
            lazy("Please try again in a quarter of an hour. Nothing has been lost."),
        )
    claims = {"a": str(activity_id), "at": at.timestamp(), "n": secrets.token_hex(8)}
    return crypto.sign("turn", claims, (at - now + TURN_LASTS).total_seconds()), at


def use_turn(
    session: Session, activity_id: uuid.UUID, token: str, used_by: str, now: datetime
) -> None:
    """Take a turn of :func:`give_turn`, from its moment on and once.

    Raises:
        TurnNotYet: it is too early; the token stays good.
        Problem: 428 ``proof-not-valid``.
    """
    try:
        claims = crypto.verify("turn", token)
    except crypto.TokenError as error:
        raise not_valid() from error
    at = datetime.fromtimestamp(claims["at"], UTC)
    if claims["a"] != str(activity_id):
        raise not_valid()
    if at > now:
        raise TurnNotYet(token, at, now)
    _use(session, claims["n"], used_by, at + TURN_LASTS)


class TurnNotYet(Problem):
    """Somebody has a turn that is still to come; ``extra['turn']`` is its token."""

    def __init__(self, token: str, at: datetime, now: datetime) -> None:
        seconds = max(1, int((at - now).total_seconds() + 0.999))
        super().__init__(
            428,
            "turn-not-yet",
            lazy("Many people are registering at this moment."),
            lazy(
                "Your turn comes in %(seconds)s seconds. Please wait that long, then send the form "
                "again. Nothing has been lost.",
                seconds=seconds,
            ),
            turn=token,
        )


def forget_used(session: Session, now: datetime) -> None:
    """Delete what would be refused as expired by now."""
    session.execute(sa.delete(ProofUsed).where(ProofUsed.expires_at < now))


def not_valid() -> Problem:
    """The proof is made up, was used, has expired, or is for something else."""
    return Problem(
        428,
        "proof-not-valid",
        lazy("The check of your browser has run out."),
        lazy("It is being made again; please send the form once more. Nothing has been lost."),
    )


def _use(session: Session, proof_id: str, used_by: str, expires_at: datetime) -> None:
    insert = postgresql.insert(ProofUsed).values(
        id=proof_id, used_by=used_by, expires_at=expires_at
    )
    mine = session.execute(
        insert.on_conflict_do_update(
            index_elements=[ProofUsed.id],
            set_={"used_by": insert.excluded.used_by},
            where=ProofUsed.used_by == insert.excluded.used_by,
        ).returning(ProofUsed.id)
    )
    if mine.first() is None:
        raise not_valid()


def _secrets() -> list[str]:
    """What challenges are signed with, newest first."""
    return crypto.fingerprints("proof of work")
