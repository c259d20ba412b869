"""Broadcasts in full: again to some, what an approver answers for, acts at any moment."""

from __future__ import annotations

import json
import random
import re
import threading
import uuid
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from services.chassis.auth import Principal
from services.chassis.database import utc_now
from services.chassis.problems import Problem
from services.notifications.broadcasts import again, reading, sending, writing
from services.notifications.broadcasts.models import Broadcast
from services.notifications.broadcasts.schemas import BroadcastChange
from services.notifications.database import database
from services.notifications.delivery import lanes
from tests.notifications.broadcasting import (
    approved,
    author,
    body,
    draft,
    let,
    people,
    person,
    sent,
)
from tests.sink import SmtpSink

API = "/api/notifications/v1/broadcasts"
Outbox = Callable[[str], list[Any]]
Visit = Callable[[Principal], TestClient]


# --- Again, to some ---


def test_again_to_those_not_reached(
    smtp: SmtpSink, client: Callable[..., TestClient], key: Callable[..., dict[str, str]]
) -> None:
    addresses = people(3)
    first = sent(expires_at=(utc_now() + timedelta(hours=1)).isoformat())
    let(first, addresses[0], state="failed", last_reply="554 5.7.1 refused")
    let(first, addresses[1], state="bounced")
    api, headers = client("notifications"), key("city-editor") | {"Idempotency-Key": "k"}
    answers = [api.post(f"{API}/{first.id}/resend", headers=headers) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    made = answers[0].json()
    assert answers[1].json()["id"] == made["id"], "asked twice, made once"
    assert made["status"] == "draft"
    assert made["audience"]["of_broadcast"] == str(first.id)
    assert made["expires_at"] is not None, "still to come, so it still holds"
    with pytest.raises(Problem) as refused:
        sending.send(author(), uuid.UUID(made["id"]))
    assert refused.value.kind == "broadcast-not-approved"
    writing.submit(author(), uuid.UUID(made["id"]))
    writing.approve(author(), uuid.UUID(made["id"]))
    sending.send(author(), uuid.UUID(made["id"]))
    lanes.run_lane("bulk", sending.look_after)
    assert [len(smtp.to(address)) for address in addresses] == [2, 1, 1]


def test_again_is_refused_where_it_makes_no_sense(visit: Visit) -> None:
    people(1)
    waiting = approved()
    for act, kind in ((again.resend, "broadcast-not-begun"), (again.follow_up, None)):
        with pytest.raises(Problem) as refused:
            act(author(), waiting.id)
        assert refused.value.kind in (kind, "broadcast-not-begun")
    asks_nothing = sent()
    with pytest.raises(Problem) as refused:
        again.follow_up(author(), asks_nothing.id)
    assert refused.value.kind == "broadcast-asks-nothing"
    with pytest.raises(Problem) as refused:
        again.resend(author("110105"), asks_nothing.id)
    assert refused.value.kind == "other-district"
    with pytest.raises(Problem) as refused:
        draft(author(), audience={"of_broadcast": str(asks_nothing.id), "whose": "unanswered"})
    assert [error.field for error in refused.value.errors] == ["audience.whose"]
    with pytest.raises(Problem) as refused:
        draft(author("110102"), audience={"of_broadcast": str(asks_nothing.id), "whose": "failed"})
    assert [error.field for error in refused.value.errors] == ["audience.of_broadcast"]


def test_following_up_from_the_page(visit: Visit) -> None:
    people(2)
    first = sent(urgency="emergency", asks=True)
    browser = visit(author())
    url = f"/staff/broadcasts/{first.id}"
    assert f'href="{url}/follow-up"' in browser.get(url).text
    asking = browser.get(f"{url}/follow-up").text
    assert "As of now it would reach 2 people." in asking
    found = re.search(r'name="_once" value="(\w+)"', asking)
    assert found
    made = [browser.post(f"{url}/follow-up", data={"_once": found[1]}) for _ in range(2)]
    assert made[0].status_code == 303
    assert made[0].headers["location"] == made[1].headers["location"]
    page = browser.get(made[0].headers["location"]).text
    assert "Those who have not answered the earlier broadcast" in page
    form = browser.get(made[0].headers["location"].replace("?done=again", "/edit")).text
    assert f'name="audience.of_broadcast" value="{first.id}"' in form


# --- What an approver answers for ---


@pytest.mark.parametrize(
    "change", [{"drill": True}, {"asks": True}, {"stop_after": 3}], ids=["drill", "asks", "limit"]
)
def test_each_of_these_needs_a_new_approval(change: dict[str, Any]) -> None:
    people(1)
    person("drill@example.com", on_drill_list=True)
    broadcast = approved()
    changed = writing.edit(author(), broadcast.id, BroadcastChange(**change))
    assert changed.status == "draft"
    assert changed.content_hash != broadcast.content_hash


def test_a_drill_reaches_the_drill_list_and_says_so(
    smtp: SmtpSink, outbox: Outbox, visit: Visit
) -> None:
    people(2)
    person("drill@example.com", on_drill_list=True, wants_broadcasts=False)
    broadcast = sent(drill=True, urgency="emergency")
    assert [taken.message["To"] for taken in smtp.to("drill@example.com")] != []
    assert smtp.to("person0@example.com") == []
    [taken] = smtp.to("drill@example.com")
    assert "演练" in taken.message["Subject"]
    assert taken.text.startswith("这是一次演练"), "whoever opens it from a notice reads no subject"
    told = [event.data for event in outbox("notifications") if event.type.startswith("broadcast.")]
    assert all(data["drill"] and data["title"].startswith("【演练 DRILL】") for data in told)
    page = visit(author()).get(f"/staff/broadcasts/{broadcast.id}").text
    assert "This is a drill" in page
    assert '<body class="emergency' not in page


def test_the_form_reads_times_in_the_zone_that_it_names(visit: Visit) -> None:
    browser = visit(author())
    typed: dict[str, Any] = {
        "title": "T",
        "urgency": "routine",
        "channels": ["email"],
        "audience.districts": ["110102"],
        "audience.travelling_until": "2027-01-02",
        "message.en.subject": "S",
        "message.en.body": "Hello {{ nobody }}",
        "timezone": "Europe/Berlin",
        "send_at": "2099-03-29T02:30",
        "stop_after": "0",
    }
    page = browser.post("/staff/broadcasts/new", data=typed)
    assert page.status_code == 422
    # Berlin's clocks go from 02:00 to 03:00 that night.
    assert "The clocks there skip this time" in page.text
    assert 'href="#field-stop_after"' in page.text
    typed |= {"send_at": "2099-03-29T03:30", "stop_after": "7"}
    page = browser.post("/staff/broadcasts/new", data=typed)
    for field in ("message.en.body", "audience.travelling_on"):
        assert f'href="#field-{field}"' in page.text
    typed |= {"message.en.body": "Hello", "audience.travelling_on": "2027-01-01"}
    saved = browser.post("/staff/broadcasts/new", data=typed)
    assert saved.status_code == 303, saved.text
    [line] = reading.listed(author()).items
    assert line.send_at == datetime(2099, 3, 29, 1, 30, tzinfo=UTC)
    stored = reading.read(author(), line.id)
    assert (stored.timezone, stored.stop_after) == ("Europe/Berlin", 7)
    assert "after more than 7 failures" in browser.get(saved.headers["location"]).text


# --- On the way ---


def test_its_own_limit_pauses_even_an_emergency(outbox: Outbox) -> None:
    addresses = people(4)
    broadcast = approved(urgency="emergency", stop_after=1)
    sending.send(author(), broadcast.id)
    for address in addresses[:2]:
        let(broadcast, address, state="failed")
    sending.look_after(utc_now())
    now = reading.read(author(), broadcast.id)
    assert (now.status, now.pause_reason) == ("paused", "errors")
    sending.resume(author(), broadcast.id)
    sending.cancel(author(), broadcast.id)
    told = [event for event in outbox("notifications") if event.type.startswith("broadcast.")]
    assert [event.type.split(".")[1] for event in told] == [
        "approved",
        "started",
        "paused",
        "started",
        "cancelled",
    ]
    assert told[2].data["reason"] == "errors"
    assert told[-1].data["counts"]["cancelled"] == 2
    versions = [event.sequence for event in told]
    assert versions == sorted(set(versions)), "each later than the one before"
    assert "person0" not in json.dumps([event.data for event in told])


def test_cancelled_before_its_time_nothing_goes_out(smtp: SmtpSink) -> None:
    people(3)
    broadcast = approved(send_at=(utc_now() + timedelta(hours=1)).isoformat())
    assert sending.send(author(), broadcast.id).status == "scheduled"
    assert sending.cancel(author(), broadcast.id).counts.cancelled == 3
    sending.look_after(utc_now() + timedelta(hours=2))
    assert lanes.run_lane("bulk", sending.look_after) == 0
    assert reading.read(author(), broadcast.id).status == "cancelled"
    assert smtp.taken == []


def test_acts_at_random_moments_leave_every_message_in_one_state(
    smtp: SmtpSink, rounds: int
) -> None:
    """Workers send while others pause, resume and at last cancel, or not, at any moment."""
    addresses = people(60)
    for seed in range(rounds):
        chance = random.Random(seed)
        smtp.clear()
        broadcast = approved(title=f"Round {seed}")
        sending.send(author(), broadcast.id)
        over = threading.Event()

        def work(over: threading.Event = over) -> None:
            while not over.is_set():
                lanes.run_lane("bulk", sending.look_after)
                over.wait(0.01)

        with ThreadPoolExecutor(2) as pool:
            workers = [pool.submit(work) for _ in range(2)]
            for act in chance.choices([sending.pause, sending.resume], k=6):
                over.wait(chance.random() / 20)
                try:
                    act(author(), broadcast.id)
                except Problem as problem:
                    assert problem.kind == "broadcast-state"
            if seed % 2 == 0:
                try:
                    sending.cancel(author(), broadcast.id)
                except Problem as problem:
                    assert problem.kind == "broadcast-state", "all had gone out"
            over.set()
            for worker in workers:
                worker.result()
        sending.look_after(utc_now())
        end = reading.read(author(), broadcast.id)
        states = end.counts.model_dump(exclude={"total"})
        assert sum(states.values()) == end.counts.total == 60
        copies = Counter(one.message["To"] for one in smtp.taken)
        assert set(copies.values()) <= {1}, "nobody was told twice"
        assert len(smtp.taken) == end.counts.accepted
        if end.status == "cancelled":
            assert end.counts.pending == end.counts.sending == 0
        elif end.status != "sent":
            sending.cancel(author(), broadcast.id)
    assert addresses


# --- In the table and by the calls ---


def test_origin_is_unique_in_the_table() -> None:
    first, second = draft(), draft()
    with pytest.raises(sa.exc.IntegrityError), database.transaction() as session:
        both = sa.update(Broadcast).where(Broadcast.id.in_([first.id, second.id]))
        session.execute(both.values(origin="advisory/x/1"))


def test_the_calls_take_what_the_page_takes(
    client: Callable[..., TestClient], key: Callable[..., dict[str, str]]
) -> None:
    api = client("notifications")
    wanted = body(drill=True, asks=True, stop_after=5)
    made = api.post(API, json=wanted, headers=key("city-editor"))
    assert made.status_code == 201, made.text
    assert {name: made.json()[name] for name in ("drill", "asks", "stop_after")} == {
        "drill": True,
        "asks": True,
        "stop_after": 5,
    }
