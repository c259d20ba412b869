"""Beginning, answering and handing in: each a use case, and each safe to repeat.

The clock is the server's. An answer is one look at the item and one statement that writes only
while the attempt is open and in time, so whatever comes late or after handing in changes nothing,
whichever of two requests is first (`tests/content/test_attempts_races.py`).
"""

from __future__ import annotations

import json
import random
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.chassis import crypto
from services.chassis.database import new_id, utc_now
from services.chassis.idempotency import NOT_REPEATED, Once
from services.chassis.problems import LinkNotValid, Problem
from services.content.attempts import paper as papers
from services.content.attempts import refusals
from services.content.attempts.models import Attempt
from services.content.attempts.paper import PaperItem
from services.content.database import database
from services.content.quizzes.models import Quiz

# What left a telephone in time may be on its way for so long.
GRACE: Final = timedelta(seconds=5)
# Attempts that one tick hands in; the next tick takes the rest.
AT_ONCE: Final = 200
# How near to the pass mark counts as reached: marks are rounded to four places.
_ROUNDING: Final = 0.01


@dataclass(frozen=True)
class Begun:
    """An attempt that is there to be answered, and what the browser keeps to find it again."""

    id: uuid.UUID
    visitor: uuid.UUID

    @property
    def token(self) -> str:
        """What the attempt's link carries."""
        return token_of(self.id)


def token_of(attempt_id: uuid.UUID) -> str:
    """The token of an attempt's link: whoever holds it goes on with the attempt."""
    return crypto.sign_id("attempt", attempt_id)


def read_token(token: str) -> uuid.UUID:
    """The attempt of a link.

    Raises:
        LinkNotValid: it is forged or damaged.
    """
    try:
        return crypto.read_id("attempt", token)
    except crypto.TokenError as error:
        raise LinkNotValid from error


def begin(
    quiz_id: uuid.UUID,
    visitor: uuid.UUID | None,
    once: Once = NOT_REPEATED,
    *,
    attempt_id: uuid.UUID | None = None,
) -> Begun:
    """Draw a paper and start its clock; whoever has one open at this quiz goes on with that.

    Attempts are counted by what the browser keeps (``visitor``). That is as far as one can go
    without accounts: who clears the browser, or takes another one, begins at none again.

    Args:
        visitor: what the browser kept of an earlier attempt, if anything.
        attempt_id: the id of a sample.

    Raises:
        Problem: 404; 409 ``quiz-not-open``, ``quiz-closed``, ``no-attempts-left``,
            ``quiz-empty``.
    """
    now = utc_now()
    with database.transaction() as session:
        if answer := once.first_answer(session):
            return Begun(uuid.UUID(answer["id"]), uuid.UUID(answer["visitor"]))
        quiz = session.get(Quiz, quiz_id)
        if quiz is None or quiz.status != "published":
            raise refusals.no_such_quiz()
        refusals.must_be_open(quiz, now)
        found = None
        if visitor is not None:
            found = _open_or_refused(session, quiz, visitor, now)
        begun = found or _begun(session, quiz, visitor or uuid.uuid4(), now, attempt_id)
        once.keep(session, {"id": str(begun.id), "visitor": str(begun.visitor)})
        return begun


def _open_or_refused(
    session: Session, quiz: Quiz, visitor: uuid.UUID, now: datetime
) -> Begun | None:
    # Two beginnings of one browser at the same moment come here one after the other.
    session.execute(sa.select(sa.func.pg_advisory_xact_lock(visitor.int & (2**63 - 1))))
    rows = session.execute(
        sa.select(Attempt.id, Attempt.finished_at, Attempt.deadline)
        .where(Attempt.visitor == visitor, Attempt.quiz_id == quiz.id)
        .order_by(Attempt.started_at.desc())
    ).all()
    for row in rows:
        if row.finished_at is None and not is_over(row.deadline, now):
            return Begun(row.id, visitor)
    if quiz.attempts_allowed is not None and len(rows) >= quiz.attempts_allowed:
        raise refusals.no_attempts_left(quiz.attempts_allowed)
    return None


def _begun(
    session: Session, quiz: Quiz, visitor: uuid.UUID, now: datetime, attempt_id: uuid.UUID | None
) -> Begun:
    paper = papers.drawn(session, quiz, random.getrandbits(31))
    if not paper:
        raise refusals.empty()
    attempt = Attempt(
        id=attempt_id or new_id(),
        quiz_id=quiz.id,
        visitor=visitor,
        paper=papers.stored(paper),
        most=len(paper),
        started_at=now,
        seen_at=now,
        deadline=_deadline(quiz, now),
    )
    session.add(attempt)
    return Begun(attempt.id, visitor)


def _deadline(quiz: Quiz, now: datetime) -> datetime | None:
    """When the time is up, or the quiz closes, whichever is first."""
    ends = [quiz.closes_at] if quiz.closes_at else []
    if quiz.minutes is not None:
        ends.append(now + timedelta(minutes=quiz.minutes))
    return min(ends, default=None)


def is_over(deadline: datetime | None, now: datetime) -> bool:
    """Whether not even an answer that was on its way counts any more."""
    return deadline is not None and deadline + GRACE <= now


_ITEM = sa.text(
    """
    SELECT jsonb_path_query_first(paper, '$[*] ? (@.id == $id)', CAST(:vars AS jsonb)) AS item
    FROM attempts WHERE id = :attempt
    """
)

