"""Public answers as the search finds them."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.chassis.markdown import to_text
from services.content.questions.models import PublicAnswer
from services.content.search.service import Entry, drop, put


def follow(session: Session, answer: PublicAnswer) -> None:
    """Have an answer found as it is now, or no more when it is not public."""
    if answer.status == "published":
        put(session, _entry(answer))
    else:
        drop(session, "question", answer.id)


def entries(session: Session) -> Iterator[Entry]:
    """Every public answer, for making the words of everything anew."""
    for answer in session.scalars(
        sa.select(PublicAnswer).where(PublicAnswer.status == "published")
    ):
        yield _entry(answer)


def _entry(answer: PublicAnswer) -> Entry:
    return Entry(
        kind="question",
        id=answer.id,
        title=answer.question,
        text={tag: to_text(text) for tag, text in answer.answer.items()},
        url=f"/questions/{answer.slug}",
        countries=answer.countries,
        topics=answer.topics,
        audience=[],
        at=answer.updated_at,
    )
