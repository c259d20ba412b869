"""Attempts at a quiz of the samples, made by the public call."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from tests.stack import Stack

API = "/api/content/v1"


@dataclass(frozen=True)
class Quizzes:
    """Paths: a quiz's door, an attempt that is open, one handed in; ``id`` of the quiz."""

    id: str
    door: str
    going: str
    result: str


def take(stack: Stack) -> Quizzes:
    """Begin an open quiz twice, and hand one of them in."""
    status, listed = stack.call("GET", f"{API}/quizzes")
    assert status == 200, listed
    quiz = listed["items"][0]
    made = []
    for _ in range(2):
        status, attempt = stack.call("POST", f"{API}/quizzes/{quiz['id']}/attempts", {})
        assert status == 201, attempt
        made.append(attempt)
    status, done = stack.call("POST", f"{API}/attempts/{made[1]['token']}/hand-in")
    assert status == 200, done
    going, result = (urlsplit(attempt["url"]).path for attempt in made)
    return Quizzes(quiz["id"], urlsplit(quiz["url"]).path, going, result)
