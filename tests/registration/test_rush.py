"""Limits and proofs of work: who may register how often, and what a rush asks for."""

from __future__ import annotations

import base64
import json
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial
from itertools import pairwise
from typing import Any

import altcha
import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from services.chassis.database import utc_now
from services.chassis.problems import Problem
from services.chassis.settings import settings
from services.registration.database import database
from services.registration.registrations import service as registrations
from services.registration.rush import limits, pressure, proof, waiting
from services.registration.rush.models import ProofUsed
from tests.registration.ground import (
    an_activity,
    at_once,
    begun,
    outcome,
    person,
    register,
    token,
)

API = "/api/registration/v1"


@pytest.fixture
def browser(client: Callable[..., TestClient]) -> TestClient:
    return client("registration")


@pytest.fixture
def easy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Work that takes no time."""
    monkeypatch.setattr(proof, "COST", 1)
    monkeypatch.setattr(proof, "FEWEST_STEPS", 2)
    monkeypatch.setattr(proof, "MOST_STEPS", 9)


@pytest.fixture
def busy(monkeypatch: pytest.MonkeyPatch, easy: None) -> Iterator[uuid.UUID]:
    """An activity under a rush: two registrations a minute are one."""
    monkeypatch.setattr(settings(), "rush_rate", 2)
    activity = an_activity(capacity=100)
    for number in (901, 902):
        register(activity, number)
    pressure.forget()
    yield activity
    pressure.forget()


def solved(activity: uuid.UUID) -> str:
    """A fresh challenge's solution, as the widget writes it."""
    given = proof.challenge(activity)
    challenge = altcha.Challenge.from_dict(given)
    solution = altcha.solve_challenge(challenge)
    assert solution is not None
    return altcha.Payload(challenge, solution).to_base64()


def use(activity: uuid.UUID, solution: str, used_by: str = "one") -> str:
    try:
        with database.transaction() as session:
            proof.use_solution(session, activity, solution, used_by)
    except Problem as problem:
        return problem.kind
    return "taken"


# --- limits -------------------------------------------------------------------------------------


def test_one_contact_has_only_so_many_live_registrations(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings(), "most_registrations", 2)
    first, second = register(an_activity(), 1), register(an_activity(), 1)
    assert outcome(an_activity(), 1) == "too-many-registrations"
    assert outcome(an_activity(), 2) == "confirmed"
    registrations.cancel(token(first))
    assert outcome(an_activity(), 1) == "confirmed"
    assert outcome(an_activity(), 1) == "too-many-registrations"
    begun(second.activity_id)
    assert outcome(an_activity(), 1) == "confirmed"


def test_either_address_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings(), "most_registrations", 2)
    register(an_activity(), 1, phone="13812345678")
    register(an_activity(), 2, phone="13812345678")
    assert outcome(an_activity(), 3, phone="138 1234 5678") == "too-many-registrations"
    assert outcome(an_activity(), 3) == "confirmed"


def plan_of(word: str, act: Callable[[], object]) -> str:
    """How PostgreSQL carries out the statement with ``word`` in it that ``act`` sends."""
    seen: list[tuple[str, Any]] = []

    def note(_c: Any, _cursor: Any, statement: str, given: Any, *_rest: Any) -> None:
        if word in statement:
            seen.append((statement, given))

    sa.event.listen(database.engine, "before_cursor_execute", note)
    try:
        act()
    finally:
        sa.event.remove(database.engine, "before_cursor_execute", note)
    ((statement, given),) = seen
    with database.engine.begin() as connection:
        # A table of three rows is read faster without any index.
        connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        return "\n".join(connection.exec_driver_sql(f"EXPLAIN {statement}", given).scalars())


def test_limit_and_rate_are_looked_up_by_index() -> None:
    """Without sequential scans there is a way: PostgreSQL takes it as soon as it is shorter."""
    activity = an_activity()

    def within() -> None:
        with database.transaction() as session:
            limits.must_be_within(session, "a@example.com", "+8613800138000", utc_now())

    assert "Seq Scan on registrations" not in plan_of("count(*)", within)
    rate = plan_of("fair_queue", lambda: pressure.pressure_on(activity))
    assert "Seq Scan on registrations" not in rate


