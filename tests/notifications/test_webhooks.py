"""Calls to other systems: signed, repeated, given up, guarded; and who may set them up."""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from standardwebhooks import Webhook
from starlette.testclient import TestClient

from services.chassis import outgoing
from services.chassis.crypto import seal
from services.chassis.database import utc_now
from services.chassis.events import Envelope, consume, publish
from services.chassis.settings import settings
from services.notifications.database import database
from services.notifications.delivery.events import DeliveryFailed
from services.notifications.events import HANDLERS
from services.notifications.webhooks import calling
from services.notifications.webhooks.models import WebhookCall, WebhookEndpoint

API = "/api/notifications/v1/webhooks"
ORIGIN = {"Origin": "http://testserver"}
ENGLISH = {"Accept-Language": "en"}


@dataclass
class Receiver:
    """Another system: what it was sent, and how it answers, in turn; 204 when nothing is said."""

    url: str
    taken: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    answers: list[tuple[int, dict[str, str]]] = field(default_factory=list)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    class Talk(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            made.taken.append(({key.lower(): value for key, value in self.headers.items()}, body))
            status, headers = made.answers.pop(0) if made.answers else (204, {})
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Talk)
    made = Receiver(f"http://127.0.0.1:{server.server_address[1]}/hook?token=hidden")
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield made
    server.shutdown()
    server.server_close()


@pytest.fixture
def inside_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings(), "outgoing_allow", ["127.0.0.0/8"])


@pytest.fixture
def api(client: Callable[..., TestClient], key: Callable[..., dict[str, str]]) -> TestClient:
    return client("notifications", headers=key("city-admin"))


