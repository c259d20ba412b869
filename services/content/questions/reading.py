"""The staff's inbox of questions: lists with filters, counts, one question with all about it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Final, Literal, get_args

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.chassis.auth import Principal
from services.chassis.database import utc_now
from services.chassis.i18n import lazy
from services.chassis.lists import DEFAULT_LIMIT, Page, page_of_tiers
from services.chassis.problems import NotFound
from services.content.database import database
from services.content.questions.holding import must_cover
from services.content.questions.merging import may_be_undone
from services.content.questions.models import Expert, PublicAnswer, Question, QuestionEntry
from services.content.questions.schemas import (
    EntryOut,
    ExpertOut,
    QuestionOut,
    QuestionSummary,
)
from services.content.questions.states import OPEN

View = Literal[
    "open", "new", "mine", "urgent", "overdue", "waiting", "answered", "closed", "merged", "spam"
]
CITY: Final = "city"

VIEW_NAMES: Final = {
    "open": lazy("To be answered"),
    "new": lazy("New"),
    "mine": lazy("Mine"),
    "urgent": lazy("Urgent"),
    "overdue": lazy("Overdue"),
    "waiting": lazy("With an expert"),
    "answered": lazy("Answer given"),
    "closed": lazy("Closed"),
    "merged": lazy("Merged"),
    "spam": lazy("Not a question"),
}


@dataclass(frozen=True)
class Filters:
    """What to look for; ``None`` is no condition.

    Attributes:
        district: a GB/T 2260 code, or ``city`` for what no district has.
    """

    view: View = "open"
    district: str | None = None
    expert: uuid.UUID | None = None
    topic: str | None = None
    country: str | None = None


def view_of(text: str) -> View:
    """A view from an address; what is not among them is what is to be answered."""
    return next((view for view in get_args(View) if view == text), "open")


def list_for_staff(
    principal: Principal,
    filters: Filters,
    *,
    cursor: str | None = None,
    limit: int = DEFAULT_LIMIT,
) -> Page[QuestionSummary]:
    """The caller's questions: urgent ones first, then by when they are due.

    What is over comes the newest first.

    Raises:
        Problem: 400 ``bad-cursor``.
    """
    query = _narrowed(sa.select(Question).where(theirs(principal)), principal, filters)
    over = filters.view in ("answered", "closed", "merged", "spam")
    tiers = [query] if over else [query.where(Question.urgent), query.where(~Question.urgent)]
    keys = [Question.id] if over else [Question.due_at, Question.id]
    with database.transaction() as session:
        page = page_of_tiers(session, tiers, keys, cursor=cursor, limit=limit, descending=over)
        return page.map(QuestionSummary.of)


def counts(principal: Principal) -> dict[str, int]:
    """How many of the caller's questions there are in each of the views that ask for work."""
    wanted: tuple[View, ...] = ("open", "new", "mine", "urgent", "overdue", "waiting")
    columns = [sa.func.count().filter(*_conditions(principal, view)).label(view) for view in wanted]
    with database.transaction() as session:
        row = session.execute(sa.select(*columns).where(theirs(principal))).one()
        return dict(row._mapping)


def get_for_staff(principal: Principal, question_id: uuid.UUID) -> QuestionOut:
    """One question with everything that was said about it.

    Raises:
        NotFound: there is none.
        Problem: 403 ``other-district``.
    """
    with database.transaction() as session:
        question = session.get(Question, question_id)
        if question is None:
            raise NotFound(lazy("There is no such question."))
        must_cover(principal, question)
        out = QuestionOut.of(question)
        out.entries = _entries(session, question)
        out.duplicates = [
            QuestionSummary.of(row)
            for row in session.scalars(
                sa.select(Question).where(Question.merged_into == question.id).order_by(Question.id)
            )
        ]
        if question.expert_id is not None:
            out.expert = ExpertOut.model_validate(session.get_one(Expert, question.expert_id))
        out.public_answer_id = session.scalar(
            sa.select(PublicAnswer.id).where(PublicAnswer.question_id == question.id).limit(1)
        )
        out.may_be_unmerged = may_be_undone(question)
        return out


def others(principal: Principal, question: QuestionOut, limit: int = 30) -> list[QuestionSummary]:
    """What a question may be merged into: the open and the answered, those most alike first."""
    alike = [
        sa.func.coalesce(column == value, sa.false()).desc()
        for column, value in (
            (Question.country, question.country),
            (Question.topic, question.topic),
        )
        if value
    ]
    query = (
        sa.select(Question)
        .where(
            theirs(principal),
            Question.id != question.id,
            Question.erased_at.is_(None),
            Question.status.in_((*OPEN, "answered")),
        )
        .order_by(*alike, Question.id.desc())
        .limit(limit)
    )
    with database.transaction() as session:
        return [QuestionSummary.of(row) for row in session.scalars(query)]


def pressing(session: Session, principal: Principal, limit: int) -> list[QuestionSummary]:
    """What somebody has to look at first: urgent ones, then those whose time is up or nearest."""
    rows = session.scalars(
        sa.select(Question)
        .where(theirs(principal), Question.status.in_(OPEN))
        .order_by(Question.urgent.desc(), Question.due_at, Question.id)
        .limit(limit)
    )
    return [QuestionSummary.of(row) for row in rows]


def theirs(principal: Principal) -> sa.ColumnElement[bool]:
    """What the caller may see: the city all, a district what it has or has written down."""
    if principal.district is None:
        return sa.true()
    return sa.or_(
        Question.district == principal.district, Question.entered_district == principal.district
    )


def _narrowed(
    query: sa.Select[Question], principal: Principal, filters: Filters
) -> sa.Select[Question]:
    query = query.where(*_conditions(principal, filters.view))
    if filters.district:
        code = None if filters.district == CITY else filters.district
        query = query.where(Question.district.is_not_distinct_from(code))
    if filters.expert:
        query = query.where(Question.expert_id == filters.expert)
    if filters.topic:
        query = query.where(Question.topic == filters.topic)
    if filters.country:
        query = query.where(Question.country == filters.country)
    return query


def _conditions(principal: Principal, view: View) -> tuple[sa.SQLColumnExpression[bool], ...]:
    is_open = Question.status.in_(OPEN)
    match view:
        case "open":
            return (is_open,)
        case "mine":
            return (is_open, Question.taken_by == principal.id)
        case "urgent":
            return (is_open, Question.urgent)
        case "overdue":
            return (is_open, Question.due_at < utc_now())
        case "waiting":
            return (is_open, Question.expert_id.is_not(None))
        case _:
            return (Question.status == view,)


def _entries(session: Session, question: Question) -> list[EntryOut]:
    """What was said about it, and what was added to those that were merged into it."""
    merged = sa.select(Question.id).where(Question.merged_into == question.id)
    own = QuestionEntry.question_id == question.id
    added = sa.and_(QuestionEntry.question_id.in_(merged), QuestionEntry.kind == "added")
    rows = session.scalars(
        sa.select(QuestionEntry).where(sa.or_(own, added)).order_by(QuestionEntry.id)
    )
    return [EntryOut.model_validate(row) for row in rows]
