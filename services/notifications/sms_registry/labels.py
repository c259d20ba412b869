"""Providers, standings and kinds of values as people say them."""

from __future__ import annotations

from typing import Final

from services.chassis.i18n import Lazy, lazy

PROVIDER_NAMES: Final[dict[str, Lazy]] = {
    "aliyun": lazy("Aliyun"),
    "tencent": lazy("Tencent Cloud"),
    "smpp": lazy("Message centre (SMPP)"),
    "webhook": lazy("Gateway (webhook)"),
    "inbox": lazy("Development inbox"),
}
STANDING_NAMES: Final[dict[str, Lazy]] = {
    "draft": lazy("Not applied for yet"),
    "waiting": lazy("Applied for"),
    "approved": lazy("Approved"),
    "rejected": lazy("Rejected"),
    "withdrawn": lazy("Withdrawn"),
}
STANDING_TONES: Final = {
    "draft": "neutral",
    "waiting": "wait",
    "approved": "good",
    "rejected": "bad",
    "withdrawn": "neutral",
}
AREA_NAMES: Final[dict[str, Lazy]] = {
    "mainland": lazy("Mainland numbers"),
    "abroad": lazy("Numbers abroad, in Hong Kong, Macao and Taiwan"),
}
KIND_NAMES: Final[dict[str, Lazy]] = {
    "text": lazy("Words"),
    "number": lazy("A number"),
    "code": lazy("Letters and digits"),
    "link": lazy("A link"),
}
LANGUAGE_NAMES: Final[dict[str, Lazy]] = {"zh-CN": lazy("Chinese"), "en": lazy("English")}


def provider_name(provider: str) -> str:
    """A provider by its name in the settings, as people say it."""
    return str(PROVIDER_NAMES.get(provider, provider))