# --- proofs -------------------------------------------------------------------------------------


@pytest.mark.usefixtures("easy")
def test_a_solution_counts_once_but_the_same_request_may_come_twice() -> None:
    activity = an_activity()
    solution = solved(activity)
    assert use(activity, solution) == "taken"
    assert use(activity, solution) == "taken"
    assert use(activity, solution, "another") == "proof-not-valid"


@pytest.mark.usefixtures("easy")
def test_of_many_who_use_one_solution_one_gets_through() -> None:
    activity = an_activity()
    solution = solved(activity)
    results = at_once(*(partial(use, activity, solution, str(n)) for n in range(12)))
    assert Counter(results) == {"taken": 1, "proof-not-valid": 11}


@pytest.mark.usefixtures("easy")
def test_a_solution_is_for_its_own_activity_and_time(monkeypatch: pytest.MonkeyPatch) -> None:
    activity = an_activity()
    assert use(an_activity(), solved(activity)) == "proof-not-valid"
    monkeypatch.setattr(proof, "LIFETIME", timedelta(seconds=-1))
    assert use(activity, solved(activity)) == "proof-not-valid"


@pytest.mark.usefixtures("easy")
def test_what_is_changed_or_made_up_is_no_solution() -> None:
    activity = an_activity()
    read = json.loads(base64.b64decode(solved(activity)))

    def changed(**parts: Any) -> str:
        return base64.b64encode(json.dumps(read | parts).encode()).decode()

    later = {"parameters": {**read["challenge"]["parameters"], "expiresAt": 9_999_999_999}}
    made_up = [
        "", "e30=", "nonsense", "W10=", "bnVsbA==", "\N{SNOWMAN}", "A" * 9_000,
        base64.b64encode(b"[" * 3000).decode(),
        changed(solution={"counter": 1, "derivedKey": "00" * 32}),
        changed(solution=None),
        changed(challenge={**read["challenge"], **later}),
        changed(challenge={**read["challenge"], "signature": ""}),
        changed(challenge={"parameters": None}),
    ]  # fmt: skip
    assert {use(activity, text) for text in made_up} == {"proof-not-valid"}


@pytest.mark.usefixtures("easy")
def test_expired_proofs_are_forgotten() -> None:
    activity = an_activity()
    use(activity, solved(activity))
    waiting.forget()
    with database.transaction() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(ProofUsed)) == 1
        proof.forget_used(session, utc_now() + timedelta(hours=1))
        assert session.scalar(sa.select(sa.func.count()).select_from(ProofUsed)) == 0


# --- turns: without the work --------------------------------------------------------------------


def turn(activity: uuid.UUID, asked_at: datetime | None = None) -> tuple[str, float]:
    """A turn for somebody who asks at that moment, and in how many seconds from then on it is."""
    now = asked_at or utc_now()
    with database.transaction() as session:
        given, at = proof.give_turn(session, activity, now)
    return given, (at - now).total_seconds()


def use_turn(activity: uuid.UUID, given: str, after: float, used_by: str = "one") -> str:
    try:
        with database.transaction() as session:
            now = utc_now() + timedelta(seconds=after)
            proof.use_turn(session, activity, given, used_by, now)
    except Problem as problem:
        return problem.kind
    return "taken"


def test_turns_come_one_a_second_however_many_ask() -> None:
    activity = an_activity()
    same_moment = utc_now()
    given = sorted(seconds for _, seconds in at_once(*[partial(turn, activity, same_moment)] * 10))
    assert 14 < given[0] < 16
    apart = [later - sooner for sooner, later in pairwise(given)]
    assert all(0.5 < gap < 1.5 for gap in apart)


def test_a_turn_is_used_from_its_moment_on_once_and_where_it_was_given() -> None:
    activity = an_activity()
    given, _ = turn(activity)
    assert use_turn(activity, given, 0) == "turn-not-yet"
    assert use_turn(an_activity(), given, 16) == "proof-not-valid"
    assert use_turn(activity, given, 16) == "taken"
    assert use_turn(activity, given, 16, "another") == "proof-not-valid"
    assert use_turn(activity, given + "x", 16) == "proof-not-valid"


