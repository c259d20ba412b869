"""The settings of text messages: who sends them, and what each provider needs.

Every function takes a setting's text and gives it back as it is used, or raises ``ValueError`` with
the sentence that the operator reads.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import unquote, urlsplit

from pydantic import BaseModel, Field, field_validator, model_validator

from services.chassis.house_settings import webhook_secret

# The providers of text messages, and the settings that each needs.
NEEDS: Final[dict[str, tuple[str, ...]]] = {
    "aliyun": ("sms_aliyun_key_id", "sms_aliyun_key_secret"),
    "tencent": ("sms_tencent_secret_id", "sms_tencent_secret_key", "sms_tencent_app_id"),
    "smpp": ("sms_smpp_url",),
    "webhook": ("sms_webhook_url", "sms_webhook_secret"),
    # Started by `make run`, which sets both; without them telephone channels are off.
    "inbox": (),
}
# SMPP 3.4 §4.1.1: the fields of a bind are this short.
LONGEST_SYSTEM_ID: Final = 15
LONGEST_PASSWORD: Final = 8


def providers(value: str) -> str:
    """One provider or several, separated by commas; ``none`` alone."""
    names = [name.strip() for name in value.split(",")]
    if unknown := [name for name in names if name not in (*NEEDS, "none")]:
        known = ", ".join([*NEEDS, "none"])
        raise ValueError(f"{unknown[0]!r} is no provider; there are {known}")
    if len(set(names)) < len(names) or ("none" in names and len(names) > 1):
        raise ValueError("name each provider once, and none alone")
    return ",".join(names)


def message_centre(value: str) -> str:
    """The address of an SMPP message centre."""
    parts = urlsplit(value)
    if parts.scheme not in ("smpp", "smpps") or not parts.hostname or not parts.username:
        raise ValueError("it must look like smpp://user:password@host:2775?source=10690000")
    if (
        len(unquote(parts.username)) > LONGEST_SYSTEM_ID
        or len(unquote(parts.password or "")) > LONGEST_PASSWORD
    ):
        raise ValueError("SMPP allows 15 characters for the user and 8 for the password")
    return value


def gateway(value: str) -> str:
    """The address of a gateway that is called by HTTP."""
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("it must begin with https:// or http://")
    return value


class SmsSettings(BaseModel):
    """Who sends text messages, by what account, and under which signature."""

    sms_provider: str = Field(
        default="inbox",
        description="Who sends text messages: one of `aliyun`, `tencent`, `smpp`, `webhook`, "
        "`inbox` (the development inbox, needs `LINGBAO_SMS_URL` and `LINGBAO_SMS_TOKEN`), or "
        "several in their order, separated by commas: the next takes over while the one before is "
        "away. `none`: telephone channels are off. See `docs/sms.md`.",
    )
    sms_url: str | None = Field(
        default=None, description="Where the development inbox takes text messages."
    )
    sms_token: str | None = Field(default=None, description="The development inbox's bearer token.")
    sms_rate: int = Field(
        default=100,
        ge=1,
        le=10_000,
        description="How many text messages a second each provider is given, by all workers.",
    )
    sms_asked_per_hour: int = Field(
        default=300,
        ge=1,
        description="How many text messages an hour go out, to all numbers together, because "
        "somebody typed a number on a public page (codes and links). More are not sent, so that "
        "nobody can spend the office's money.",
    )
    sms_aliyun_key_id: str | None = Field(
        default=None, description="Aliyun: the AccessKey ID of a RAM user that may send SMS."
    )
    sms_aliyun_key_secret: str | None = Field(
        default=None, description="Aliyun: the secret of that AccessKey."
    )
    sms_aliyun_endpoint: str = Field(
        default="dysmsapi.aliyuncs.com", description="Aliyun: the host of its SMS service."
    )
    sms_tencent_secret_id: str | None = Field(
        default=None, description="Tencent Cloud: the SecretId of a user that may send SMS."
    )
    sms_tencent_secret_key: str | None = Field(
        default=None, description="Tencent Cloud: the SecretKey that belongs to it."
    )
    sms_tencent_app_id: str | None = Field(
        default=None, description="Tencent Cloud: the SMS application's SdkAppId (`1400006666`)."
    )
    sms_tencent_region: str = Field(
        default="ap-beijing", description="Tencent Cloud: the region of its SMS service."
    )
    sms_tencent_endpoint: str = Field(
        default="sms.tencentcloudapi.com", description="Tencent Cloud: the host of its SMS service."
    )
    sms_smpp_url: str | None = Field(
        default=None,
        description="SMPP 3.4: the message centre, "
        "`smpp://user:password@host:2775?source=10690000` (`smpps://` with TLS; `source` is the "
        "number or name that messages come from; `system_type` where the provider asks for it).",
    )
    sms_webhook_url: str | None = Field(
        default=None,
        description="Another gateway: where it takes messages as signed JSON, see `docs/sms.md`. "
        "On a private network, list that in `LINGBAO_OUTGOING_ALLOW`.",
    )
    sms_webhook_secret: str | None = Field(
        default=None,
        description="The secret shared with that gateway, `whsec_` and the base64 of 24 to 64 "
        "bytes (Standard Webhooks).",
    )
    sms_signature: str = Field(
        default="领保中心", max_length=16, description="The signature (签名) in front of every SMS."
    )
    sms_replies: bool = Field(
        default=False,
        description="Whether answers to our text messages come back to us, so that a message may "
        "say “reply TD to stop” and “reply 1 or 2” where it otherwise needs a link.",
    )

    @field_validator("sms_provider")
    @classmethod
    def _sms_known(cls, value: str) -> str:
        return providers(value)

    @field_validator("sms_smpp_url")
    @classmethod
    def _smpp(cls, value: str | None) -> str | None:
        return None if value is None else message_centre(value)

    @field_validator("sms_webhook_url")
    @classmethod
    def _gateway(cls, value: str | None) -> str | None:
        return None if value is None else gateway(value)

    @field_validator("sms_webhook_secret")
    @classmethod
    def _gateway_secret(cls, value: str | None) -> str | None:
        return None if value is None else webhook_secret(value)

    @model_validator(mode="after")
    def _sms_complete(self) -> SmsSettings:
        for provider in self.sms_providers:
            needed = NEEDS[provider]
            missing = [f"LINGBAO_{name.upper()}" for name in needed if not getattr(self, name)]
            if missing:
                raise ValueError(
                    f"LINGBAO_SMS_PROVIDER={self.sms_provider} needs " + ", ".join(missing)
                )
        return self

    @property
    def sms_providers(self) -> list[str]:
        """The providers of text messages in their order; none when telephone channels are off."""
        return [name for name in self.sms_provider.split(",") if name != "none"]
