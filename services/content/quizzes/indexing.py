"""Open quizzes as the search finds them."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.content.quizzes.models import Quiz
from services.content.search.service import Entry, drop, put


def index(session: Session, quiz: Quiz) -> None:
    """Have a quiz found while it is public and for everybody, and not otherwise."""
    if quiz.status == "published" and quiz.purpose == "open":
        put(session, _entry(quiz))
    else:
        drop(session, "quiz", quiz.id)


def entries(session: Session) -> Iterator[Entry]:
    """Every quiz that is to be found."""
    rows = session.scalars(
        sa.select(Quiz).where(Quiz.status == "published", Quiz.purpose == "open")
    )
    for quiz in rows:
        yield _entry(quiz)


def _entry(quiz: Quiz) -> Entry:
    return Entry(
        kind="quiz",
        id=quiz.id,
        title=quiz.title,
        text=quiz.summary,
        url=f"/quizzes/{quiz.slug}",
        countries=[],
        topics=[],
        audience=[],
        at=quiz.published_at or quiz.updated_at,
        until=quiz.closes_at,
    )
