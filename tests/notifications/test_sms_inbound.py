"""What comes back from telephones and providers: receipts, opt-outs, answers, everything else."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from services.chassis.database import utc_now
from services.chassis.settings import settings
from services.notifications.consents.models import Consent
from services.notifications.contacts.service import is_unsubscribed
from services.notifications.database import database
from services.notifications.delivery import lanes
from services.notifications.delivery.models import Delivery
from services.notifications.delivery.service import Address, Planned, plan
from services.notifications.inbound import asking, messages, sessions
from services.notifications.inbound.calls import callback_url, token
from services.notifications.inbound.heard import heard
from services.notifications.inbound.models import InboundMessage, ReceiptAsk
from services.notifications.inbound.words import is_opt_out
from services.notifications.senders.configured import Senders, senders
from services.notifications.senders.sms.failover import Providers
from services.notifications.senders.sms.sender import FromPhone, NoSms, Receipt, mark
from services.notifications.webhooks.signing import signed_headers
from tests.notifications import told
from tests.notifications.sms_contract import PHONE, TRIALS, close, register_templates, send
from tests.providers import centre, gateway
from tests.stack import eventually

CALLS = "/api/notifications/v1"


def accepted(
    provider: str, provider_id: str | None, phone: str = PHONE, state: str = "accepted"
) -> uuid.UUID:
    """A message that a provider took some minutes ago."""
    with database.transaction() as session:
        [identifier] = plan(
            session,
            [Address("sms", phone)],
            Planned(kind="sms-stopped", key=f"test/{uuid.uuid4()}", language="zh-CN"),
        )
        long_ago = utc_now() - timedelta(minutes=10)
        session.execute(
            sa.update(Delivery)
            .where(Delivery.id == identifier)
            .values(
                state=state,
                sender=provider,
                provider_id=provider_id,
                sent_at=long_ago,
                planned_at=long_ago,
                attempts=1,
            )
        )
        return identifier


def state_of(identifier: uuid.UUID) -> str:
    [delivery] = told.deliveries(id=identifier)
    return delivery.state


def inbound() -> list[InboundMessage]:
    with database.transaction() as session:
        return list(session.scalars(sa.select(InboundMessage).order_by(InboundMessage.id)))


def from_phone(text: str, phone: str = PHONE, message_id: str = "") -> FromPhone:
    return FromPhone(message_id or uuid.uuid4().hex, phone, text, utc_now())


def beijing(**later: float) -> str:
    moment = datetime.now(UTC) + timedelta(hours=8) + timedelta(**later)
    return f"{moment:%Y-%m-%d %H:%M:%S}"


@pytest.fixture
def caller(client: Callable[..., TestClient]) -> TestClient:
    return client("notifications")


def aliyun_report(biz_id: str, *, phone: str = "13800138000", **changes: Any) -> dict[str, Any]:
    return {
        "phone_number": phone,
        "send_time": beijing(minutes=-10),
        "report_time": beijing(minutes=-9),
        "success": True,
        "err_code": "DELIVERED",
        "err_msg": "用户接收成功",
        "sms_size": "1",
        "biz_id": biz_id,
        "out_id": "",
    } | changes


def test_receipts_of_a_batch_out_of_order_and_twice(caller: TestClient) -> None:
    """One reference for a whole batch: the number tells its messages apart."""
    first = accepted("aliyun", "biz-1")
    second = accepted("aliyun", "biz-1", "+8613800138001")
    unanswered = accepted("aliyun", None, "+8613800138002", "unknown")
    url = f"{CALLS}/receipts/aliyun?token={token('aliyun')}"
    reports = [
        aliyun_report("biz-1"),
        aliyun_report("biz-1", phone="13800138001", success=False, err_code="MK:0012"),
        aliyun_report("biz-9", phone="13800138002", out_id=f"0123456789,{mark(unanswered)}"),
        aliyun_report("of-somebody-else", phone="13800138003"),
    ]
    for _ in range(2):
        answer = caller.post(url, json=reports)
        assert (answer.status_code, answer.json()) == (200, {"code": 0, "msg": "OK"})
    # Too late and the other way round: nothing moves back.
    caller.post(url, json=[aliyun_report("biz-1", success=False)])
    assert [state_of(one) for one in (first, second, unanswered)] == [
        "delivered",
        "failed",
        "delivered",
    ]
    [failed] = told.deliveries(id=second)
    assert failed.last_reply is not None
    assert failed.last_reply.startswith("MK:0012")
    assert len(failed.history) == 1


def test_a_receipt_that_is_faster_than_our_note_has_to_come_again(caller: TestClient) -> None:
    url = f"{CALLS}/receipts/aliyun?token={token('aliyun')}"
    report = aliyun_report("biz-1", report_time=beijing())
    assert caller.post(url, json=[report]).status_code == 503
    known = accepted("aliyun", "biz-1")
    assert caller.post(url, json=[report]).status_code == 200
    assert state_of(known) == "delivered"


@pytest.mark.parametrize("provider", ["aliyun", "tencent", "webhook", "smpp"])
def test_forged_and_damaged_calls(caller: TestClient, provider: str) -> None:
    delivery = accepted(provider, "biz-1")
    other = "tencent" if provider == "aliyun" else "aliyun"
    for bad in ("", "?token=", f"?token={token(other)}", "?token=" + "A" * 43):
        for kind in ("receipts", "inbound"):
            answer = caller.post(f"{CALLS}/{kind}/{provider}{bad}", json=[aliyun_report("biz-1")])
            assert answer.status_code == (404 if provider == "smpp" else 401)
            assert "token" not in answer.text
    assert state_of(delivery) == "accepted"
    if provider in ("aliyun", "tencent"):
        genuine = callback_url("receipts", provider).removeprefix(settings().public_url)
        for body in (b"not json", b"[1]", b"[{}]", b"[" * 20_000, b'{"success": true}'):
            assert caller.post(genuine, content=body).status_code == 422
    assert state_of(delivery) == "accepted"


def test_tencent_and_a_gateway_tell_in_their_own_ways(
    caller: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_tencent, at_gateway = accepted("tencent", "serial-1"), accepted("webhook", "g-1")
    answer = caller.post(
        f"{CALLS}/receipts/tencent?token={token('tencent')}",
        json=[
            {
                "user_receive_time": beijing(minutes=-5),
                "nationcode": "86",
                "mobile": "13800138000",
                "report_status": "SUCCESS",
                "errmsg": "DELIVRD",
                "description": "用户短信送达成功",
                "sid": "serial-1",
            }
        ],
    )
    assert answer.json() == {"result": 0, "errmsg": "OK"}
    reply = {"mobile": "13800138000", "nationcode": "86", "text": "ＴＤ", "time": 1_790_000_000}
    for _ in range(2):
        caller.post(f"{CALLS}/inbound/tencent?token={token('tencent')}", json=reply)
    assert [message.meaning for message in inbound()] == ["opt-out"]

    monkeypatch.setattr(settings(), "sms_webhook_secret", gateway.SECRET)
    report = {"id": str(at_gateway), "state": "delivered", "at": utc_now().isoformat()}
    body = json.dumps([report]).encode()
    headers = signed_headers([gateway.SECRET], "call-1", utc_now(), body)
    changed = body.replace(b"delivered", b"failed")
    forged = caller.post(f"{CALLS}/receipts/webhook", content=changed, headers=headers)
    assert forged.status_code == 401
    assert state_of(at_gateway) == "accepted"
    assert caller.post(f"{CALLS}/receipts/webhook", content=body, headers=headers).is_success
    assert [state_of(one) for one in (at_tencent, at_gateway)] == ["delivered", "delivered"]


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("退订", True),
        ("TD", True),
        ("ｔｄ", True),
        (" Ｔ ", True),
        ("“退订”。", True),
        ("回T退订", True),
        ("回复TD", True),
        ("stop", True),
        ("Unsubscribe.", True),
        ("我不想退订", False),
        ("请问如何退订？", False),
        ("stop by at ten", False),
        ("1", False),
        ("", False),
        ("退订" * 1000, False),
    ],
)
def test_opt_out_words(text: str, means: bool) -> None:
    assert is_opt_out(text) is means


def test_an_opt_out_counts_once_and_is_confirmed_once() -> None:
    """Told five times at the same moment, and said again later."""
    told_at_once = from_phone("退订")
    with ThreadPoolExecutor(5) as threads:
        list(threads.map(lambda _: heard("smpp", told_at_once), range(5)))
    heard("smpp", from_phone("TD"))
    with database.transaction() as session:
        assert is_unsubscribed(session, "sms", PHONE)
        given = session.scalars(sa.select(Consent)).all()
        assert {(one.source, one.given) for one in given} == {("sms", False)}
    assert [message.meaning for message in inbound()] == ["opt-out", "opt-out"]
    assert all(message.text is None and message.address is None for message in inbound())
    [confirmation] = told.deliveries(kind="sms-stopped")
    assert (confirmation.channel, confirmation.language) == ("sms", "zh-CN")


def test_where_it_is_not_approved_no_confirmation_is_tried() -> None:
    register_templates()
    heard("aliyun", from_phone("退订"))
    assert told.deliveries() == []
    assert [message.meaning for message in inbound()] == ["opt-out"]


def test_what_staff_read(
    caller: TestClient,
    staff: Callable[..., dict[str, str]],
    key: Callable[..., dict[str, str]],
) -> None:
    heard("smpp", from_phone("请问明天的讲座还有名额吗"))
    [message] = inbound()
    caller.headers["Sec-Fetch-Site"] = "same-origin"
    page = f"/staff/senders/inbound/{message.id}/seen"
    for role, district, status in (
        ("district-admin", "110102", 403),
        ("viewer", None, 403),
        ("city-editor", None, 200),
    ):
        caller.cookies.update(staff(role, district))
        assert caller.get("/staff/senders/inbound").status_code == status
        assert caller.post(page).status_code == (303 if status == 200 else status)
    shown = caller.get("/staff/senders/inbound?lang=en").text
    assert "请问明天的讲座还有名额吗" in shown
    assert "Mark as read" not in shown
    caller.cookies.clear()
    items = caller.get(f"{CALLS}/inbound", headers=key("city-editor")).json()["items"]
    assert [(item["phone"], item["seen_at"] is not None) for item in items] == [(PHONE, True)]
    assert messages.forget_old(utc_now() + timedelta(days=29)) == 0
    assert messages.forget_old(utc_now() + timedelta(days=31)) == 1


@pytest.fixture
def smpp(monkeypatch: pytest.MonkeyPatch) -> Iterator[centre.Centre]:
    trial = TRIALS["smpp"]
    trial.server.start()
    trial.server.clear()
    ways = Providers({"smpp": trial.make(trial.server.url, True)}, 1000)
    monkeypatch.setattr(lanes, "senders", lambda: Senders(senders().email, ways))
    monkeypatch.setattr(sessions, "senders", lambda: Senders(senders().email, ways))
    assert isinstance(trial.server, centre.Centre)
    yield trial.server
    close(ways)
    trial.server.stop()


def test_a_session_with_a_message_centre(smpp: centre.Centre) -> None:
    """Long texts in numbered parts, a receipt for the whole, answers, and signs of life."""
    told.registration("confirmed", told.activity(told.soon(days=3)), email=None, phone=PHONE)
    lanes.run_lane("transactional")
    [delivery] = told.deliveries()
    assert (delivery.state, delivery.sender) == ("accepted", "smpp")
    [taken] = smpp.taken
    assert taken.text.startswith("【领保中心】您已报名")
    total = len(smpp.parts)
    assert smpp.parts == [(n, total, int(n == total)) for n in range(1, total + 1)]
    assert total > 1

    smpp.tell(centre.receipt(str(delivery.provider_id), "ENROUTE"))
    smpp.tell(centre.receipt(str(delivery.provider_id), "DELIVRD"))
    smpp.tell(centre.from_phone(PHONE, "退订"))
    smpp.tell(centre.from_phone(PHONE, "STOP"))
    eventually(lambda: len(smpp.confirmed) == 4)
    assert smpp.confirmed == [0] * 4
    assert state_of(delivery.id) == "delivered"
    assert [message.meaning for message in inbound()] == ["opt-out", "opt-out"]
    # What is not known yet is to be told again.
    smpp.tell(centre.receipt("not-noted-yet", "DELIVRD"))
    eventually(lambda: len(smpp.confirmed) == 5)
    assert smpp.confirmed[-1] == 0x64
    eventually(lambda: "ENQUIRE_LINK" in smpp.calls)


def test_a_process_that_sends_nothing_is_bound_all_the_same(smpp: centre.Centre) -> None:
    sessions.listen()
    smpp.tell(centre.from_phone(PHONE, "你好"))
    eventually(lambda: len(inbound()) == 1)
    assert inbound()[0].text == "你好"


def test_receipts_are_asked_for_where_none_come(monkeypatch: pytest.MonkeyPatch) -> None:
    """In bounds, by one worker at a time, and no more once it is known."""
    register_templates()
    trial = TRIALS["aliyun"]
    trial.server.start()
    trial.server.clear()
    ways = Providers({"aliyun": trial.make(trial.server.url, True)}, 1000)
    monkeypatch.setattr(asking, "senders", lambda: Senders(senders().email, ways))
    try:
        known = accepted("aliyun", "biz-1")
        unknown = accepted("aliyun", None, "+8613800138001", "unknown")
        silent = accepted("aliyun", "biz-2", "+8613800138002")
        for identifier, phone in ((known, PHONE), (unknown, "+8613800138001")):
            send(ways, phone, reference=identifier)
        trial.server.calls.clear()
        with ThreadPoolExecutor(4) as threads:
            settled = list(threads.map(lambda _: asking.ask_for_receipts(utc_now()), range(4)))
        assert sum(settled) == 2
        assert [state_of(one) for one in (known, unknown, silent)] == [
            "delivered",
            "delivered",
            "accepted",
        ]
        assert trial.server.calls == ["QuerySendDetails"] * 3
        assert asking.ask_for_receipts(utc_now()) == 0
        assert len(trial.server.calls) == 3  # the silent one has to wait
        now = utc_now()
        for _ in range(8):
            now += timedelta(hours=40)
            asking.ask_for_receipts(now)
        assert len(trial.server.calls) < 3 + 7
        with database.transaction() as session:
            assert session.scalar(sa.select(sa.func.count()).select_from(ReceiptAsk)) == 0
    finally:
        close(ways)
        trial.server.stop()


def test_what_nobody_foresaw_costs_one_question_and_not_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    broken, well = accepted("aliyun", "biz-1"), accepted("aliyun", "biz-2", "+8613800138001")

    class Odd(NoSms):
        async def ask(self, to: str, reference: uuid.UUID, sent_at: datetime) -> Receipt | None:
            if reference == broken:
                raise KeyError("what nobody foresaw")
            return Receipt(None, to, (), "delivered", at=utc_now())

    ways = Providers({"aliyun": Odd()}, 1000)
    monkeypatch.setattr(asking, "senders", lambda: Senders(senders().email, ways))
    assert asking.ask_for_receipts(utc_now()) == 1
    assert (state_of(broken), state_of(well)) == ("accepted", "delivered")
    with database.transaction() as session:
        assert session.get(ReceiptAsk, broken) is not None, "it is asked again later"
