"""Text messages: every provider held to one contract, and what our messages say."""

from __future__ import annotations

import sys
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest

from services.chassis.crypto import seal
from services.chassis.stack.ports import free_port
from services.chassis.stack.process import Child, Process
from services.notifications.delivery import lanes
from services.notifications.messages.sms import first_fitting, parts
from services.notifications.senders.background import background
from services.notifications.senders.configured import Senders, senders
from services.notifications.senders.outcome import Outcome, Verdict, without_addresses
from services.notifications.senders.sms import InboxSms, NoSms, SmsSender
from tests.notifications import told

TOKEN = "a-token-for-tests"
RUN = """
import sys
from pathlib import Path
from services.chassis.devmail.run import run
smtp_port, http_port, folder, token = sys.argv[1:]
run(smtp_port=int(smtp_port), http_port=int(http_port), folder=Path(folder), sms_token=token)
"""


@dataclass
class Inbox:
    """The development inbox, as a provider of text messages."""

    address: str

    @property
    def url(self) -> str:
        return f"{self.address}/dev/sms"

    def messages(self, to: str) -> list[str]:
        found = httpx2.get(f"{self.address}/dev/inbox.json", params={"to": to}, trust_env=False)
        return [item["text"] for item in found.json()["items"]]


@pytest.fixture(scope="module")
def inbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Inbox]:
    folder: Path = tmp_path_factory.mktemp("inbox")
    smtp_port, http_port = free_port(), free_port()
    child = Child(
        Process(
            name="devmail",
            argv=[sys.executable, "-c", RUN, str(smtp_port), str(http_port), str(folder), TOKEN],
            ready=f"http://127.0.0.1:{http_port}/readyz",
        ),
        tmp_path_factory.mktemp("logs") / "devmail.log",
    )
    child.spawn()
    try:
        child.wait_ready()
        yield Inbox(f"http://127.0.0.1:{http_port}")
    finally:
        child.kill()


def _send(sender: SmsSender, to: str, text: str) -> Outcome:
    async def once() -> Outcome:
        try:
            return await sender.send(to, text, uuid.uuid4())
        finally:
            await sender.close()

    return background().run(once())


def _nobody() -> str:
    return f"http://127.0.0.1:{free_port()}/dev/sms"


@pytest.fixture(params=["none", "inbox", "away", "wrong token"])
def provider(request: pytest.FixtureRequest, inbox: Inbox) -> SmsSender:
    """Every implementation, and the one with a network behind it in bad weather too."""
    makers: dict[str, Callable[[], SmsSender]] = {
        "none": NoSms,
        "inbox": lambda: InboxSms(inbox.url, TOKEN, "领保中心"),
        "away": lambda: InboxSms(_nobody(), TOKEN, "领保中心"),
        "wrong token": lambda: InboxSms(inbox.url, "not-the-token", "领保中心"),
    }
    return makers[request.param]()


@pytest.mark.parametrize("text", ["您好", "x" * 600, ""])
@pytest.mark.parametrize("to", [told.PHONE, "13800138000"])
def test_the_contract(provider: SmsSender, to: str, text: str) -> None:
    """Whatever happens, the answer is an outcome with a reply that names no telephone."""
    outcome = _send(provider, to, text)
    assert isinstance(outcome.verdict, Verdict)
    assert "13800138000" not in outcome.reply
    if outcome.verdict != Verdict.ACCEPTED:
        assert outcome.reply


def test_the_inbox_takes_a_message_and_puts_the_signature_in_front(inbox: Inbox) -> None:
    outcome = _send(InboxSms(inbox.url, TOKEN, "领保中心"), "+8613900139000", "您好")
    assert outcome.verdict == Verdict.ACCEPTED
    assert outcome.provider_id is not None
    assert inbox.messages("+8613900139000") == ["【领保中心】您好"]


