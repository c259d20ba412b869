"""Erasing: text, contact and what was said go; that there was a question still counts.

`docs/retention.md` says of every column that holds personal data when it goes.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from services.chassis.database import utc_now
from services.chassis.events import publish
from services.chassis.settings import settings
from services.content.database import database
from services.content.questions.events import QuestionErased
from services.content.questions.models import AnswerVote, Question, QuestionEntry
from services.content.questions.states import OVER

# Questions that one transaction erases.
AT_ONCE: Final = 200


def erase(session: Session, question: Question) -> None:
    """Erase what leads to a person in a locked question, here and in the other services."""
    for column in ("name", "email", "phone", "text"):
        setattr(question, column, None)
    question.expert_ref = None
    question.erased_at = utc_now()
    question.touch()
    # An expert is no member of staff, whose name stays as in the audit trail.
    staff = sa.case((QuestionEntry.kind == "suggestion", None), else_=QuestionEntry.by_name)
    session.execute(
        sa.update(QuestionEntry)
        .where(QuestionEntry.question_id == question.id)
        .values(text=None, by_name=staff)
        .execution_options(synchronize_session=False)
    )
    publish(session, QuestionErased(subject_id=question.id, version=question.version))


def erase_old() -> int:
    """Erase questions that have been over for the retention time (``LINGBAO_RETENTION_DAYS``).

    A merged one goes with the question that it was merged into. What visitors wrote about public
    answers goes after the same time; that an answer helped still counts.

    Returns:
        How many questions were erased.
    """
    before = utc_now() - timedelta(days=settings().retention_days)
    done = 0
    while True:
        with database.transaction() as session:
            due = session.scalars(
                sa.select(Question)
                .where(Question.erased_at.is_(None), _is_over(before))
                .limit(AT_ONCE)
                .with_for_update(skip_locked=True)
            ).all()
            for question in due:
                erase(session, question)
        done += len(due)
        if len(due) < AT_ONCE:
            break
    with database.transaction() as session:
        session.execute(
            sa.update(AnswerVote)
            .where(AnswerVote.created_at < before, AnswerVote.words.is_not(None))
            .values(words=None)
        )
    return done


def _is_over(before: object) -> sa.ColumnElement[bool]:
    other = aliased(Question)
    own = sa.and_(Question.status.in_(OVER), Question.finished_at < before)
    merged = sa.and_(
        Question.status == "merged",
        sa.exists().where(
            other.id == Question.merged_into, other.status.in_(OVER), other.finished_at < before
        ),
    )
    return sa.or_(own, merged)