def test_when_too_many_wait_for_turns_no_more_are_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proof, "LATEST_TURN", timedelta(seconds=17))
    activity = an_activity()
    for _ in range(4):
        turn(activity)
    with pytest.raises(Problem) as refused:
        turn(activity)
    assert refused.value.kind == "too-many-turns"


# --- the gate -----------------------------------------------------------------------------------


def test_in_the_ordinary_nothing_is_asked(browser: TestClient) -> None:
    activity = an_activity()
    answer = browser.post(f"{API}/activities/{activity}/registrations", json=person(1))
    assert answer.status_code == 201
    assert "data-work" not in browser.get(f"/activities/lecture-{activity.hex[-8:]}/register").text


def test_in_a_rush_a_call_needs_a_proof(
    browser: TestClient, busy: uuid.UUID, key: Callable[..., dict[str, str]]
) -> None:
    here = f"{API}/activities/{busy}"
    refused = browser.post(f"{here}/registrations", json=person(1))
    assert (refused.status_code, refused.json()["type"]) == (428, "proof-needed")
    given = altcha.Challenge.from_dict(browser.get(refused.json()["challenge"]).json())
    solution = altcha.solve_challenge(given)
    assert solution is not None
    header = {"Proof-Of-Work": altcha.Payload(given, solution).to_base64()}
    assert browser.post(f"{here}/registrations", json=person(1), headers=header).status_code == 201
    again = browser.post(f"{here}/registrations", json=person(2), headers=header)
    assert again.json()["type"] == "proof-not-valid"
    program = browser.post(f"{here}/registrations", json=person(3), headers=key("viewer"))
    assert program.status_code == 201


def test_somebody_on_the_machine_itself_is_not_asked(
    client: Callable[..., TestClient], busy: uuid.UUID
) -> None:
    local = client("registration", client=("127.0.0.1", 5))
    answer = local.post(f"{API}/activities/{busy}/registrations", json=person(1))
    assert answer.status_code == 201
    through_the_front = local.post(
        f"{API}/activities/{busy}/registrations",
        json=person(2),
        headers={"X-Forwarded-For": "203.0.113.5"},
    )
    assert through_the_front.status_code == 428


TYPED = {
    "name": "王芳",
    "email": "wang@example.com",
    "party_size": "1",
    "consents.privacy_version": "2026-11",
}


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_in_a_rush_the_form_works_by_itself_and_without_script_it_gives_a_turn(
    browser: TestClient, busy: uuid.UUID, monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    browser.cookies.set("lingbao_language", language)
    here = f"/activities/lecture-{busy.hex[-8:]}/register"
    page = browser.get(here)
    assert "altcha-widget" in page.text
    assert "'unsafe" not in page.headers["content-security-policy"]

    waits = browser.post(here, data=TYPED)
    assert waits.status_code == 428
    assert "wang@example.com" in waits.text
    given = waits.text.partition('name="_turn" value="')[2].partition('"')[0]
    early = browser.post(here, data=TYPED | {"_turn": given})
    assert early.status_code == 428
    assert given in early.text
    later = utc_now() + timedelta(seconds=20)
    monkeypatch.setattr("services.registration.rush.gate.utc_now", lambda: later)
    assert browser.post(here, data=TYPED | {"_turn": given}).status_code == 303


def test_the_same_form_sent_twice_in_a_rush_registers_once(
    browser: TestClient, busy: uuid.UUID
) -> None:
    here = f"/activities/lecture-{busy.hex[-8:]}/register"
    typed = TYPED | {"_once": "a1", "altcha": solved(busy)}
    first, second = browser.post(here, data=typed), browser.post(here, data=typed)
    assert (first.status_code, second.status_code) == (303, 303)
    assert first.headers["location"] == second.headers["location"]


def test_a_rush_passes(busy: uuid.UUID, monkeypatch: pytest.MonkeyPatch) -> None:
    assert pressure.pressure_on(busy).crowded
    later = utc_now() + timedelta(minutes=2)
    monkeypatch.setattr(pressure, "utc_now", lambda: later)
    pressure.forget()
    assert not pressure.pressure_on(busy).crowded
    assert pressure.pressure_on(uuid.uuid4()) == pressure.Pressure()