def add(api: TestClient, url: str, *events: str) -> dict[str, Any]:
    body = {"name": "值班系统", "url": url, "events": list(events) or ["delivery.failed.v1"]}
    answer = api.post(API, json=body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def something_fails() -> uuid.UUID:
    """A message of ours fails; the event reaches our own handler."""
    subject = uuid.uuid4()
    with database.transaction() as session:
        event = DeliveryFailed(
            subject_id=subject,
            version=1,
            registration_id=None,
            channel="email",
            reason="bounced",
        )
        publish(session, event)
        envelope = Envelope.wrap(event, service="notifications", at=utc_now(), request_id="r-1")
    assert consume(database, HANDLERS, envelope)
    return envelope.id


def calls() -> list[WebhookCall]:
    with database.transaction() as session:
        return list(session.scalars(sa.select(WebhookCall).order_by(WebhookCall.id)))


def endpoint() -> WebhookEndpoint:
    with database.transaction() as session:
        return session.scalars(sa.select(WebhookEndpoint)).one()


# --- calls ------------------------------------------------------------------------------------ #


@pytest.mark.usefixtures("inside_allowed")
def test_an_event_is_told_once_signed_and_without_personal_data(
    api: TestClient, receiver: Receiver
) -> None:
    made = add(api, receiver.url)
    assert made["secret"].startswith("whsec_")
    assert "secret" not in api.get(f"{API}/{made['id']}").json()
    event_id = something_fails()
    assert calling.make_calls() == 1
    assert calling.make_calls() == 0
    [(headers, body)] = receiver.taken
    told = Webhook(made["secret"]).verify(body, headers)
    assert headers["webhook-id"] == str(event_id) == told["id"]
    assert (told["specversion"], told["type"]) == ("1.0", "delivery.failed.v1")
    assert told["data"]["reason"] == "bounced"
    assert "requestid" not in told
    [call] = api.get(f"{API}/{made['id']}/calls").json()["items"]
    assert (call["state"], call["tries"][0]["status"]) == ("done", 204)


@pytest.mark.usefixtures("inside_allowed")
def test_what_is_sealed_never_leaves(api: TestClient, receiver: Receiver) -> None:
    add(api, receiver.url, "broadcast.paused.v1")
    data = {"title": "Floods", "who": seal("王丽"), "list": [seal("x"), {"phone": seal("y")}]}
    envelope = Envelope(
        id=uuid.uuid4(),
        source="/services/notifications",
        type="broadcast.paused.v1",
        subject=f"broadcast/{uuid.uuid4()}",
        time=datetime.now(UTC),
        sequence=3,
        data=data,
    )
    consume(database, HANDLERS, envelope)
    calling.make_calls()
    assert json.loads(receiver.taken[0][1])["data"] == {"title": "Floods", "list": [{}]}


@pytest.mark.usefixtures("inside_allowed")
def test_a_failing_system_is_tried_for_three_days_then_switched_off_and_staff_are_told(
    api: TestClient,
    receiver: Receiver,
    client: Callable[..., TestClient],
    staff: Callable[..., dict[str, str]],
) -> None:
    made = add(api, receiver.url)
    receiver.answers = [(500, {}), (302, {"Location": "http://127.0.0.1:1/"})] + [(503, {})] * 20
    begin = utc_now()
    with time_machine.travel(begin, tick=False) as clock:
        something_fails()
        made_at = [timedelta(0)]
        while calls()[0].state == "waiting" and endpoint().is_active:
            clock.move_to(max(calls()[0].due_at, utc_now()))
            made_at.append(utc_now() - begin)
            assert calling.make_calls() == 1
        assert calls()[0].state in ("waiting", "given-up")
        assert timedelta(days=3) <= made_at[-1] <= timedelta(days=4)
        assert (
            len(receiver.taken) == 10
            and len({head["webhook-id"] for head, _ in receiver.taken}) == 1
        )
        assert endpoint().disabled_at is not None
        # Nothing more is planned or called; staff see why, switch it on, and have it made again.
        something_fails()
        assert len(calls()) == 1 and calling.make_calls() == 0
        browser = client("notifications", cookies=staff("city-admin"), headers=ENGLISH)
        assert "值班系统" in browser.get("/staff/today/notifications").text
        page = browser.get(f"/staff/webhooks/{made['id']}")
        assert "Switched off by itself" in page.text
        assert api.post(f"{API}/{made['id']}/test").json()["type"] == "webhook-switched-off"
        api.patch(f"{API}/{made['id']}", json={"is_active": True})
        receiver.answers = []
        [call] = api.get(f"{API}/{made['id']}/calls").json()["items"]
        replayed = api.post(f"{API}/{made['id']}/calls/{call['id']}/replay")
        assert replayed.status_code == 200, replayed.text
        assert calling.make_calls() == 1
        assert calls()[0].state == "done" and endpoint().failing_since is None
        again = api.post(f"{API}/{made['id']}/calls/{call['id']}/replay").json()
        assert again["state"] == "waiting"
        open_call = api.post(f"{API}/{made['id']}/calls/{call['id']}/replay").json()
        assert open_call["type"] == "webhook-call-open"


@pytest.mark.usefixtures("inside_allowed")
def test_gone_switches_off_at_once_and_retry_after_is_heard(
    api: TestClient, receiver: Receiver
) -> None:
    add(api, receiver.url)
    receiver.answers = [(429, {"Retry-After": "3600"}), (410, {})]
    something_fails()
    calling.make_calls()
    wait = calls()[0].due_at - utc_now()
    assert timedelta(minutes=59) < wait <= timedelta(hours=1)
    with time_machine.travel(utc_now() + timedelta(hours=2)):
        calling.make_calls()
    assert not endpoint().is_active


@pytest.mark.usefixtures("inside_allowed")
def test_a_fresh_secret_signs_beside_the_old_one_for_a_day(
    api: TestClient, receiver: Receiver
) -> None:
    made = add(api, receiver.url)
    fresh = api.post(f"{API}/{made['id']}/rotate", headers={"Idempotency-Key": "k"}).json()
    same = api.post(f"{API}/{made['id']}/rotate", headers={"Idempotency-Key": "k"}).json()
    assert fresh["secret"] == same["secret"] != made["secret"]
    assert api.post(f"{API}/{made['id']}/test").status_code == 202
    calling.make_calls()
    headers, body = receiver.taken[0]
    for secret in (made["secret"], fresh["secret"]):
        assert Webhook(secret).verify(body, headers)["type"] == "webhook.test.v1"
    with time_machine.travel(utc_now() + timedelta(days=1, minutes=1)):
        something_fails()
        calling.make_calls()
        headers, body = receiver.taken[1]
        Webhook(fresh["secret"]).verify(body, headers)
        assert len(headers["webhook-signature"].split()) == 1


@pytest.mark.usefixtures("inside_allowed")
def test_what_a_dead_worker_held_is_called_by_another(api: TestClient, receiver: Receiver) -> None:
    add(api, receiver.url)
    something_fails()
    [held] = calling.claim(utc_now())
    assert calling.make_calls() == 0
    with time_machine.travel(utc_now() + calling.LEASE + timedelta(seconds=1)):
        assert calling.make_calls() == 1
    # The dead one was only slow: what it has to say is overtaken.
    calling.record(held, calling.Answer(500, "late", 1.0), utc_now())
    assert calls()[0].state == "done" and endpoint().failing_since is None


def test_what_waits_at_a_system_that_is_off_is_not_kept_for_ever(api: TestClient) -> None:
    add(api, "https://hook.example.com/")
    something_fails()
    calling.forget_old(utc_now() + calling.KEPT - timedelta(minutes=1))
    assert [call.state for call in calls()] == ["waiting"]
    calling.forget_old(utc_now() + calling.KEPT + timedelta(minutes=1))
    assert calls() == []


# --- the guard -------------------------------------------------------------------------------- #


def _resolving(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> None:
    """Names are found as a hostile name server would answer, each time another."""
    left = list(answers)

    async def resolved(_host: str, _port: int) -> list[str]:
        return left.pop(0)

    monkeypatch.setattr(outgoing, "_resolved", resolved)


@pytest.mark.parametrize(
    "address",
    [
        "169.254.169.254",
        "127.0.0.1",
        "10.0.0.7",
        "100.64.0.1",
        "224.0.0.1",
        "0.0.0.0",
        "::1",
        "fe80::1%eth0",
        "fd00::1",
        "::ffff:127.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "fec0::1",
        "192.0.0.8",
        "ff02::1",
    ],
)
def test_no_call_goes_to_an_address_inside(
    api: TestClient, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    _resolving(monkeypatch, [address])
    add(api, "https://hook.example.com/")
    something_fails()
    calling.make_calls()
    assert calls()[0].tries[0]["said"] == outgoing.INSIDE


@pytest.mark.usefixtures("inside_allowed")
def test_the_address_that_was_judged_is_the_one_that_is_called(
    api: TestClient, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = receiver.url.split(":")[2].partition("/")[0]
    add(api, f"http://hook.example.com:{port}/")
    # Asked once a connection: there is no second answer that a connection could follow.
    _resolving(monkeypatch, ["127.0.0.1"])
    something_fails()
    calling.make_calls()
    assert receiver.taken[0][0]["host"] == f"hook.example.com:{port}"
    # One good address does not make up for one inside.
    _resolving(monkeypatch, ["127.0.0.1", "10.0.0.7"])
    something_fails()
    calling.make_calls()
    assert calls()[1].tries[0]["said"] == outgoing.INSIDE
    assert len(receiver.taken) == 1


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("http://169.254.169.254/latest/meta-data", "inside our own network"),
        ("https://[::1]/", "inside our own network"),
        ("https://2130706433/", "inside our own network"),
        ("https://0177.0.0.1/", "inside our own network"),
        ("https://0x7f.1/", "inside our own network"),
        ("https://[::ffff:10.0.0.1]/", "inside our own network"),
        ("ftp://hook.example.com/", "whole address"),
        ("https://me:secret@hook.example.com/", "user name"),
        ("https://hook.example.com:99999/", "whole address"),
        ("https://hook .example.com/", "whole address"),
        ("javascript:alert(1)", "whole address"),
    ],
)
def test_a_bad_address_is_refused_at_the_form_with_a_sentence(
    api: TestClient, url: str, says: str
) -> None:
    body = {"name": "x", "url": url, "events": ["delivery.failed.v1"]}
    answer = api.post(API, json=body, headers=ENGLISH)
    assert answer.status_code == 422
    assert says in answer.json()["errors"][0]["message"]


def test_production_takes_https_alone(api: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings(), "environment", "production")
    body = {"name": "x", "url": "http://hook.example.com/", "events": ["delivery.failed.v1"]}
    assert api.post(API, json=body).status_code == 422
    assert api.post(API, json=body | {"url": "https://hook.example.com/"}).status_code == 201


# --- staff ------------------------------------------------------------------------------------ #


def test_only_city_administrators_set_them_up(
    client: Callable[..., TestClient], key: Callable[..., dict[str, str]]
) -> None:
    browser = client("notifications")
    for role, district in (("city-editor", None), ("district-admin", "110102"), ("viewer", None)):
        for path in (API, "/staff/webhooks", "/staff/webhooks/new"):
            assert browser.get(path, headers=key(role, district)).status_code == 403


def test_the_pages_lead_from_the_form_to_the_secret_and_back(
    client: Callable[..., TestClient], staff: Callable[..., dict[str, str]]
) -> None:
    browser = client("notifications", cookies=staff("city-admin"), headers=ORIGIN)
    assert "还没有" in browser.get("/staff/webhooks").text
    wrong = browser.post(
        "/staff/webhooks/new", data={"name": "值班系统", "url": "http://10.0.0.1/"}
    )
    assert wrong.status_code == 422 and 'value="值班系统"' in wrong.text
    form = {
        "name": "值班系统",
        "url": "https://hook.example.com/?token=hidden",
        "events": ["broadcast.started.v1", "broadcast.finished.v1"],
        "_once": "1",
    }
    made = browser.post("/staff/webhooks/new", data=form)
    assert made.status_code == 201 and "whsec_" in made.text
    assert made.headers["cache-control"] == "no-store"
    assert browser.post("/staff/webhooks/new", data=form).text.count("whsec_") > 0
    listed = browser.get("/staff/webhooks")
    assert listed.text.count("值班系统") == 1 and "token=hidden" not in listed.text
    here = f"/staff/webhooks/{endpoint().id}"
    assert "hook.example.com" in browser.get(here).text
    assert browser.get(f"{here}/edit").status_code == 200
    assert browser.post(f"{here}/edit", data=form | {"name": "新名称"}).status_code == 303
    assert endpoint().name == "新名称"
    assert browser.get(f"{here}/rotate").status_code == 200
    assert "whsec_" in browser.post(f"{here}/rotate", data={"_once": "2"}).text
    assert browser.post(f"{here}/switch", data={"to": "off"}).status_code == 303
    assert browser.post(f"{here}/test").status_code == 409
    assert "无法撤销" in browser.get(f"{here}/delete").text
    assert browser.post(f"{here}/delete").status_code == 303
    assert browser.get(here).status_code == 404
