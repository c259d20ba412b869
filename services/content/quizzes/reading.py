"""Reading quizzes: by code, in the public list, and everything for staff."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.chassis.auth import Principal
from services.chassis.database import utc_now
from services.chassis.i18n import lazy
from services.chassis.lists import DEFAULT_LIMIT, Page, page_of
from services.chassis.problems import NotFound, Problem
from services.content.activities_seen.models import ActivitySeen
from services.content.banks.records import ItemOut
from services.content.bookings_seen.models import BookingSeen
from services.content.database import database
from services.content.publication import Status
from services.content.quizzes.codes import normal
from services.content.quizzes.drawing import draw
from services.content.quizzes.models import Quiz
from services.content.quizzes.schemas import QuizForStaff, QuizOut, QuizPublic

# An activity is offered for choice until so long after its end: `after` may be written late.
_OVER_SINCE: Final = timedelta(days=30)
_MOST_ACTIVITIES: Final = 100


@dataclass(frozen=True)
class ActivityChoice:
    """An activity that a quiz may be for."""

    id: uuid.UUID
    title: dict[str, str]
    starts_at: datetime
    timezone: str


def taken_by_code(session: Session, code: str) -> Quiz:
    """The quiz that a code opens, published, whatever its opening times.

    Args:
        code: as it was typed or scanned, with spaces and small letters.

    Raises:
        NotFound: no quiz has it, or it is not public.
    """
    found = session.scalar(
        sa.select(Quiz).where(Quiz.code == normal(code), Quiz.status == "published")
    )
    if found is None:
        raise no_such_code()
    return found


def no_such_code() -> NotFound:
    """One sentence for codes that are wrong and for quizzes that are not public."""
    return NotFound(lazy("We do not know this code. Please check the six signs on the screen."))


def list_public(*, cursor: str | None = None, limit: int = DEFAULT_LIMIT) -> Page[QuizPublic]:
    """The quizzes for everybody that have not closed, the newest first.

    Raises:
        Problem: 400 ``bad-cursor``.
    """
    query = sa.select(Quiz).where(
        Quiz.status == "published",
        Quiz.purpose == "open",
        sa.or_(Quiz.closes_at.is_(None), Quiz.closes_at > utc_now()),
    )
    with database.transaction() as session:
        return page_of(session, query, [Quiz.id], cursor=cursor, limit=limit, descending=True).map(
            QuizPublic.model_validate
        )


def get_public(quiz_id: uuid.UUID) -> QuizPublic:
    """A published quiz, of whatever purpose: whoever has its id was given it.

    Raises:
        NotFound: there is none.
        Problem: 410 ``withdrawn``.
    """
    with database.transaction() as session:
        found = session.get(Quiz, quiz_id)
        if found is None or found.published_at is None:
            raise NotFound(lazy("There is no such quiz."))
        if found.status == "withdrawn":
            raise Problem(
                410,
                "withdrawn",
                lazy("This quiz has been withdrawn."),
                lazy("The reason: %(reason)s", reason=found.withdraw_reason),
            )
        return QuizPublic.model_validate(found)


def list_for_staff(
    principal: Principal,
    *,
    status: Status | None = None,
    purpose: str | None = None,
    words: str = "",
    cursor: str | None = None,
    limit: int = DEFAULT_LIMIT,
) -> Page[QuizOut]:
    """Every quiz that is the caller's, in whatever state, the newest first.

    Args:
        words: must occur in the title, in either language, or be the code.

    Raises:
        Problem: 400 ``bad-cursor``.
    """
    query = _theirs(sa.select(Quiz), principal)
    if status:
        query = query.where(Quiz.status == status)
    if purpose:
        query = query.where(Quiz.purpose == purpose)
    if said := words.replace("\0", " ").strip()[:100]:
        titles = sa.func.concat_ws(" ", Quiz.title["zh-CN"].astext, Quiz.title["en"].astext)
        query = query.where(
            sa.or_(titles.icontains(said, autoescape=True), Quiz.code == normal(said))
        )
    with database.transaction() as session:
        return page_of(session, query, [Quiz.id], cursor=cursor, limit=limit, descending=True).map(
            QuizOut.model_validate
        )


def counts_by_status(principal: Principal) -> dict[str, int]:
    """How many of the caller's quizzes there are in each state."""
    query = sa.select(Quiz.status, sa.func.count()).group_by(Quiz.status)
    if principal.district is not None:
        query = query.where(Quiz.district == principal.district)
    with database.transaction() as session:
        return dict(session.execute(query).all())


