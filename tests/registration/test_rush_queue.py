"""The fair queue: a fair draw, nobody let in twice, nothing gained by reloading or haste."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from services.chassis.database import utc_now
from services.chassis.problems import Problem
from services.registration.database import database
from services.registration.rush import gate, line, pressure, proof, waiting
from services.registration.rush.models import Queue, QueuePlace
from tests.registration.ground import an_activity, at_once, edit, person, seats_taken
from tests.registration.test_rush import TYPED, solved

API = "/api/registration/v1"
SECOND = timedelta(seconds=1)


@pytest.fixture(autouse=True)
def easy(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Work that takes no time, and pressure that is measured afresh."""
    monkeypatch.setattr(proof, "COST", 1)
    monkeypatch.setattr(proof, "FEWEST_STEPS", 2)
    monkeypatch.setattr(proof, "MOST_STEPS", 9)
    monkeypatch.setattr(pressure, "_FRESH_FOR", 0.0)
    yield
    pressure.forget()


@pytest.fixture
def browser(client: Callable[..., TestClient]) -> TestClient:
    return client("registration")


def queued(opens_in: float = 300, **changes: object) -> tuple[uuid.UUID, datetime]:
    """An activity with a fair queue that opens in so many seconds, and that moment."""
    opens_at = utc_now() + timedelta(seconds=opens_in)
    return an_activity(fair_queue=True, registration_opens_at=opens_at, **changes), opens_at


def join(activity: uuid.UUID, now: datetime) -> uuid.UUID:
    with database.transaction() as session:
        return line.join(session, activity, now)


def look(activity: uuid.UUID, place: uuid.UUID, now: datetime) -> line.Standing:
    with database.transaction() as session:
        standing = line.look(session, activity, place, now)
    assert standing is not None
    return standing


def use(activity: uuid.UUID, place: uuid.UUID, now: datetime, by: str = "one") -> str | None:
    with database.transaction() as session:
        return line.use(session, activity, place, by, now)


def order(activity: uuid.UUID) -> list[uuid.UUID]:
    """Everybody in line, by place."""
    with database.transaction() as session:
        rows = session.scalars(
            sa.select(QueuePlace)
            .where(QueuePlace.activity_id == activity)
            .order_by(QueuePlace.place)
        ).all()
        assert [row.place for row in rows] == list(range(1, len(rows) + 1))
        return [row.id for row in rows]


def crowd(activity: uuid.UUID, count: int, now: datetime) -> list[uuid.UUID]:
    """So many who come a hundredth of a second apart from ``now`` on."""
    with database.transaction() as session:
        return [
            line.join(session, activity, now + timedelta(milliseconds=10 * number))
            for number in range(count)
        ]


def test_the_draw_is_fair() -> None:
    """Forty came one after the other, eight times: neither first nor last has an advantage."""
    wins, sums = Counter[int](), [0] * 40
    for _ in range(8):
        activity, opens_at = queued()
        came = crowd(activity, 40, opens_at - timedelta(minutes=3))
        look(activity, came[0], opens_at)
        places = {place: number for number, place in enumerate(order(activity))}
        for number, place in enumerate(came):
            sums[number] += places[place]
        wins.update(number for number in range(40) if places[came[number]] < 20)
        assert [places[place] for place in came] != list(range(40))
    # A mean place of 19.5; with eight draws the halves differ by more than 6 once in a million.
    assert abs(sum(sums[:20]) - sum(sums[20:])) / (8 * 20) < 6.5
    assert sum(wins.values()) == 8 * 20


def test_the_draw_is_made_once_and_latecomers_go_to_the_end() -> None:
    activity, opens_at = queued()
    early = crowd(activity, 10, opens_at - SECOND)
    late = [join(activity, opens_at + SECOND), join(activity, opens_at + 2 * SECOND)]
    look(activity, early[0], opens_at + 2 * SECOND)
    drawn = order(activity)
    assert set(drawn[:10]) == set(early)
    assert drawn[10:] == late
    latest = join(activity, opens_at + 3 * SECOND)
    look(activity, early[3], opens_at + timedelta(seconds=5))
    assert order(activity) == [*drawn, latest]


