"""Reading public answers: for everybody, and for the staff who keep them."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.chassis.auth import Principal
from services.chassis.i18n import lazy, localized
from services.chassis.lists import DEFAULT_LIMIT, Page, page_of
from services.chassis.problems import NotFound, Problem
from services.content.database import database
from services.content.materials.reading import today
from services.content.materials.schemas import REVIEW_AFTER
from services.content.publication import Status
from services.content.questions.answers import PublicAnswerOut, found_in, stored
from services.content.questions.models import AnswerVote, PublicAnswer
from services.content.questions.persons import Trace
from services.content.search.service import Hit, similar

RELATED: Final = 4
_MOST_REMARKS: Final = 50


@dataclass(frozen=True)
class Remark:
    """What a visitor wrote with their "yes" or "no"."""

    helpful: bool
    words: str
    at: datetime


@dataclass(frozen=True)
class AnswerForStaff:
    """A public answer with what staff need to know of it.

    Attributes:
        traces: what may lead to a person, and ``checked`` the keys of those that were ticked.
        yes, no: how many it helped, and how many it did not.
    """

    answer: PublicAnswerOut
    author_name: str
    withdraw_reason: str | None
    question_id: uuid.UUID | None
    traces: list[Trace]
    checked: list[str]
    yes: int
    no: int
    remarks: list[Remark]

    @property
    def unticked(self) -> list[Trace]:
        """What somebody still has to look at."""
        return [trace for trace in self.traces if trace.key not in self.checked]


def list_public(
    *,
    topic: str | None = None,
    country: str | None = None,
    cursor: str | None = None,
    limit: int = DEFAULT_LIMIT,
) -> Page[PublicAnswerOut]:
    """The public answers, the newest first; ``country`` finds also those for every destination.

    Raises:
        Problem: 400 ``bad-cursor``.
    """
    query = sa.select(PublicAnswer).where(PublicAnswer.status == "published")
    if topic:
        query = query.where(PublicAnswer.topics.contains([topic]))
    if country:
        query = query.where(
            sa.or_(PublicAnswer.countries.contains([country]), PublicAnswer.countries == [])
        )
    with database.transaction() as session:
        return page_of(
            session, query, [PublicAnswer.id], cursor=cursor, limit=limit, descending=True
        ).map(PublicAnswerOut.of)


def get_public(reference: str) -> PublicAnswerOut:
    """A public answer, by its id or its slug.

    Raises:
        NotFound: there is none, or it was never published.
        Problem: 410 ``withdrawn``.
    """
    with database.transaction() as session:
        found = stored(session, reference)
        if found is None or found.published_at is None:
            raise NotFound(lazy("There is no such answer."))
        if found.status == "withdrawn":
            raise Problem(
                410,
                "withdrawn",
                lazy("This answer has been withdrawn."),
                lazy("The reason: %(reason)s", reason=found.withdraw_reason),
            )
        return PublicAnswerOut.of(found)


def related(answer: PublicAnswerOut) -> list[Hit]:
    """Answers to questions like this one."""
    with database.transaction() as session:
        hits = similar(session, localized(answer.question), kinds=["question"], limit=RELATED + 1)
    return [hit for hit in hits if hit.id != answer.id][:RELATED]


def similar_to(text: str, limit: int = 5) -> list[Hit]:
    """Public answers that a text of somebody's own is most like."""
    with database.transaction() as session:
        return similar(session, text, kinds=["question"], limit=limit)


def list_for_staff(
    principal: Principal, *, status: Status | None = None, cursor: str | None = None
) -> Page[PublicAnswerOut]:
    """Every public answer of the caller's office in whatever state, the newest first.

    Raises:
        Problem: 400 ``bad-cursor``.
    """
    query = sa.select(PublicAnswer)
    if principal.district is not None:
        query = query.where(PublicAnswer.district == principal.district)
    if status:
        query = query.where(PublicAnswer.status == status)
    with database.transaction() as session:
        return page_of(session, query, [PublicAnswer.id], cursor=cursor, descending=True).map(
            PublicAnswerOut.of
        )


def to_review(session: Session, principal: Principal, limit: int) -> list[PublicAnswerOut]:
    """Public answers of the caller's office that nobody has read for a year, the oldest first."""
    query = sa.select(PublicAnswer).where(
        PublicAnswer.status == "published", PublicAnswer.reviewed_on <= today() - REVIEW_AFTER
    )
    if principal.district is not None:
        query = query.where(PublicAnswer.district == principal.district)
    rows = session.scalars(query.order_by(PublicAnswer.reviewed_on, PublicAnswer.id).limit(limit))
    return [PublicAnswerOut.of(row) for row in rows]


def get_for_staff(principal: Principal, answer_id: uuid.UUID) -> AnswerForStaff:
    """An answer of the caller's office with its traces of persons and what visitors said.

    Raises:
        NotFound: there is none.
        Problem: 403 ``other-district``.
    """
    with database.transaction() as session:
        answer = session.get(PublicAnswer, answer_id)
        if answer is None:
            raise NotFound(lazy("There is no such answer."))
        principal.must_cover(answer.district)
        yes, no = counted(session, answer.id)
        return AnswerForStaff(
            answer=PublicAnswerOut.of(answer),
            author_name=answer.author_name,
            withdraw_reason=answer.withdraw_reason,
            question_id=answer.question_id,
            traces=found_in(session, answer),
            checked=answer.checked,
            yes=yes,
            no=no,
            remarks=_remarks(session, answer.id),
        )


def counted(session: Session, answer_id: uuid.UUID) -> tuple[int, int]:
    """How many visitors an answer helped, and how many it did not."""
    yes, no = session.execute(
        sa.select(
            sa.func.count().filter(AnswerVote.helpful), sa.func.count().filter(~AnswerVote.helpful)
        ).where(AnswerVote.answer_id == answer_id)
    ).one()
    return yes, no


def _remarks(session: Session, answer_id: uuid.UUID) -> list[Remark]:
    rows = session.scalars(
        sa.select(AnswerVote)
        .where(AnswerVote.answer_id == answer_id, AnswerVote.words.is_not(None))
        .order_by(AnswerVote.created_at.desc())
        .limit(_MOST_REMARKS)
    )
    return [Remark(row.helpful, row.words or "", row.created_at) for row in rows]
