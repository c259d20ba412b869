"""Reading attempts: one by its link, those of a browser, and what is shown of the answers."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session, defer

from services.chassis.database import utc_now
from services.chassis.problems import LinkNotValid, Problem
from services.chassis.settings import settings
from services.content.attempts import certificates, refusals, service
from services.content.attempts import paper as papers
from services.content.attempts.models import Attempt, Certificate
from services.content.attempts.paper import PaperItem
from services.content.attempts.schemas import (
    AttemptOut,
    Ending,
    ItemOut,
    ItemResult,
    ResultOut,
    Saved,
)
from services.content.banks.marking import feedback, readable, solution
from services.content.database import database
from services.content.quizzes.models import Quiz
from services.content.quizzes.reading import taken_by_code

# More open quizzes than a city has at a time.
MOST_LISTED: Final = 100


@dataclass(frozen=True)
class Standing:
    """An attempt and its quiz, at a moment.

    Attributes:
        now: that moment, by the server's clock.
        shows: whether right answers and explanations may be seen now.
        certificate: the code of its certificate, if one was asked for.
    """

    attempt: Attempt
    quiz: Quiz
    paper: Sequence[PaperItem]
    now: datetime
    shows: bool
    certificate: str | None

    @property
    def token(self) -> str:
        """What its link carries."""
        return service.token_of(self.attempt.id)

    @property
    def answered(self) -> list[bool]:
        """Of each item in its order, whether it has an answer."""
        return [str(item.id) in self.attempt.responses for item in self.paper]

    @property
    def next_open(self) -> int | None:
        """The place (from 1) of the first item without an answer; ``None`` when all have one."""
        places = [place for place, done in enumerate(self.answered, start=1) if not done]
        return places[0] if places else None

    @property
    def seconds_left(self) -> int | None:
        """Until the time is up; ``None`` without a limit."""
        if self.attempt.deadline is None:
            return None
        return max(0, int((self.attempt.deadline - self.now).total_seconds()))

    @property
    def percent(self) -> int:
        """What was reached."""
        return certificates.percent_of(self.attempt)

    @property
    def certifiable(self) -> bool:
        """Whether a certificate may be asked for."""
        return bool(self.attempt.passed) and certificates.given_for(self.quiz)


def look(token: str) -> Standing:
    """An attempt by its link. One whose time is up is handed in on this look.

    That a reading does so changes nothing that the clock has not settled already; the tick would
    do the same a moment later.

    Raises:
        Problem: 404; 410 ``attempt-erased``.
    """
    attempt_id = service.read_token(token)
    standing = _look(attempt_id)
    if standing.attempt.finished_at is None and service.is_over(
        standing.attempt.deadline, standing.now
    ):
        service.hand_in_overdue([attempt_id])
        standing = _look(attempt_id)
    return standing


def _look(attempt_id: uuid.UUID) -> Standing:
    """One statement for all of it: every page of a quiz begins here, two hundred at a time."""
    now = utc_now()
    query = (
        sa.select(Attempt, Quiz, Certificate.code)
        .join(Quiz, Quiz.id == Attempt.quiz_id)
        .outerjoin(Certificate, Certificate.attempt_id == Attempt.id)
        .where(Attempt.id == attempt_id)
    )
    with database.at_once() as connection, Session(connection) as session:
        row = session.execute(query).one_or_none()
    if row is None:
        raise LinkNotValid
    attempt = service.present(row.Attempt)
    return Standing(
        attempt=attempt,
        quiz=row.Quiz,
        paper=papers.read(attempt.paper),
        now=now,
        shows=attempt.finished_at is not None and shows_answers(row.Quiz, now),
        certificate=row.code,
    )


def shows_answers(quiz: Quiz, now: datetime) -> bool:
    """Whether those who have handed in may see what is right."""
    if quiz.show == "at-once":
        return True
    over = quiz.status == "withdrawn" or (quiz.closes_at is not None and quiz.closes_at <= now)
    return quiz.show == "after-close" and over


@dataclass(frozen=True)
class Earlier:
    """An attempt that this browser made before; ``percent`` once it is handed in."""

    token: str
    started_at: datetime
    finished: bool
    percent: int | None


@dataclass(frozen=True)
class Door:
    """A quiz before it is begun, for one browser.

    ``open_attempt``: the one to go on with. ``left``: attempts left; ``None`` is no limit.
    ``refusal``: why it cannot be begun now.
    """

    quiz: Quiz
    earlier: Sequence[Earlier]
    open_attempt: Earlier | None
    left: int | None
    refusal: Problem | None


def door(quiz: Quiz, visitor: uuid.UUID | None) -> Door:
    """What stands before a quiz, and what this browser has done with it."""
    now = utc_now()
    rows: Sequence[Attempt] = []
    if visitor is not None:
        with database.transaction() as session:
            rows = session.scalars(
                sa.select(Attempt)
                .options(defer(Attempt.paper), defer(Attempt.responses))
                .where(Attempt.visitor == visitor, Attempt.quiz_id == quiz.id)
                .order_by(Attempt.started_at.desc())
            ).all()
    earlier = [_earlier(row) for row in rows]
    going = next(
        (
            one
            for one, row in zip(earlier, rows, strict=True)
            if not one.finished and not service.is_over(row.deadline, now)
        ),
        None,
    )
    left = None
    if quiz.attempts_allowed is not None:
        left = max(0, quiz.attempts_allowed - len(rows))
    return Door(quiz, earlier, going, left, _refusal(quiz, now, left))


def _earlier(row: Attempt) -> Earlier:
    finished = row.finished_at is not None
    percent = certificates.percent_of(row) if finished else None
    return Earlier(service.token_of(row.id), row.started_at, finished, percent)


def _refusal(quiz: Quiz, now: datetime, left: int | None) -> Problem | None:
    try:
        refusals.must_be_open(quiz, now)
    except Problem as problem:
        return problem
    return refusals.no_attempts_left(quiz.attempts_allowed or 0) if left == 0 else None


def open_quizzes() -> Sequence[Quiz]:
    """The quizzes of the public list: open ones that have not closed, the newest first."""
    with database.transaction() as session:
        return session.scalars(
            sa.select(Quiz)
            .where(
                Quiz.status == "published",
                Quiz.purpose == "open",
                sa.or_(Quiz.closes_at.is_(None), Quiz.closes_at > utc_now()),
            )
            .order_by(Quiz.published_at.desc(), Quiz.id.desc())
            .limit(MOST_LISTED)
        ).all()


def by_code(code: str) -> Quiz:
    """The quiz that a code opens.

    Raises:
        NotFound: no public quiz has it.
    """
    with database.transaction() as session:
        return taken_by_code(session, code)


def by_slug(slug: str) -> Quiz:
    """An open quiz of the public list; the others are reached by their code alone.

    Raises:
        NotFound: there is none.
    """
    with database.transaction() as session:
        found = session.scalar(
            sa.select(Quiz).where(
                # PostgreSQL takes no NUL in a text, and no slug has one.
                Quiz.slug == slug.replace("\0", ""),
                Quiz.status == "published",
                Quiz.purpose == "open",
            )
        )
    if found is None:
        raise refusals.no_such_quiz()
    return found


def attempt_out(standing: Standing) -> AttemptOut:
    """An attempt as the API answers it."""
    attempt = standing.attempt
    return AttemptOut(
        id=attempt.id,
        quiz_id=standing.quiz.id,
        title=standing.quiz.title,
        token=standing.token,
        url=f"{settings().public_url}/quizzes/attempts/{standing.token}",
        started_at=attempt.started_at,
        deadline=attempt.deadline,
        most=attempt.most,
        items=[
            ItemOut(id=item.id, kind=item.kind, text=item.text, content=item.shown())
            for item in standing.paper
        ],
        answers=attempt.responses,
        result=result_of(standing),
    )


def result_of(standing: Standing) -> ResultOut | None:
    """What the attempt came to; ``None`` before it is handed in."""
    attempt = standing.attempt
    if attempt.finished_at is None or attempt.marks is None:
        return None
    ending: Ending = "time-up" if attempt.ending == "time-up" else "handed-in"
    items = None
    if standing.shows:
        items = [_item_result(item, attempt.responses, attempt.marks) for item in standing.paper]
    return ResultOut(
        score=attempt.score or 0,
        percent=standing.percent,
        passed=bool(attempt.passed),
        finished_at=attempt.finished_at,
        ending=ending,
        items=items,
    )


def _item_result(
    item: PaperItem, responses: Mapping[str, Any], marks: Mapping[str, float]
) -> ItemResult:
    given = responses.get(str(item.id))
    return ItemResult(
        id=item.id,
        mark=marks.get(str(item.id), 0),
        given=readable(item.kind, item.content, given),
        right=solution(item.kind, item.content),
        remarks=feedback(item.kind, item.content, given),
        explanation=item.explanation,
        source=item.source,
    )


def saved(token: str) -> Saved:
    """How far an attempt has come.

    Raises:
        Problem: 404; 410 ``attempt-erased``.
    """
    standing = look(token)
    return Saved(
        answered=sum(standing.answered),
        most=standing.attempt.most,
        deadline=standing.attempt.deadline,
    )