def test_nothing_is_drawn_or_let_in_before_the_opening() -> None:
    activity, opens_at = queued()
    (mine,) = crowd(activity, 1, opens_at - timedelta(minutes=2))
    assert look(activity, mine, opens_at - timedelta(milliseconds=1)).state == "early"
    assert use(activity, mine, opens_at - timedelta(milliseconds=1)) is None
    assert look(activity, mine, opens_at).state == "admitted"


def test_joins_and_the_draw_at_the_same_moment_give_everyone_one_place() -> None:
    activity, opens_at = queued()
    first = crowd(activity, 20, opens_at - SECOND)
    joins = [partial(join, activity, opens_at + SECOND) for _ in range(30)]
    looks = [partial(look, activity, place, opens_at + SECOND) for place in first]
    at_once(*(call for pair in zip(joins, [*looks, *looks[:10]], strict=True) for call in pair))
    assert len(order(activity)) == 50
    with database.transaction() as session:
        assert session.get_one(Queue, activity).last_place == 50


def test_they_are_let_in_in_order_as_there_is_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line, "AT_THE_FORM", 5)
    activity, opens_at = queued()
    came = crowd(activity, 12, opens_at - SECOND)
    look(activity, came[0], opens_at)
    drawn = order(activity)
    states = [look(activity, place, opens_at) for place in drawn]
    assert [standing.state for standing in states] == ["admitted"] * 5 + ["waiting"] * 7
    assert [standing.ahead for standing in states[5:]] == list(range(7))
    assert states[0].until == opens_at + line.TIME_AT_THE_FORM

    for place in drawn[:2]:
        assert use(activity, place, opens_at + SECOND) == "fresh"
    now = opens_at + 3 * SECOND
    look(activity, drawn[6], now)
    assert [look(activity, place, now).state for place in drawn[4:8]] == [
        "admitted", "admitted", "admitted", "waiting",
    ]  # fmt: skip


