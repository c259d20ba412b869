"""Throttles that workers share, the brake, the warm-up plan, and what staff see and decide."""

from __future__ import annotations

import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import pytest
import redis.asyncio
import sqlalchemy as sa

from services.chassis.database import utc_now
from services.chassis.relays import MailRelay
from services.notifications.broadcasts import sending
from services.notifications.broadcasts.models import Broadcast
from services.notifications.database import database
from services.notifications.delivery import lanes, lease
from services.notifications.delivery.models import Delivery
from services.notifications.delivery.service import Address, Planned, plan
from services.notifications.messages import composers
from services.notifications.messages.content import MailContent
from services.notifications.senders import brake, health, standing, throttle, warmup
from services.notifications.senders.background import background
from services.notifications.senders.models import SenderState
from services.notifications.senders.outcome import Outcome, Verdict
from services.notifications.senders.throttle import Throttle
from tests.conftest import principal
from tests.notifications import broadcasting, told
from tests.sink import SmtpSink

RELAY = "127.0.0.1"  # the tests' relay has no name of its own


@pytest.fixture(autouse=True)
def _a_kind(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    content = MailContent("主题", "zh-CN", "正文", "<p>正文</p>")
    monkeypatch.setitem(composers.COMPOSERS, "a-test", lambda _session, _delivery: content)
    standing.forget()
    yield
    standing.forget()


def _plan(number: int, lane: str = "transactional") -> None:
    with database.transaction() as session:
        for index in range(number):
            message = Planned("a-test", f"test/{lane}/{index}", "zh-CN", lane=lane)  # type: ignore[arg-type]
            plan(session, [Address("email", f"person{index}@example.com")], message)


# One in a hundred seconds, five at once: what may go at once is all that goes while a test runs.
_TAKER = """
import sys
from services.notifications.senders.background import background
from services.notifications.senders.throttle import Throttle

async def work(name):
    throttle = Throttle(name, 0.01, burst=5)
    return sum([await throttle.reserve(patience=0) == 0 for _ in range(8)])

print("ready", flush=True)
sys.stdin.readline()
print(background().run(work(sys.argv[1])))
"""


@pytest.mark.parametrize("shared", [True, False])
def test_two_processes_share_a_throttle(shared: bool) -> None:
    names = [str(uuid.uuid4())] * 2 if shared else [str(uuid.uuid4()), str(uuid.uuid4())]
    takers = [
        subprocess.Popen(
            [sys.executable, "-c", _TAKER, name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for name in names
    ]
    for taker in takers:
        assert taker.stdout is not None
        assert taker.stdout.readline() == "ready\n"
    began = time.monotonic()
    for taker in takers:
        assert taker.stdin is not None
        taker.stdin.write("go\n")
        taker.stdin.flush()
    taken = sum(int(taker.communicate(timeout=60)[0]) for taker in takers)
    assert taken == (5 if shared else 10), "two names are two throttles"
    wait = background().run(Throttle(names[0], 0.01, burst=5).reserve())
    assert 99 - (time.monotonic() - began) < wait <= 100


def test_without_redis_a_throttle_goes_on_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> Any:
        raise redis.ConnectionError("gone")

    monkeypatch.setattr(throttle, "_script", away)
    alone = Throttle(str(uuid.uuid4()), 0.01, burst=2)
    waits = [background().run(alone.reserve()) for _ in range(4)]
    assert waits[:2] == [0.0, 0.0]
    assert 50 < waits[2] <= 100 < waits[3] <= 200
    assert background().run(alone.reserve(patience=100)) > 100
    assert background().run(alone.reserve()) <= 300, "what was not waited for was not taken"


def test_a_message_that_is_held_uses_up_nothing() -> None:
    delivery = Delivery(
        attempts=1, planned_at=utc_now() - timedelta(days=3), history=[], channel="email"
    )
    now = utc_now()
    done = lease.judged(delivery, Outcome(Verdict.HELD, "later", wait=600), now)
    assert (done.values["state"], done.values["attempts"], done.failed) == ("pending", 0, None)
    assert done.values["due_at"] - now > timedelta(minutes=7)
    # Nor does its waiting count as trying, once it is tried.
    away = lease.judged(delivery, Outcome(Verdict.UNREACHABLE, "away"), now)
    assert away.values["state"] == "pending"


def test_its_history_tells_each_thing_once(smtp: SmtpSink) -> None:
    smtp.at_recipient["person0@example.com"] = "451 4.3.2 not now"
    _plan(1)
    for _ in range(2):
        lanes.run_lane("transactional")
        told.make_due()
    smtp.at_recipient.clear()
    lanes.run_lane("transactional")
    [delivery] = told.deliveries()
    assert delivery.sender == RELAY
    assert [(item["state"], item["sender"]) for item in delivery.history] == [
        ("pending", RELAY),
        ("accepted", RELAY),
    ]
    [sender] = health.listed()
    assert (sender.day.accepted, sender.day.deferred, sender.standing) == (1, 2, "well")
    # That one recipient has to wait is no failure of the relay.
    assert sender.failure is None


def test_a_plan_for_getting_known() -> None:
    first = date(2026, 11, 1)
    days = [warmup.allowed(first, first + timedelta(days=day)) for day in range(-1, 21)]
    assert days[:4] == [0, 200, 300, 450]
    assert days[-2:] == [None, None]


def test_what_was_sent_today_counts_against_the_plan(smtp: SmtpSink) -> None:
    _plan(3)
    lanes.run_lane("transactional")
    relay = MailRelay.from_url(smtp.url)
    warming = MailRelay(**{**vars(relay), "warm_up": (utc_now() + timedelta(hours=8)).date()})
    with database.transaction() as session:
        assert standing.left_today(session, [relay], utc_now()) == {}
        assert standing.left_today(session, [warming], utc_now()) == {RELAY: 197}


def _sent(number: int, state: str) -> None:
    """So many deliveries that the relay took, and what became of them."""
    _plan(number, lane="bulk")
    with database.transaction() as session:
        session.execute(
            sa.update(Delivery)
            .where(Delivery.state == "pending", Delivery.kind == "a-test")
            .values(
                state=state,
                sender=RELAY,
                sent_at=utc_now(),
                dedupe_key=sa.func.gen_random_uuid().cast(sa.String),
            )
        )
        if session.get(SenderState, RELAY) is None:
            session.add(SenderState(name=RELAY, channel="email", resting=False, brake="off"))


def _broadcast_status(identifier: uuid.UUID) -> tuple[str, str | None]:
    with database.transaction() as session:
        found = session.get_one(Broadcast, identifier)
        return found.status, found.pause_reason


def test_the_brake_slows_stops_and_is_released_by_a_person() -> None:
    broadcasting.people(2)
    routine = broadcasting.approved()
    emergency = broadcasting.approved(urgency="emergency")
    for broadcast in (routine, emergency):
        sending.send(broadcasting.author(), broadcast.id)
    _sent(90, "accepted")
    _sent(9, "bounced")
    brake.look_after_senders(utc_now())
    assert health.listed()[0].bounce_rate is None, "too few to say"
    _sent(51, "accepted")
    brake.look_after_senders(utc_now())
    [sender] = health.listed()
    assert (sender.brake, sender.bounce_rate) == ("slow", pytest.approx(0.06))
    standing.forget()
    assert standing.braked("bulk")
    assert not standing.braked("urgent")
    _sent(10, "bounced")
    brake.look_after_senders(utc_now())
    assert health.listed()[0].brake == "stop"
    assert _broadcast_status(routine.id) == ("paused", "bounces")
    assert _broadcast_status(emergency.id)[0] == "sending"
    health.release_brake(principal("city-admin"), RELAY)
    brake.look_after_senders(utc_now())
    assert health.listed()[0].brake == "off"
    sending.resume(broadcasting.author(), routine.id)
    brake.look_after_senders(utc_now())
    assert _broadcast_status(routine.id)[0] == "sending"


def test_staff_lay_a_relay_to_rest_and_wake_it(
    client: Callable[..., Any], staff: Callable[..., dict[str, str]], smtp: SmtpSink
) -> None:
    here = {"Sec-Fetch-Site": "same-origin"}
    web = client("notifications", cookies=staff("city-admin"), headers=here)
    asked = web.get(f"/staff/senders/{RELAY}/rest", headers={"Accept-Language": "en"})
    assert "No other sender is left" in asked.text
    assert web.post(f"/staff/senders/{RELAY}/rest").status_code == 303
    _plan(1)
    lanes.run_lane("transactional")
    assert told.states() == ["pending"]
    assert told.deliveries()[0].attempts == 0
    page = web.get("/staff/senders", headers={"Accept-Language": "zh-CN"})
    assert "已由工作人员停用" in page.text
    web.post(f"/staff/senders/{RELAY}/wake")
    told.make_due()
    lanes.run_lane("transactional")
    assert told.states() == ["accepted"]
    assert web.post("/staff/senders/nobody/rest").status_code == 404
    assert 'lingbao_sender_up{sender="127.0.0.1"} 1.0' in web.get("/api/notifications/metrics").text


@pytest.mark.parametrize(
    ("role", "district", "sees", "acts"),
    [
        ("city-admin", None, True, True),
        ("city-editor", None, True, False),
        ("district-editor", "110102", True, False),
        ("check-in", "110102", False, False),
    ],
)
def test_who_may_see_and_act(
    role: str,
    district: str | None,
    sees: bool,
    acts: bool,
    request: pytest.FixtureRequest,
) -> None:
    client, key = request.getfixturevalue("client"), request.getfixturevalue("key")
    web = client("notifications", headers=key(role, district))
    assert web.get("/api/notifications/v1/senders").status_code == (200 if sees else 403)
    path = f"/api/notifications/v1/senders/{RELAY}/release-brake"
    assert web.post(path).status_code == (204 if acts else 403)
