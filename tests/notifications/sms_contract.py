"""The providers of text messages under test: each with a server that speaks its own protocol."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from services.chassis.stack.ports import free_port
from services.notifications.database import database
from services.notifications.inbound.heard import heard
from services.notifications.senders.background import background
from services.notifications.senders.outcome import Outcome
from services.notifications.senders.sms.aliyun import AliyunSms
from services.notifications.senders.sms.sender import SmsSender
from services.notifications.senders.sms.smpp import Centre as Where
from services.notifications.senders.sms.smpp import SmppSms
from services.notifications.senders.sms.tencent import TencentSms
from services.notifications.senders.sms.webhook import WebhookSms
from services.notifications.sms_registry import fitting
from services.notifications.sms_registry.models import SmsSignature, SmsTemplate
from tests.providers import aliyun, centre, gateway, tencent
from tests.providers.http import Taken, Way

SIGNATURE = "领保中心"
TEXT = "您已报名：安全出行讲座，入场码K7QX 2M9P。"
PHONE = "+8613800138000"
ASK = (0.05, 0.1)


class Server(Protocol):
    """What every server can do for a test."""

    taken: list[Taken]
    ways: dict[str, Way]
    calls: list[str]
    url: str

    def start(self) -> None: ...
    def stop(self) -> None: ...
    def clear(self) -> None: ...


@dataclass(frozen=True)
class Trial:
    """One provider and its server.

    Attributes:
        sender: makes a sender for a URL, with our keys or wrong ones, that waits so many seconds.
        as_written: a number as the provider wants it.
        is_asked: it has records that are looked at when an answer is lost.
        strict: it sends approved templates alone.
    """

    name: str
    server: Server
    sender: Callable[[str, bool, float], SmsSender]
    as_written: Callable[[str], str] = str
    is_asked: bool = False
    strict: bool = False

    def make(self, url: str, genuine: bool, seconds: float = 10.0) -> SmsSender:
        """A sender; with little patience only where an answer is meant to be lost."""
        return self.sender(url, genuine, seconds)


def _aliyun(url: str, genuine: bool, seconds: float) -> SmsSender:
    return AliyunSms(
        key_id=aliyun.KEY_ID,
        key_secret=aliyun.KEY_SECRET if genuine else "wrong",
        endpoint=url,
        signature=SIGNATURE,
        answer_seconds=seconds,
        ask_after=ASK,
    )


def _tencent(url: str, genuine: bool, seconds: float) -> SmsSender:
    return TencentSms(
        secret_id=tencent.SECRET_ID,
        secret_key=tencent.SECRET_KEY if genuine else "wrong",
        app_id=tencent.APP_ID,
        region="ap-beijing",
        endpoint=url,
        signature=SIGNATURE,
        answer_seconds=seconds,
        ask_after=ASK,
    )


def _smpp(url: str, genuine: bool, seconds: float) -> SmsSender:
    if not url.startswith("smpp"):
        url = f"smpp://{centre.SYSTEM_ID}:{centre.PASSWORD}@{url.removeprefix('http://')}"
    if not genuine:
        url = url.replace(f":{centre.PASSWORD}@", ":wrong@")
    return SmppSms(Where.from_url(url), SIGNATURE, heard, answer_seconds=seconds, idle_seconds=0.3)


def _webhook(url: str, genuine: bool, seconds: float) -> SmsSender:
    secret = gateway.SECRET if genuine else gateway.SECRET.replace("Y", "Z")
    return WebhookSms(url, secret, SIGNATURE, answer_seconds=seconds)


TRIALS = {
    "aliyun": Trial(
        "aliyun", aliyun.Aliyun(), _aliyun, lambda phone: phone.removeprefix("+86"), True, True
    ),
    "tencent": Trial("tencent", tencent.Tencent(), _tencent, is_asked=True, strict=True),
    "smpp": Trial("smpp", centre.Centre(), _smpp),
    "webhook": Trial("webhook", gateway.Gateway(), _webhook),
}


def register_templates() -> None:
    """Enter with Aliyun and Tencent what their servers have approved."""
    with database.transaction() as session:
        for provider, code, text, names in (
            ("aliyun", "SMS_10001", aliyun.TEMPLATES["SMS_10001"], ("title", "code")),
            ("tencent", "100200", tencent.TEMPLATES["100200"], ("1", "2")),
        ):
            session.add(SmsSignature(provider=provider, text=SIGNATURE, standing="approved"))
            session.add(
                SmsTemplate(
                    provider=provider,
                    code=code,
                    name="报名成功",
                    language="zh-CN",
                    area="mainland",
                    text=text,
                    rules=[
                        {"name": names[0], "kind": "text", "longest": 35},
                        {"name": names[1], "kind": "code", "longest": 12},
                    ],
                    standing="approved",
                )
            )
    fitting.forget()


def nobody() -> str:
    """An address at which nothing listens."""
    return f"http://127.0.0.1:{free_port()}"


def send(
    sender: SmsSender, to: str, text: str = TEXT, reference: uuid.UUID | None = None, **how: Any
) -> Outcome:
    """Send one message on the loop of the senders."""
    return background().run(sender.send(to, text, reference or uuid.uuid4(), **how))


def close(sender: SmsSender) -> None:
    """Give back its connections."""
    background().run(sender.close())