def test_however_many_ask_at_once_no_more_are_let_in_than_there_is_room(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(line, "AT_THE_FORM", 5)
    activity, opens_at = queued()
    came = crowd(activity, 30, opens_at - SECOND)
    for step in range(3):
        now = opens_at + step * 2 * SECOND
        states = [s.state for s in at_once(*(partial(look, activity, p, now) for p in came))]
        assert states.count("admitted") <= 5
    assert Counter(look(activity, place, now).state for place in came)["admitted"] == 5


def test_without_the_advisory_lock_more_would_be_let_in_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The negative control: were the room counted without the lock, a batch would come twice."""
    monkeypatch.setattr(line, "AT_THE_FORM", 5)
    activity, opens_at = queued()
    crowd(activity, 30, opens_at - SECOND)
    with database.transaction() as session:
        line.move_on(session, activity, opens_at)
    now = opens_at + timedelta(minutes=11)
    with database.transaction() as session:
        session.execute(sa.update(QueuePlace).values(seen_at=now))

    from services.registration.activities.models import Activity

    with database.transaction() as one, database.transaction() as two:
        rooms = [
            line._room(session, session.get_one(Activity, activity), now) for session in (one, two)
        ]
        assert rooms == [5, 5]  # both saw the same room; only the lock keeps one of them out
        assert len(line._let_in(one, one.get_one(Activity, activity), 5, now)) == 5
        one.commit()
        assert len(line._let_in(two, two.get_one(Activity, activity), 5, now)) == 5
    with database.transaction() as session:
        assert line._room(session, session.get_one(Activity, activity), now) == 0
        there = session.scalar(sa.select(sa.func.count()).where(QueuePlace.admitted_at == now))
    assert there == 10


def test_whoever_has_gone_is_passed_over_and_let_in_first_when_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(line, "AT_THE_FORM", 1)
    activity, opens_at = queued()
    crowd(activity, 4, opens_at - timedelta(minutes=5))
    with database.transaction() as session:
        line.move_on(session, activity, opens_at)  # nobody has been seen for five minutes
    first, second, third, _ = order(activity)
    assert look(activity, second, opens_at + 2 * SECOND).state == "admitted"
    assert use(activity, second, opens_at + 3 * SECOND) == "fresh"
    assert look(activity, third, opens_at + 4 * SECOND).state == "admitted"
    assert use(activity, third, opens_at + 5 * SECOND) == "fresh"
    assert look(activity, first, opens_at + 8 * SECOND).state == "admitted"


def test_without_a_waiting_list_no_more_come_to_the_form_than_there_are_seats() -> None:
    activity, opens_at = queued(capacity=3, waiting_list=False)
    came = crowd(activity, 9, opens_at - SECOND)
    look(activity, came[0], opens_at)
    states = Counter(look(activity, place, opens_at).state for place in came)
    assert states == {"admitted": 3, "waiting": 6}


def test_a_place_is_used_once_in_its_time_and_for_its_activity() -> None:
    activity, opens_at = queued()
    another, _ = queued()
    mine, late = crowd(activity, 2, opens_at - SECOND)
    look(activity, mine, opens_at)
    assert use(another, mine, opens_at) is None
    assert use(activity, mine, opens_at) == "fresh"
    assert use(activity, mine, opens_at) == "again"
    assert use(activity, mine, opens_at, "another") is None
    after = opens_at + line.TIME_AT_THE_FORM
    assert use(activity, late, after) is None
    assert look(activity, late, after).state == "lapsed"
    assert look(activity, mine, after).state == "done"
    with database.transaction() as session:
        assert line.look(session, another, mine, opens_at) is None


def test_a_place_is_used_by_one_of_many_requests() -> None:
    activity, opens_at = queued()
    (mine,) = crowd(activity, 1, opens_at - SECOND)
    look(activity, mine, opens_at)
    results = at_once(*(partial(use, activity, mine, opens_at, str(n)) for n in range(12)))
    assert Counter(results) == {"fresh": 1, None: 11}


def test_the_line_stays_until_nobody_is_in_it() -> None:
    activity, opens_at = queued()
    now = opens_at + timedelta(minutes=29)
    assert pressure.pressure_on(activity).queued(now)
    assert not pressure.pressure_on(activity).queued(opens_at - timedelta(minutes=11))
    assert not pressure.pressure_on(activity).queued(opens_at + timedelta(minutes=31))
    join(activity, utc_now())
    assert pressure.pressure_on(activity).queued(opens_at + timedelta(minutes=31))


def test_joining_needs_a_proof_of_its_own_and_the_room_to_be_open() -> None:
    activity, _ = queued()
    solution = solved(activity)
    brought = gate.Brought(proof=solution, turn=None, place="")

    def refusal(wanted: uuid.UUID, given: gate.Brought) -> str:
        with pytest.raises(Problem) as refused:
            waiting.join(wanted, given)
        return refused.value.kind

    assert refusal(activity, gate.Brought(proof="", turn=None, place="")) == "proof-needed"
    waiting.join(activity, brought)
    assert refusal(activity, brought) == "proof-not-valid"
    far_off, _ = queued(opens_in=3600)
    assert refusal(far_off, brought) == "waiting-room-closed"
    assert refusal(an_activity(), brought) == "no-queue"


# --- through pages and calls --------------------------------------------------------------------


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_from_the_waiting_room_to_the_ticket(browser: TestClient, language: str) -> None:
    browser.cookies.set("lingbao_language", language)
    activity, _ = queued()
    slug = f"lecture-{activity.hex[-8:]}"
    here, form = f"/activities/{slug}/queue", f"/activities/{slug}/register"
    assert browser.get(form).headers["location"] == here
    room = browser.get(here)
    assert "altcha-widget" in room.text
    assert 'http-equiv="refresh"' not in room.text  # it would throw the work away

    joined = browser.post(here, data={"altcha": solved(activity)})
    assert joined.headers["location"] == here
    again = browser.post(here, data={})
    assert again.status_code == 303
    with database.transaction() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(QueuePlace)) == 1
    early = browser.get(here)
    assert 'http-equiv="refresh"' in early.text
    assert "hx-get" in early.text
    assert browser.get(form).headers["location"] == here

    edit(activity, registration_opens_at=utc_now() - SECOND)
    part = browser.get(f"/activities/{activity}/queue/state")
    assert form in part.text
    assert "<html" not in part.text
    assert browser.get(form).status_code == 200
    done = browser.post(form, data=TYPED)
    assert done.headers["location"].endswith("?new=1")
    assert seats_taken(activity) == 1
    assert browser.get(form).headers["location"] == here
    refused = browser.post(form, data=TYPED | {"email": "other@example.com"})
    assert refused.status_code == 428
    assert here in refused.text


def test_a_place_is_given_back_when_the_registration_is_refused(browser: TestClient) -> None:
    activity, _ = queued(opens_in=-5)
    (mine,) = crowd(activity, 1, utc_now())
    look(activity, mine, utc_now())
    headers = {"Queue-Place": gate.place_token(mine)}
    here = f"{API}/activities/{activity}/registrations"
    too_many = browser.post(here, json=person(1, party_size=9), headers=headers)
    assert too_many.status_code == 422
    assert browser.post(here, json=person(1), headers=headers).status_code == 201
    # The same again is refused as registered already, and does not free the place for another.
    assert browser.post(here, json=person(1), headers=headers).json()["type"] == (
        "already-registered"
    )
    another = browser.post(here, json=person(2), headers=headers)
    assert (another.status_code, another.json()["type"]) == (428, "queue-first")


def test_the_line_by_calls(browser: TestClient, key: Callable[..., dict[str, str]]) -> None:
    activity, _ = queued()
    here = f"{API}/activities/{activity}"
    refused = browser.post(f"{here}/registrations", json=person(1))
    assert refused.json()["queue"] == f"{here}/queue"
    place = browser.post(f"{here}/queue", headers={"Proof-Of-Work": solved(activity)}).json()
    assert (place["state"], place["ahead"]) == ("early", None)
    mine = {"Queue-Place": place["place"]}
    edit(activity, registration_opens_at=utc_now() - SECOND)
    assert browser.get(f"{here}/queue", headers=mine).json()["state"] == "admitted"
    assert browser.get(f"{here}/queue", headers={"Queue-Place": "x"}).status_code == 404
    assert browser.post(f"{here}/registrations", json=person(1), headers=mine).status_code == 201
    other, _ = queued(opens_in=-5)
    elsewhere = f"{API}/activities/{other}"
    assert browser.get(f"{elsewhere}/queue", headers=mine).status_code == 404
    assert (
        browser.post(f"{elsewhere}/registrations", json=person(1), headers=mine).status_code == 428
    )
    assert (
        browser.post(
            f"{elsewhere}/registrations", json=person(1), headers=key("viewer")
        ).status_code
        == 201
    )


def test_what_the_room_shows_early_late_and_without_a_queue(browser: TestClient) -> None:
    far_off, _ = queued(opens_in=3600)
    slug = f"lecture-{far_off.hex[-8:]}"
    early = browser.get(f"/activities/{slug}/queue")
    assert early.status_code == 200
    assert "altcha-widget" not in early.text
    assert browser.get(f"/activities/{slug}/register").status_code == 303
    over, _ = queued(opens_in=-3600)
    slug = f"lecture-{over.hex[-8:]}"
    assert browser.get(f"/activities/{slug}/queue").headers["location"].endswith("/register")
    assert browser.get(f"/activities/{slug}/register").status_code == 200
    plain = an_activity()
    assert browser.get(f"/activities/lecture-{plain.hex[-8:]}/queue").status_code == 404


def test_lines_that_nobody_looks_at_are_forgotten() -> None:
    activity, opens_at = queued()
    crowd(activity, 2, opens_at)
    with database.transaction() as session:
        line.forget_old(session, utc_now() + timedelta(hours=23))
        assert session.get(Queue, activity) is not None
    with database.transaction() as session:
        line.forget_old(session, utc_now() + timedelta(hours=25))
        assert session.scalar(sa.select(sa.func.count()).select_from(QueuePlace)) == 0
