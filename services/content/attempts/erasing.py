"""Erasing: what could lead to a person goes, the marks stay and count as before.

`docs/retention.md` says of every column that holds personal data when it goes.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.chassis.database import utc_now
from services.chassis.settings import settings
from services.content.attempts import service
from services.content.attempts.models import Attempt, Certificate
from services.content.database import database

# Attempts that one turn of the tick erases.
AT_ONCE = 500


def erase_own(token: str) -> None:
    """Erase what belongs to an attempt at once, because its holder asks for it.

    One that was never handed in goes as a whole; it counts nowhere.

    Raises:
        Problem: 404; 410 ``attempt-erased``.
    """
    attempt_id = service.read_token(token)
    with database.transaction() as session:
        attempt = service.locked(session, attempt_id)
        if attempt.finished_at is None:
            session.delete(attempt)
        else:
            _erase(session, [attempt], utc_now())


def erase_old() -> int:
    """Erase attempts whose time has come (``LINGBAO_RETENTION_DAYS`` after the last answer).

    Those that were never handed in are deleted; nothing of them was counted.

    Returns:
        How many were erased or deleted.
    """
    now = utc_now()
    old = Attempt.seen_at < now - timedelta(days=settings().retention_days)
    done = 0
    while True:
        with database.transaction() as session:
            due = session.scalars(
                sa.select(Attempt)
                .where(old, Attempt.erased_at.is_(None), Attempt.finished_at.is_not(None))
                .limit(AT_ONCE)
                .with_for_update(skip_locked=True)
            ).all()
            _erase(session, due, now)
        done += len(due)
        if len(due) < AT_ONCE:
            break
    with database.transaction() as session:
        left = session.execute(
            sa.delete(Attempt).where(old, Attempt.finished_at.is_(None)).returning(Attempt.id)
        )
        return done + len(left.all())


def _erase(session: Session, attempts: Sequence[Attempt], now: datetime) -> None:
    for attempt in attempts:
        attempt.name = None
        attempt.visitor = None
        # A short answer is whatever somebody typed.
        attempt.paper = []
        attempt.responses = {}
        attempt.erased_at = now
    # Why one was withdrawn is staff's own text, and may name the person.
    session.execute(
        sa.update(Certificate)
        .where(
            Certificate.attempt_id.in_([attempt.id for attempt in attempts]),
            Certificate.withdrawn_reason.is_not(None),
        )
        .values(withdrawn_reason="")
    )
