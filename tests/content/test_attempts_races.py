"""Handing in at once, and answers that cross a handing in: what counts is settled by the row."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from services.chassis.problems import Problem
from services.content.attempts import service
from services.content.attempts.models import Attempt
from services.content.database import database
from tests.content.quizzing import RIGHT, WRONG, a_quiz, begun, fill, paper
from tests.stack import eventually


def at_once(act: Callable[[], object], times: int) -> list[object]:
    """So many calls, begun at the same moment: what each came to."""
    ready = threading.Barrier(times)

    def one(_: int) -> object:
        ready.wait()
        try:
            return act()
        except Problem as problem:
            return problem.kind

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(one, range(times)))


def waits_for_a_row() -> bool:
    """Whether a statement of this database waits for another's row."""
    with database.engine.connect() as connection:
        waiting = connection.scalar(
            sa.text(
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
        )
    return bool(waiting)


def stored(token: str) -> Attempt:
    with database.transaction() as session:
        return session.get_one(Attempt, service.read_token(token))


def test_two_hand_ins_at_once_score_once():
    token = begun(a_quiz())
    fill(token)
    counted = at_once(lambda: service.hand_in(token), 6)
    assert sorted(map(bool, counted)) == [False] * 5 + [True]
    assert stored(token).score == 6


def test_without_the_lock_both_would_count(monkeypatch):
    """The negative control of the test above."""
    token = begun(a_quiz("single"))
    seen = threading.Barrier(2)

    def unlocked(session, attempt_id):
        attempt = session.get(Attempt, attempt_id)
        seen.wait()
        return attempt

    monkeypatch.setattr(service, "locked", unlocked)
    assert at_once(lambda: service.hand_in(token), 2) == [True, True]


def cross(monkeypatch: pytest.MonkeyPatch, token: str) -> object:
    """An answer that is sent while the handing in is under way: what came of it."""
    item = paper(token)[0]
    marked, go_on = threading.Event(), threading.Event()
    finish = service._finish

    def slowly(*arguments):
        finish(*arguments)
        arguments[0].flush()
        marked.set()
        assert go_on.wait(60)

    monkeypatch.setattr(service, "_finish", slowly)

    def answer() -> object:
        try:
            service.answer(token, item.id, RIGHT[item.kind])
        except Problem as problem:
            return problem.kind
        return "taken"

    with ThreadPoolExecutor(2) as pool:
        handing_in = pool.submit(service.hand_in, token)
        assert marked.wait(60)
        answering = pool.submit(answer)
        eventually(waits_for_a_row, every=0.01)
        go_on.set()
        assert handing_in.result() is True
        return answering.result()


def test_an_answer_that_crosses_the_handing_in_changes_nothing(monkeypatch):
    token = begun(a_quiz("single"))
    fill(token, right=0)
    assert cross(monkeypatch, token) == "handed-in"
    attempt = stored(token)
    assert list(attempt.responses.values()) == [WRONG["single"]] and attempt.score == 0


def test_without_the_condition_it_would_stand_beside_a_mark_that_is_not_its_own(monkeypatch):
    """The negative control of the test above."""
    token = begun(a_quiz("single"))
    fill(token, right=0)
    careless = sa.text(str(service._SAVE).replace("finished_at IS NULL AND", ""))
    monkeypatch.setattr(service, "_SAVE", careless)
    assert cross(monkeypatch, token) == "taken"
    attempt = stored(token)
    assert list(attempt.responses.values()) == [RIGHT["single"]] and attempt.score == 0


def test_answers_at_once_are_all_kept():
    token = begun(a_quiz())
    items = paper(token)
    turn = iter(items * 2)  # each twice: a double tap
    lock = threading.Lock()

    def answer() -> None:
        with lock:
            item = next(turn)
        service.answer(token, item.id, RIGHT[item.kind])

    assert at_once(answer, len(items) * 2) == [None] * len(items) * 2
    service.hand_in(token)
    assert stored(token).score == len(items)


def test_beginning_twice_at_once_with_the_last_attempt_begins_once():
    quiz = a_quiz("single", attempts_allowed=2)
    first = service.begin(quiz.id, None)
    service.hand_in(first.token)
    both = at_once(lambda: service.begin(quiz.id, first.visitor), 4)
    assert len({one.id for one in both}) == 1
