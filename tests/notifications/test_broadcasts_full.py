"""Broadcasts in full: again to some, acts at any moment, drafts from advisories, live parts."""

from __future__ import annotations

import asyncio
import io
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
from openpyxl import load_workbook
from starlette.testclient import TestClient

from services.chassis import auth
from services.chassis.auth import Principal
from services.chassis.database import utc_now
from services.chassis.problems import Problem
from services.notifications.broadcasts import again, live, reading, sending, writing
from services.notifications.broadcasts.models import Broadcast
from services.notifications.broadcasts.schemas import BroadcastChange, BroadcastLine, BroadcastOut
from services.notifications.database import database
from services.notifications.delivery import lanes
from services.notifications.delivery.models import Delivery
from tests.conftest import principal
from tests.notifications.broadcasting import approved, author, body, draft, people, person
from tests.notifications.told import hear
from tests.sink import SmtpSink

API = "/api/notifications/v1/broadcasts"
HERE = {"Sec-Fetch-Site": "same-origin", "Accept-Language": "en"}
Outbox = Callable[[str], list[Any]]


@pytest.fixture
def visit(client: Callable[..., TestClient]) -> Callable[[Principal], TestClient]:
    """A browser in which somebody is signed in."""

    def make(who: Principal) -> TestClient:
        found = client("notifications", headers=HERE)
        found.cookies.set(auth.SESSION_COOKIE, auth.credential_for(who))
        return found

    return make


Visit = Callable[[Principal], TestClient]


def sent(**changes: Any) -> BroadcastOut:
    broadcast = approved(**changes)
    sending.send(author(), broadcast.id)
    lanes.run_lane("urgent", sending.look_after)
    lanes.run_lane("bulk", sending.look_after)
    return broadcast


def let(broadcast: BroadcastOut, address: str, **values: Any) -> None:
    """Let something have become of the message to an address."""
    with database.transaction() as session:
        for delivery in session.scalars(
            sa.select(Delivery).where(Delivery.broadcast_id == broadcast.id)
        ):
            if delivery.address == address:
                session.execute(
                    sa.update(Delivery)
                    .where(Delivery.id == delivery.id)
                    .values(**values)
                    .execution_options(synchronize_session=False)
                )


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


# --- Advisories ---


def advisory(identifier: uuid.UUID, version: int, level: str, **changes: Any) -> None:
    hear(
        f"advisory.{'withdrawn' if changes.get('withdrawn') else 'published'}.v1",
        f"advisory/{identifier}",
        version,
        {
            "subject_id": str(identifier),
            "version": version,
            "country": "TH",
            "level": level,
            "word": "take-care",
            "headline": {"zh-CN": "南部洪水", "en": "Floods in the south"},
            "advice": {"zh-CN": "请远离河岸。", "en": "Stay away from rivers."},
            "valid_from": utc_now().isoformat(),
            "url": "http://testserver/advisories/x",
        }
        | changes,
    )


def drafted() -> list[tuple[str, str]]:
    lines: list[BroadcastLine] = list(reading.listed(author(), limit=100).items)
    return [(line.urgency, line.status) for line in reversed(lines)]


def test_an_advisory_becomes_a_draft_for_two_people(visit: Visit) -> None:
    person("li@example.com")
    identifier = uuid.uuid4()
    advisory(identifier, 1, "red")
    advisory(identifier, 1, "red")
    assert drafted() == [("emergency", "draft")]
    [line] = reading.listed(author()).items
    assert line.origin == f"advisory/{identifier}/1"
    found = reading.read(author(), line.id)
    assert found.audience.countries == ["TH"]
    assert found.message.english.subject == "Thailand: Floods in the south"
    assert "http://testserver/advisories/x" in found.message.chinese.sms
    editor = author()
    assert "waits for you to read it" in visit(editor).get("/staff/today/notifications").text
    assert "Drafted from an advisory" in visit(editor).get(f"/staff/broadcasts/{line.id}").text
    writing.submit(editor, line.id)
    with pytest.raises(Problem) as refused:
        writing.approve(editor, line.id)
    assert refused.value.kind == "own-broadcast"
    assert writing.approve(author(), line.id).status == "approved"


def test_only_news_is_drafted() -> None:
    identifier = uuid.uuid4()
    advisory(identifier, 1, "yellow")
    advisory(identifier, 2, "yellow", headline={"zh-CN": "洪水加剧"})
    assert drafted() == [("routine", "cancelled"), ("routine", "draft")], "it follows its advisory"
    [newest, _] = reading.listed(author()).items
    writing.edit(author(), newest.id, BroadcastChange(title="Read by a person"))
    advisory(identifier, 3, "yellow")
    assert len(drafted()) == 2, "nothing new, and a person's work is left alone"
    advisory(identifier, 4, "orange")
    assert drafted()[1:] == [("routine", "draft"), ("important", "draft")]
    advisory(identifier, 5, "blue")
    assert drafted()[2:] == [("important", "cancelled"), ("routine", "draft")]
    advisory(identifier, 6, "blue", withdrawn=True)
    assert drafted()[3:] == [("routine", "cancelled")]
    over = (utc_now() - timedelta(days=1)).isoformat()
    advisory(uuid.uuid4(), 1, "red", valid_until=over)
    assert len(drafted()) == 4, "it is over already"


