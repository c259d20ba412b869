"""The providers of text messages that the settings name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from services.chassis.settings import settings
from services.notifications.inbound.heard import heard
from services.notifications.senders.sms.failover import Providers
from services.notifications.senders.sms.inbox import InboxSms
from services.notifications.senders.sms.sender import NoSms, SmsSender
from services.notifications.senders.sms.smpp import Centre, SmppSms
from services.notifications.senders.sms.webhook import WebhookSms


def sms_sender() -> SmsSender:
    """The way out for text messages; its connections belong to the loop of the senders."""
    providers = {name: MAKERS[name]() for name in settings().sms_providers if _is_ready(name)}
    return Providers(providers, settings().sms_rate) if providers else NoSms()


def _is_ready(name: str) -> bool:
    # The inbox is the default, and there only where something started it; whatever else is named
    # has been checked with the settings.
    return name != "inbox" or bool(settings().sms_url and settings().sms_token)


# The libraries of these two take half a second and 30 MB each: only who names them loads them.
def _aliyun() -> SmsSender:
    from services.notifications.senders.sms.aliyun import AliyunSms  # noqa: PLC0415

    chosen = settings()
    return AliyunSms(
        key_id=chosen.sms_aliyun_key_id or "",
        key_secret=chosen.sms_aliyun_key_secret or "",
        endpoint=chosen.sms_aliyun_endpoint,
        signature=chosen.sms_signature,
    )


def _tencent() -> SmsSender:
    from services.notifications.senders.sms.tencent import TencentSms  # noqa: PLC0415

    chosen = settings()
    return TencentSms(
        secret_id=chosen.sms_tencent_secret_id or "",
        secret_key=chosen.sms_tencent_secret_key or "",
        app_id=chosen.sms_tencent_app_id or "",
        region=chosen.sms_tencent_region,
        endpoint=chosen.sms_tencent_endpoint,
        signature=chosen.sms_signature,
    )


def _smpp() -> SmsSender:
    chosen = settings()
    return SmppSms(Centre.from_url(chosen.sms_smpp_url or ""), chosen.sms_signature, heard)


def _webhook() -> SmsSender:
    chosen = settings()
    return WebhookSms(
        chosen.sms_webhook_url or "", chosen.sms_webhook_secret or "", chosen.sms_signature
    )


def _inbox() -> SmsSender:
    chosen = settings()
    return InboxSms(chosen.sms_url or "", chosen.sms_token or "", chosen.sms_signature)


MAKERS: Final[dict[str, Callable[[], SmsSender]]] = {
    "aliyun": _aliyun,
    "tencent": _tencent,
    "smpp": _smpp,
    "webhook": _webhook,
    "inbox": _inbox,
}