# An open attempt alone is written to: of an answer and a handing in at the same moment, the one
# that comes second waits for the row and then finds it as the first has left it.
_SAVE = sa.text(
    """
    UPDATE attempts
    SET responses = (responses || CAST(:given AS jsonb)) - CAST(:left_out AS text[]), seen_at = :now
    WHERE id = :attempt AND finished_at IS NULL AND (deadline IS NULL OR deadline > :latest)
    RETURNING deadline
    """
)


def answer(token: str, item_id: uuid.UUID, given: object) -> None:
    """Keep the answer to one item in place of an earlier one; two statements.

    Args:
        given: as :func:`services.content.banks.marking.checked` takes it; ``None`` or something
            that is no answer to this item takes an earlier one away.

    Raises:
        Problem: 404; 409 ``time-is-up``, ``handed-in``.
    """
    attempt_id = read_token(token)
    with database.at_once() as connection:
        found = connection.execute(
            _ITEM, {"attempt": attempt_id, "vars": json.dumps({"id": str(item_id)})}
        ).first()
        if found is None:
            raise LinkNotValid
        if found.item is None:
            raise refusals.no_such_item()
        checked = PaperItem.model_validate(found.item).checked(given)
        saved = connection.execute(_SAVE, _saving(attempt_id, {str(item_id): checked}))
        if saved.first() is None:
            raise _why_not(attempt_id)


def answer_all(token: str, given: Mapping[uuid.UUID, object]) -> None:
    """Keep the answers to several items, all or none; for programs.

    Raises:
        Problem: as :func:`answer`.
    """
    attempt_id = read_token(token)
    with database.transaction() as session:
        paper = session.scalar(sa.select(Attempt.paper).where(Attempt.id == attempt_id))
        if paper is None:
            raise LinkNotValid
        items = {item.id: item for item in papers.read(paper)}
        if not given.keys() <= items.keys():
            raise refusals.no_such_item()
        checked = {str(one): items[one].checked(value) for one, value in given.items()}
        saved = session.execute(_SAVE, _saving(attempt_id, checked))
        if saved.first() is None:
            raise _why_not(attempt_id)


def _saving(attempt_id: uuid.UUID, checked: Mapping[str, object]) -> dict[str, Any]:
    now = utc_now()
    kept = {key: value for key, value in checked.items() if value is not None}
    return {
        "attempt": attempt_id,
        "given": json.dumps(kept),
        "left_out": [key for key in checked if key not in kept],
        "now": now,
        "latest": now - GRACE,
    }


def _why_not(attempt_id: uuid.UUID) -> Problem:
    """Why an answer was not taken; an attempt whose time is up is handed in on this look."""
    with database.transaction() as session:
        attempt = session.get(Attempt, attempt_id)
        if attempt is None:
            return LinkNotValid()
    if attempt.finished_at is None:
        hand_in_overdue([attempt_id])
        return refusals.time_is_up()
    return refusals.time_is_up() if attempt.ending == "time-up" else refusals.handed_in()


def hand_in(token: str) -> bool:
    """Mark what was answered. A second handing in, also at the same moment, changes nothing.

    Returns:
        Whether this call was the one that counted.

    Raises:
        Problem: 404; 410 ``attempt-erased``.
    """
    attempt_id = read_token(token)
    now = utc_now()
    with database.transaction() as session:
        attempt = locked(session, attempt_id)
        if attempt.finished_at is not None:
            return False
        late = is_over(attempt.deadline, now)
        _finish(session, attempt, now, "time-up" if late else "handed-in")
        return True


def locked(session: Session, attempt_id: uuid.UUID) -> Attempt:
    """The attempt, held until the end of the transaction.

    Raises:
        Problem: 404; 410 ``attempt-erased``.
    """
    return present(session.get(Attempt, attempt_id, with_for_update=True))


def present(attempt: Attempt | None) -> Attempt:
    """An attempt that is there and was not erased.

    Raises:
        Problem: 404; 410 ``attempt-erased``.
    """
    if attempt is None:
        raise LinkNotValid
    if attempt.erased_at is not None:
        raise refusals.erased()
    return attempt


def hand_in_overdue(only: Iterable[uuid.UUID] | None = None) -> int:
    """Hand in attempts whose time is up, with what was answered until then.

    Args:
        only: these alone; all of them by default, some at a time.

    Returns:
        How many were handed in.
    """
    now = utc_now()
    query = sa.select(Attempt).where(Attempt.finished_at.is_(None), Attempt.deadline <= now - GRACE)
    if only is not None:
        query = query.where(Attempt.id.in_(only))
    with database.transaction() as session:
        due = session.scalars(query.limit(AT_ONCE).with_for_update(skip_locked=True)).all()
        for attempt in due:
            _finish(session, attempt, now, "time-up")
        return len(due)


def _finish(session: Session, attempt: Attempt, now: datetime, ending: str) -> None:
    marks = {
        str(item.id): item.mark(attempt.responses.get(str(item.id)))
        for item in papers.read(attempt.paper)
    }
    attempt.marks = marks
    attempt.score = round(sum(marks.values()), 2)
    percent = 100 * attempt.score / attempt.most
    # Compared by the statement that stores the rest: a question less while all hand in at once.
    passed = sa.select(percent >= Quiz.pass_mark - _ROUNDING).where(Quiz.id == attempt.quiz_id)
    attempt.passed = passed.scalar_subquery()
    attempt.ending = ending
    # The tick may come late; the time was up when it was up.
    attempt.finished_at = now if attempt.deadline is None else min(now, attempt.deadline)