# --- Watching ---


def test_failures_are_grouped_by_what_the_servers_said(visit: Visit) -> None:
    addresses = people(5)
    broadcast = sent()
    for number, address in enumerate(addresses[:3]):
        reply = f"554 5.7.1 rejected, id=4Xy{number}99881{number}Q"
        let(broadcast, address, state="failed", last_reply=reply)
    let(broadcast, addresses[3], state="bounced", last_reply="550 5.1.1 no such user")
    browser = visit(author())
    groups = browser.get(f"{API}/{broadcast.id}/failures").json()
    assert [(group["state"], group["count"]) for group in groups] == [("failed", 3), ("bounced", 1)]
    assert groups[0]["reason"] == "554 5.7.1 rejected, id=…"
    assert len(groups[0]["examples"]) == 3
    assert groups[0]["examples"][0]["address"] == "p•••@example.com"
    page = browser.get(f"/staff/broadcasts/{broadcast.id}").text
    assert "550 5.1.1 no such user" in page
    assert f'href="/staff/broadcasts/{broadcast.id}/resend"' in page


def test_a_recipient_is_found_and_followed(visit: Visit) -> None:
    people(2)
    broadcast = sent()
    url = f"/staff/broadcasts/{broadcast.id}"
    browser = visit(author())
    page = browser.post(f"{url}/find", data={"address": " Person1@Example.com "}).text
    found = re.search(rf'href="({url}/deliveries/[0-9a-f-]+)"', page)
    assert found, page
    history = browser.get(found[1])
    assert history.status_code == 200
    assert "Handed over" in history.text
    assert "person1@example.com" not in history.text
    nobody = browser.post(f"{url}/find", data={"address": "x@example.com"})
    assert "No message went to this address" in nobody.text
    wrong = browser.post(f"{url}/find", data={"address": "nonsense"})
    assert wrong.status_code == 422
    assert 'value="nonsense"' in wrong.text
    other = sent(title="Other")
    elsewhere = found[1].replace(str(broadcast.id), str(other.id))
    assert browser.get(elsewhere).status_code == 404
    assert visit(author("110105")).get(found[1]).status_code == 403


def test_the_file_of_recipients_runs_nothing(visit: Visit) -> None:
    people(2)
    broadcast = sent(title="=1+1")
    let(broadcast, "person0@example.com", state="failed", last_reply="=HYPERLINK(1)")
    browser = visit(author())
    url = f"/staff/broadcasts/{broadcast.id}/export"
    text = browser.post(url, data={"format": "csv"}).content.decode("utf-8-sig")
    assert "'=HYPERLINK(1)" in text
    assert text.count("\r\n") == 3
    book = load_workbook(io.BytesIO(browser.post(url, data={"format": "xlsx"}).content))
    rows = list(book.active.iter_rows(values_only=True))
    assert {row[1] for row in rows[1:]} == {"person0@example.com", "person1@example.com"}
    assert visit(principal("viewer")).post(url).status_code == 403


def test_it_is_told_while_it_goes(
    client: Callable[..., TestClient], key: Callable[..., dict[str, str]], visit: Visit
) -> None:
    people(2)
    broadcast = sent()
    api, url = client("notifications"), f"{API}/{broadcast.id}/events"
    told = api.get(url, headers=key("viewer"))
    assert told.headers["content-type"].startswith("text/event-stream")
    events = re.findall(r"event: (\w+)\ndata: (.*)\n", told.text)
    assert [name for name, _ in events] == ["progress", "end"]
    assert json.loads(events[0][1])["broadcast"]["counts"]["accepted"] == 2
    assert api.get(url, headers=key("district-editor", "110105")).status_code == 403
    assert api.get(f"{API}/{uuid.uuid4()}/events", headers=key("viewer")).status_code == 404
    page = visit(author()).get(f"/staff/broadcasts/{broadcast.id}/live").text
    assert 'data: <section class="section" id="progress"' in page
    assert "Handed over" in page, "in the reader's language"


def test_a_change_is_told_and_a_pause_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    people(3)
    broadcast = approved()
    sending.send(author(), broadcast.id)
    monkeypatch.setattr(live, "EVERY", 0.01)

    async def watched() -> list[str]:
        seen = []
        async for now in live.watch(author(), broadcast.id):
            seen.append(now.broadcast.status)
            if len(seen) == 1:
                await asyncio.to_thread(sending.pause, author(), broadcast.id)
            elif len(seen) == 2:
                await asyncio.to_thread(sending.cancel, author(), broadcast.id)
        return seen

    assert asyncio.run(watched()) == ["sending", "paused", "cancelled"]


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
