"""Quizzes to take: a bank with an item of each kind, and whoever answers it."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from services.chassis.database import utc_now
from services.content.attempts import reading, service
from services.content.attempts.paper import PaperItem
from services.content.banks.models import Bank, Item
from services.content.database import database
from services.content.quizzes.codes import fresh_code
from services.content.quizzes.models import Quiz
from tests.conftest import principal


def both(text: str) -> dict[str, str]:
    return {"zh-CN": f"{text}（中）", "en": text}


def choice(mark: str, credit: float) -> dict[str, Any]:
    return {"id": mark, "text": both(f"choice {mark}"), "credit": credit, "feedback": {}}


CONTENTS: dict[str, dict[str, Any]] = {
    "single": {"choices": [choice("aa", 100), choice("bb", 0), choice("cc", 0)]},
    "multiple": {"choices": [choice("dd", 50), choice("ee", 50), choice("ff", -100)]},
    "true-false": {"answer": True, "right_feedback": {}, "wrong_feedback": {}},
    "matching": {
        "pairs": [
            {"id": "p1", "text": both("fire"), "answer": "m1"},
            {"id": "p2", "text": both("police"), "answer": "m2"},
        ],
        "answers": [{"id": "m1", "text": both("119")}, {"id": "m2", "text": both("110")}],
    },
    "short-answer": {"answers": {"en": [{"text": "consulate", "credit": 100, "feedback": ""}]}},
    "ordering": {"steps": [{"id": one, "text": both(f"step {one}")} for one in ("s1", "s2", "s3")]},
}
RIGHT: dict[str, Any] = {
    "single": "aa",
    "multiple": ["dd", "ee"],
    "true-false": "true",
    "matching": {"p1": "m1", "p2": "m2"},
    "short-answer": "Ｃonsulate.",
    "ordering": ["s1", "s2", "s3"],
}
WRONG: dict[str, Any] = {
    "single": "bb",
    "multiple": ["ff"],
    "true-false": "false",
    "matching": {"p1": "m2", "p2": "m1"},
    "short-answer": "110",
    "ordering": ["s3", "s2", "s1"],
}


def a_bank(*kinds: str) -> Bank:
    """A bank with an item of each kind, explained and with a source."""
    with database.transaction() as session:
        bank = Bank(district=None, name=both("bank"), about={})
        session.add(bank)
        session.flush()
        for place, kind in enumerate(kinds or CONTENTS):
            session.add(
                Item(
                    bank_id=bank.id,
                    name=f"item {place}",
                    kind=kind,
                    text=both(f"Question {place}, {kind}?"),
                    content=CONTENTS[kind],
                    explanation=both("Because it is so."),
                    source="https://cs.mfa.gov.cn/",
                    tags=["basics"],
                )
            )
        return bank


def a_quiz(*kinds: str, bank: Bank | None = None, **changes: Any) -> Quiz:
    """A public quiz with an item of each of these kinds (of all six by default)."""
    source = bank or a_bank(*kinds)
    count = len(kinds) or len(CONTENTS)
    quiz = Quiz(
        slug=f"quiz-{uuid.uuid4().hex[:8]}",
        code=fresh_code(),
        published_at=utc_now(),
        draws=[{"bank_id": str(source.id), "tags": [], "count": count}],
        **{
            "title": both("What to know"),
            "summary": both("Six questions"),
            "status": "published",
            "purpose": "open",
            "district": None,
            "activity_id": None,
            "booking_id": None,
            "copied_from": None,
            "minutes": None,
            "attempts_allowed": None,
            "pass_mark": 60,
            "opens_at": None,
            "closes_at": None,
            "show": "at-once",
        }
        | changes,
    )
    quiz.written_by(principal("city-editor"))
    with database.transaction() as session:
        session.add(quiz)
    return quiz


def begun(quiz: Quiz) -> str:
    """The token of a fresh attempt."""
    return service.begin(quiz.id, None).token


def paper(token: str) -> list[PaperItem]:
    """The items of an attempt in their order."""
    return list(reading.look(token).paper)


def fill(token: str, *, right: int | None = None) -> None:
    """Answer everything: rightly, or so many of them and the rest wrongly."""
    items = paper(token)
    most = len(items) if right is None else right
    service.answer_all(
        token,
        {
            item.id: (RIGHT if place < most else WRONG)[item.kind]
            for place, item in enumerate(items)
        },
    )


def taken(quiz: Quiz, *, right: int | None = None) -> str:
    """An attempt that was handed in; its token."""
    token = begun(quiz)
    fill(token, right=right)
    service.hand_in(token)
    return token


def later(**length: float) -> Any:
    """From now on, for the length of a ``with``: seconds, minutes, days ahead."""
    import time_machine

    return time_machine.travel(utc_now() + timedelta(**length))
