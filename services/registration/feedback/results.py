"""What the answers come to: for staff in full, for the public as an average."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from services.chassis.auth import Principal
from services.chassis.database import utc_now
from services.registration.activities.catalogue import covered
from services.registration.activities.events import ActivityState, state_of
from services.registration.activities.models import Activity
from services.registration.certificates.service import came
from services.registration.database import database
from services.registration.feedback.models import Comment, CommentState, Feedback
from services.registration.feedback.questions import SurveyQuestion
from services.registration.feedback.surveys import closes_at, is_asked, questions_of, survey_of
from services.registration.learning.service import Learned, learned_at
from services.registration.registrations.models import Registration

# Of fewer answers staff could guess who gave which.
SHOWN_FROM = 3
# Of fewer an average says nothing to the public.
PUBLIC_FROM = 5
MOST_QUOTES = 5


class Tally(BaseModel):
    """How often each answer to a question was given. ``average`` is that of a rating."""

    id: str
    text: dict[str, str]
    kind: str
    labels: list[str]
    counts: list[int]
    answered: int
    average: float | None = Field(description="From 1 to 5; null when nobody answered.")


class CommentOut(BaseModel):
    """A text that somebody wrote, without a name."""

    id: uuid.UUID
    question: str
    text: str
    may_be_quoted: bool
    state: CommentState
    hidden_reason: str | None


class Results(BaseModel):
    """What an activity's survey has brought.

    While there are fewer than three answers, only ``asked`` and ``given`` are told.
    """

    asked: int = Field(description="Registrations whose people came.")
    given: int = Field(description="Registrations that answered.")
    tallies: list[Tally] = Field(default_factory=list)
    comments: list[CommentOut] = Field(default_factory=list)

    @property
    def rate(self) -> int:
        """How many of a hundred answered."""
        return round(100 * self.given / self.asked) if self.asked else 0


@dataclass(frozen=True)
class Overview:
    """The staff's page. ``open``: whether answers still come in; ``learned``: from its quizzes."""

    activity: ActivityState
    results: Results
    questions: dict[str, SurveyQuestion]
    is_asked: bool
    editable: bool
    open: bool
    learned: Learned


@dataclass(frozen=True)
class Public:
    """What anybody may know: the average from 1 to 5, of how many, and what may be quoted."""

    average: float
    answers: int
    quotes: list[str]


def results(principal: Principal, activity_id: uuid.UUID) -> Overview:
    """Everything that staff see. Texts that are hidden are for those who may bring them back.

    Raises:
        Problem: 404; 403 for another district's activity.
    """
    with database.transaction() as session:
        activity = covered(session, principal, activity_id)
        survey = survey_of(session, activity_id)
        asked = questions_of(survey)
        every = principal.may("activities.edit")
        now = utc_now()
        return Overview(
            activity=state_of(activity),
            results=_results(session, activity_id, asked, every=every),
            questions={question.id: question for question in asked},
            is_asked=is_asked(survey),
            editable=now < activity.ends_at and activity.status in ("draft", "published"),
            open=activity.ends_at <= now < closes_at(activity),
            learned=learned_at(session, activity_id),
        )


def public_summary(
    session: Session, activity_id: uuid.UUID | None, series_id: uuid.UUID | None
) -> Public | None:
    """How an activity was found; one of a series together with all other dates of it.

    Returns:
        ``None`` while fewer than five have answered.
    """
    theirs: sa.ColumnElement[bool] = Feedback.activity_id == activity_id
    if series_id is not None:
        dates = sa.select(Activity.id).where(Activity.series_id == series_id)
        theirs = Feedback.activity_id.in_(dates)
    overall = Feedback.answers["overall"].as_integer()
    average, count = session.execute(
        sa.select(sa.func.avg(overall), sa.func.count(overall)).where(theirs)
    ).one()
    if count < PUBLIC_FROM:
        return None
    quotes = session.scalars(
        sa.select(Comment)
        .join(Feedback)
        .where(theirs, Comment.may_be_quoted, Comment.state == "shown")
        .order_by(Comment.id)
        .limit(MOST_QUOTES)
    )
    return Public(
        average=round(float(average), 1), answers=count, quotes=[one.text for one in quotes]
    )


def _results(
    session: Session, activity_id: uuid.UUID, questions: list[SurveyQuestion], *, every: bool
) -> Results:
    rows = session.scalars(
        sa.select(Feedback.answers).where(Feedback.activity_id == activity_id)
    ).all()
    asked = session.scalars(
        sa.select(sa.func.count())
        .select_from(Registration)
        .where(Registration.activity_id == activity_id, came())
    ).one()
    if len(rows) < SHOWN_FROM:
        return Results(asked=asked, given=len(rows))
    query = sa.select(Comment).join(Feedback).where(Feedback.activity_id == activity_id)
    if not every:
        query = query.where(Comment.state == "shown")
    # What waits comes first; then by id, which is random: the order tells nothing of who was first.
    comments = session.scalars(query.order_by(Comment.state != "new", Comment.id)).all()
    return Results(
        asked=asked,
        given=len(rows),
        tallies=[_tally(question, rows) for question in questions if question.kind != "text"],
        comments=[CommentOut.model_validate(comment, from_attributes=True) for comment in comments],
    )


def _tally(question: SurveyQuestion, rows: Sequence[dict[str, Any]]) -> Tally:
    counted = Counter(row[question.id] for row in rows if question.id in row)
    answered = sum(counted.values())
    total = sum(value * count for value, count in counted.items())
    return Tally(
        id=question.id,
        text=question.text,
        kind=question.kind,
        labels=[str(words) for _, words in question.options],
        counts=[counted[int(value)] for value, _ in question.options],
        answered=answered,
        average=round(total / answered, 2) if answered and question.kind == "rating" else None,
    )