def _theirs(query: sa.Select[Quiz], principal: Principal) -> sa.Select[Quiz]:
    """A district's staff see the district's own; the city's staff see all."""
    return query if principal.district is None else query.where(Quiz.district == principal.district)


def get_for_staff(principal: Principal, quiz_id: uuid.UUID) -> QuizForStaff:
    """Any quiz that is the caller's to see, with who wrote it.

    Raises:
        NotFound: there is none.
        Problem: 403 ``other-district``.
    """
    with database.transaction() as session:
        found = _found(session, principal, quiz_id)
        return QuizForStaff(
            quiz=QuizOut.model_validate(found),
            author_name=found.author_name,
            created_at=found.created_at,
        )


def _found(session: Session, principal: Principal, quiz_id: uuid.UUID) -> Quiz:
    found = session.get(Quiz, quiz_id)
    if found is None:
        raise NotFound(lazy("There is no such quiz."))
    principal.must_cover(found.district)
    return found


def preview(principal: Principal, quiz_id: uuid.UUID, seed: int) -> list[ItemOut]:
    """A paper as somebody might get it; nothing is kept.

    Raises:
        NotFound: there is none.
        Problem: 403 ``other-district``.
    """
    with database.transaction() as session:
        paper = draw(session, _found(session, principal, quiz_id), seed)
        return [ItemOut.model_validate(item) for item in paper]


def activity_choices(principal: Principal) -> list[ActivityChoice]:
    """The activities that a quiz may be for, the latest first."""
    with database.transaction() as session:
        query = (
            sa.select(ActivitySeen)
            .where(
                ActivitySeen.status.in_(("published", "completed")),
                ActivitySeen.ends_at > utc_now() - _OVER_SINCE,
            )
            .order_by(ActivitySeen.starts_at.desc(), ActivitySeen.id)
            .limit(_MOST_ACTIVITIES)
        )
        if principal.district is not None:
            query = query.where(ActivitySeen.district == principal.district)
        return [
            ActivityChoice(row.id, row.title, row.starts_at, row.timezone)
            for row in session.scalars(query)
        ]


def booking_choices(principal: Principal) -> list[BookingSeen]:
    """The sessions agreed with schools and companies whose cohort may take a quiz, latest first."""
    with database.transaction() as session:
        query = (
            sa.select(BookingSeen)
            .where(BookingSeen.agreed_time > utc_now() - _OVER_SINCE)
            .order_by(BookingSeen.agreed_time.desc(), BookingSeen.id)
            .limit(_MOST_ACTIVITIES)
        )
        if principal.district is not None:
            query = query.where(BookingSeen.district == principal.district)
        return list(session.scalars(query))


def activity_of(activity_id: uuid.UUID | None) -> ActivityChoice | None:
    """The activity of a quiz, as this service has heard of it."""
    if activity_id is None:
        return None
    with database.transaction() as session:
        row = session.get(ActivitySeen, activity_id)
        return ActivityChoice(row.id, row.title, row.starts_at, row.timezone) if row else None


def copies_of(quiz_id: uuid.UUID) -> Sequence[QuizOut]:
    """The quizzes that were copied from one, the oldest first."""
    with database.transaction() as session:
        rows = session.scalars(
            sa.select(Quiz).where(Quiz.copied_from == quiz_id).order_by(Quiz.id).limit(20)
        )
        return [QuizOut.model_validate(row) for row in rows]
