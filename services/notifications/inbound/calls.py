"""How each provider's calls look: what they carry, how they prove themselves, what they expect."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from services.chassis.crypto import TokenError, read_id, sign_id
from services.chassis.database import utc_now
from services.chassis.settings import settings
from services.notifications.senders.outcome import without_addresses
from services.notifications.senders.sms import webhook
from services.notifications.senders.sms.numbers import e164
from services.notifications.senders.sms.sender import FromPhone, Receipt, marks
from services.notifications.senders.sms.times import from_beijing
from services.notifications.webhooks.signing import NotGenuine, verify

_PURPOSE: Final = "sms-callback"
# A name space of our own for the ids in the tokens of providers' addresses.
_SPACE: Final = uuid.UUID("6f1d7c1e-52a5-5d0c-9a4b-2f3f0d1c7a10")

Items = list[dict[str, Any]]


@dataclass(frozen=True)
class Calls:
    """The calls of one provider.

    Attributes:
        is_genuine: from the query's token, the headers and the body.
        receipts: what a call about receipts carries; raises ``KeyError``, ``ValueError`` or
            ``TypeError`` when it is none.
        messages: the same for messages from telephones.
        thanks: the answer by which the provider knows that it need not tell again.
    """

    is_genuine: Callable[[str, Mapping[str, str], bytes], bool]
    receipts: Callable[[Items], Sequence[Receipt]]
    messages: Callable[[Items], Sequence[FromPhone]]
    thanks: Mapping[str, Any]


def token(provider: str) -> str:
    """What the address that is entered with a provider ends in; nothing is stored for it."""
    return sign_id(_PURPOSE, uuid.uuid5(_SPACE, provider))


def callback_url(kind: str, provider: str) -> str:
    """The address to enter with a provider.

    Args:
        kind: ``receipts`` or ``inbound``.
    """
    address = f"{settings().public_url}/api/notifications/v1/{kind}/{provider}"
    return address if provider == webhook.NAME else f"{address}?token={token(provider)}"


def _has_token(provider: str) -> Callable[[str, Mapping[str, str], bytes], bool]:
    wanted = uuid.uuid5(_SPACE, provider)

    def check(given: str, _headers: Mapping[str, str], _body: bytes) -> bool:
        try:
            return read_id(_PURPOSE, given) == wanted
        except TokenError:
            return False

    return check


def _is_signed(_token: str, headers: Mapping[str, str], body: bytes) -> bool:
    secret = settings().sms_webhook_secret
    if secret is None:
        return False
    try:
        verify([secret], headers, body, utc_now())
    except NotGenuine:
        return False
    return True


def _reports_of_aliyun(items: Items) -> list[Receipt]:
    """``SmsReport`` (https://help.aliyun.com/zh/sms: 短信回执)."""
    return [
        Receipt(
            provider_id=str(item["biz_id"]),
            phone=e164(str(item["phone_number"])) or None,
            marks=marks(str(item.get("out_id") or "")),
            state="delivered" if item["success"] in (True, "true") else "failed",
            reply=without_addresses(f"{item.get('err_code') or ''} {item.get('err_msg') or ''}"),
            at=from_beijing(str(item["report_time"])),
        )
        for item in items
    ]


def _reports_of_tencent(items: Items) -> list[Receipt]:
    """短信下发状态 (https://cloud.tencent.com/document/product/382/52077)."""
    return [
        Receipt(
            provider_id=str(item["sid"]),
            phone=e164(str(item["mobile"]), str(item.get("nationcode") or "")) or None,
            marks=(),
            state="delivered" if item["report_status"] == "SUCCESS" else "failed",
            reply=without_addresses(f"{item.get('errmsg') or ''} {item.get('description') or ''}"),
            at=from_beijing(str(item["user_receive_time"])),
        )
        for item in items
    ]


def _from_aliyun(items: Items) -> list[FromPhone]:
    """``SmsUp`` (https://help.aliyun.com/zh/sms: 短信上行消息)."""
    return [
        FromPhone(
            message_id=str(item["sequence_id"]),
            phone=_phone(str(item["phone_number"])),
            text=str(item["content"]),
            at=from_beijing(str(item["send_time"])),
        )
        for item in items
    ]


def _from_tencent(items: Items) -> list[FromPhone]:
    """Replies (短信回复), which have no id (https://cloud.tencent.com/document/product/382/52078)."""
    return [
        FromPhone(
            message_id=uuid.uuid5(
                _SPACE, f"{item['mobile']}/{item['time']}/{item.get('extend')}/{item['text']}"
            ).hex,
            phone=_phone(str(item["mobile"]), str(item.get("nationcode") or "")),
            text=str(item["text"]),
            at=datetime.fromtimestamp(int(item["time"]), UTC),
        )
        for item in items
    ]


def _phone(number: str, country_code: str = "") -> str:
    found = e164(number, country_code)
    if not found:
        raise ValueError("This is no telephone number.")
    return found


PROVIDERS: Final[dict[str, Calls]] = {
    "aliyun": Calls(
        _has_token("aliyun"), _reports_of_aliyun, _from_aliyun, {"code": 0, "msg": "OK"}
    ),
    "tencent": Calls(
        _has_token("tencent"), _reports_of_tencent, _from_tencent, {"result": 0, "errmsg": "OK"}
    ),
    webhook.NAME: Calls(_is_signed, webhook.reports, webhook.messages, {}),
}
