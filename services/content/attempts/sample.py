"""Sample attempts: so that every quiz of the samples has results to look at."""

from __future__ import annotations

import random
import uuid
from typing import Any, Final

import sqlalchemy as sa

from services.chassis.auth import Principal
from services.chassis.database import utc_now
from services.content.attempts import service
from services.content.attempts.models import Attempt
from services.content.attempts.paper import PaperItem, read
from services.content.database import database
from services.content.quizzes.models import Quiz
from services.content.results import telling

# How many take a quiz, and how much of it such a room knows: more after a lecture than before.
_ROOMS: Final = {"before": (14, 0.45), "after": (12, 0.8), "cohort": (12, 0.65), "open": (10, 0.6)}


def load(_principal: Principal) -> int:
    """Take every public quiz that nobody has taken yet, as a room of people would.

    Returns:
        How many attempts are new.
    """
    now = utc_now()
    with database.transaction() as session:
        fresh = session.execute(
            sa.select(Quiz.id, Quiz.purpose)
            .where(Quiz.status == "published", ~sa.exists().where(Attempt.quiz_id == Quiz.id))
            .where(sa.or_(Quiz.opens_at.is_(None), Quiz.opens_at <= now))
            .where(sa.or_(Quiz.closes_at.is_(None), Quiz.closes_at > now))
            .order_by(Quiz.id)
        ).all()
    made = sum(_take(quiz_id, purpose) for quiz_id, purpose in fresh)
    telling.tell_results()
    return made


def _take(quiz_id: uuid.UUID, purpose: str) -> int:
    people, knows = _ROOMS[purpose]
    draw = random.Random(quiz_id.int)  # noqa: S311 - the same room on every machine
    for number in range(people):
        begun = service.begin(quiz_id, None, attempt_id=uuid.uuid5(quiz_id, f"attempt/{number}"))
        with database.transaction() as session:
            items = read(session.get_one(Attempt, begun.id).paper)
        # Some know more than others, in all that is asked.
        gifted = min(0.97, max(0.05, draw.gauss(knows, 0.2)))
        given = {item.id: _answer(item, draw.random() < gifted) for item in items}
        service.answer_all(begun.token, given)
        service.hand_in(begun.token)
    return people


def _answer(item: PaperItem, knows: bool) -> object:
    content: dict[str, Any] = item.content
    match item.kind:
        case "true-false":
            return "true" if content["answer"] is knows else "false"
        case "single":
            return next(one["id"] for one in content["choices"] if (one["credit"] == 100) is knows)
        case "multiple":
            right = [one["id"] for one in content["choices"] if one["credit"] > 0]
            return right if knows else right[:1]
        case "matching":
            pairs = content["pairs"]
            matched = {pair["id"]: pair["answer"] for pair in pairs}
            return matched if knows else matched | {pairs[0]["id"]: pairs[-1]["answer"]}
        case "ordering":
            steps = [step["id"] for step in content["steps"]]
            return steps if knows else [*steps[1:], steps[0]]
        case _:
            first = next(iter(content["answers"].values()))[0]["text"]
            return first if knows else "12345"