@pytest.mark.parametrize(
    ("sender", "verdict"),
    [
        (lambda url: InboxSms(_nobody(), TOKEN, "x"), Verdict.UNREACHABLE),
        (lambda url: InboxSms(url, "wrong", "x"), Verdict.UNREACHABLE),
        (lambda url: NoSms(), Verdict.REFUSED),
    ],
)
def test_what_does_not_go_says_why(sender: object, verdict: Verdict, inbox: Inbox) -> None:
    assert callable(sender)
    assert _send(sender(inbox.url), told.PHONE, "您好").verdict == verdict


def test_a_number_that_is_none_is_refused_for_good(inbox: Inbox) -> None:
    outcome = _send(InboxSms(inbox.url, TOKEN, "x"), "12", "您好")
    assert outcome.verdict == Verdict.REFUSED


def test_with_no_provider_the_delivery_says_so() -> None:
    told.registration("confirmed", told.activity(told.soon(days=3)), email=None, phone=told.PHONE)
    lanes.run_lane("transactional")
    [delivery] = told.deliveries()
    assert delivery.state == "failed"
    assert "LINGBAO_SMS_PROVIDER" in (delivery.last_reply or "")


def test_a_confirmation_by_sms(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    ways = Senders(senders().email, InboxSms(inbox.url, TOKEN, "领保中心"))
    monkeypatch.setattr(lanes, "senders", lambda: ways)
    number = "+8613700137000"
    told.registration("confirmed", told.activity(told.soon(days=3)), email=None, phone=number)
    lanes.run_lane("transactional")
    [text] = inbox.messages(number)
    assert text.startswith("【领保中心】您已报名：安全出行讲座，")
    assert "K7QX 2M9P" in text
    assert "/registrations/token-of-the-registration" in text
    assert told.states() == ["accepted"]


def _texts(monkeypatch: pytest.MonkeyPatch, inbox: Inbox, **changes: Any) -> str:
    ways = Senders(senders().email, InboxSms(inbox.url, TOKEN, "领保中心"))
    monkeypatch.setattr(lanes, "senders", lambda: ways)
    number = f"+86136{uuid.uuid4().int % 10**8:08}"
    title = {"zh-CN": "“平安回家”领事保护主题展览"}
    state = told.activity(told.soon(days=3), title=title)
    url = seal("https://lingbao.example.gov.cn/registrations/" + "x" * 43)
    told.registration("confirmed", state, phone=number, manage_url=url, **changes)
    lanes.run_lane("transactional")
    [text] = inbox.messages(number)
    return text


def test_who_has_no_mail_gets_the_link_by_sms(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = _texts(monkeypatch, inbox, email=None)
    assert "/registrations/xxx" in text
    assert len(text) <= 134


def test_who_has_the_link_by_mail_gets_the_place_instead(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = _texts(monkeypatch, inbox)
    assert "陶然亭街道活动中心" in text
    assert len(text) <= 134


def test_the_length_of_parts() -> None:
    signature = len("【领保中心】")
    assert parts("字" * (70 - signature)) == 1
    assert parts("字" * (71 - signature)) == 2
    assert parts("字" * (134 - signature)) == 2
    assert parts("字" * (135 - signature)) == 3
    assert parts("😀" * 32 + "字" * (70 - 64 - signature)) == 1  # two places each


def test_the_longest_wording_that_fits_two_parts() -> None:
    assert first_fitting("长" * 200, "短") == "短"
    assert first_fitting("中" * 100, "短") == "中" * 100
    assert first_fitting("长" * 300, "长" * 200) == "长" * 200


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("550 5.1.1 <wang@x.cn>: unknown\r\n user", "550 5.1.1 …: unknown user"),
        ("no route to +8613800138000", "no route to …"),
        ("250 queued as 4F2A", "250 queued as 4F2A"),
    ],
)
def test_replies_are_kept_without_addresses(said: str, kept: str) -> None:
    assert without_addresses(said) == kept
