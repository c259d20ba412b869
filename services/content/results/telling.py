"""Telling the other services what quizzes came to: once for all who handed in meanwhile.

Handing in touches no row that others touch as well, so two hundred at once do not wait for one
another; the tick sees from the count that there is something to tell.
"""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from services.chassis.database import utc_now
from services.chassis.events import publish
from services.content.attempts.models import Attempt
from services.content.database import database
from services.content.quizzes.models import Quiz
from services.content.results.events import results_of
from services.content.results.models import Tally
from services.content.results.reading import summary_of

# Quizzes that nobody has handed in for so long were told of long ago; a worker that was away for
# longer tells with the next handing in.
_LOOKED_BACK: Final = timedelta(days=7)


def tell_results() -> int:
    """Tell of every quiz with attempts handed in that were not told of yet.

    Returns:
        How many quizzes.
    """
    lately = (
        sa.select(Attempt.quiz_id)
        .where(Attempt.finished_at > utc_now() - _LOOKED_BACK)
        .distinct()
        .subquery()
    )
    finished = (
        sa.select(sa.func.count(Attempt.finished_at))
        .where(Attempt.quiz_id == lately.c.quiz_id)
        .scalar_subquery()
    )
    with database.transaction() as session:
        due = session.scalars(
            sa.select(lately.c.quiz_id)
            .outerjoin(Tally, Tally.quiz_id == lately.c.quiz_id)
            .where(finished != sa.func.coalesce(Tally.attempts, 0))
        ).all()
    for quiz_id in due:
        with database.transaction() as session:
            _tell(session, quiz_id)
    return len(due)


def _tell(session: Session, quiz_id: uuid.UUID) -> None:
    """One quiz. Its tally is locked first, so versions follow the order of what they tell."""
    now = utc_now()
    insert = postgresql.insert(Tally).values(quiz_id=quiz_id, version=1, attempts=0, told_at=now)
    version = session.scalars(
        insert.on_conflict_do_update(
            index_elements=[Tally.quiz_id], set_={"version": Tally.version + 1, "told_at": now}
        ).returning(Tally.version)
    ).one()
    summary = summary_of(session, quiz_id)
    session.execute(
        sa.update(Tally).where(Tally.quiz_id == quiz_id).values(attempts=summary.finished)
    )
    publish(session, results_of(session.get_one(Quiz, quiz_id), summary, version))
