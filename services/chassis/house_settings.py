"""The settings of the house itself: its servers, its address, its secrets, its city."""

from __future__ import annotations

import base64
import ipaddress
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, field_validator
from pydantic_settings import NoDecode

MINIMUM_KEY_LENGTH = 32


def _split(value: object) -> object:
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return value


def _networks(values: list[str]) -> list[str]:
    for value in values:
        try:
            ipaddress.ip_network(value, strict=False)
        except ValueError as error:
            raise ValueError(
                f"{value!r} is neither an address nor a network such as 10.0.0.0/8"
            ) from error
    return values


# Several values, separated by commas; addresses and networks among them.
Listed = Annotated[list[str], NoDecode, BeforeValidator(_split)]
Networks = Annotated[Listed, AfterValidator(_networks)]


def webhook_secret(value: str) -> str:
    """A secret that another system shares with us, as Standard Webhooks has it.

    Raises:
        ValueError: it is none; the sentence is for the operator.
    """
    try:
        length = len(base64.b64decode(value.removeprefix("whsec_"), validate=True))
    except ValueError:
        length = 0
    if not value.startswith("whsec_") or not 24 <= length <= 64:
        raise ValueError(
            "it must be whsec_ and the base64 of 24 to 64 bytes; "
            'make one with: echo "whsec_$(openssl rand -base64 32)"'
        )
    return value


class HouseSettings(BaseModel):
    """What every service stands on."""

    environment: Literal["development", "production"] = Field(
        default="development",
        description="`production` refuses every embedded part and every made-up secret.",
    )
    database_url: str | None = Field(
        default=None,
        description="A PostgreSQL server, `postgresql://user:password@host:5432/postgres`. Each "
        "service uses its own database on it (`lingbao_registration` and so on), created when "
        "it is missing and the user may. Unset: an embedded PostgreSQL is started.",
    )
    redis_url: str | None = Field(
        default=None,
        description="A Redis-protocol server, `redis://:password@host:6379/0`. "
        "Unset: an embedded one is started.",
    )
    base_url: str | None = Field(
        default=None,
        description="The public address, without a slash at the end. Links in messages begin "
        "with it. Unset in development: `http://127.0.0.1:PORT`.",
    )
    port: int = Field(
        default=8000, ge=1, le=65535, description="The port of the one address in front."
    )
    data_dir: Path = Field(
        default=Path(".lingbao"),
        description="Where the embedded parts keep their data, and development its keys.",
    )
    secret_keys: Listed = Field(
        default_factory=list,
        description="Secrets for encryption and signatures, newest first, separated by commas, "
        f"each at least {MINIMUM_KEY_LENGTH} characters. Old ones stay at the end until "
        "`lingbao rekey` has run, and for as long as the API keys and the links in messages that "
        "were signed with them are to work. Required outside development.",
    )
    city: str = Field(
        default="beijing", description="The file of districts and office names that is used."
    )
    trusted_proxies: Networks = Field(
        default_factory=lambda: ["127.0.0.1", "::1"],
        description="Addresses or networks, separated by commas, whose `X-Forwarded-For` is "
        "believed.",
    )
    log_format: Literal["text", "json"] = Field(
        default="text", description="How log lines are written to standard error."
    )

    @field_validator("secret_keys")
    @classmethod
    def _long_enough(cls, keys: list[str]) -> list[str]:
        for key in keys:
            if len(key) < MINIMUM_KEY_LENGTH:
                raise ValueError(
                    f"every key needs at least {MINIMUM_KEY_LENGTH} characters; "
                    "make one with: openssl rand -base64 48"
                )
        return keys

    @field_validator("database_url")
    @classmethod
    def _postgresql(cls, value: str | None) -> str | None:
        if value is not None and urlsplit(value).scheme not in ("postgresql", "postgres"):
            raise ValueError("it must begin with postgresql://")
        return value

    @field_validator("redis_url")
    @classmethod
    def _redis(cls, value: str | None) -> str | None:
        if value is not None and urlsplit(value).scheme not in ("redis", "rediss"):
            raise ValueError("it must begin with redis:// or rediss://")
        return value

    @field_validator("base_url")
    @classmethod
    def _absolute(cls, value: str | None) -> str | None:
        if value is None:
            return None
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.netloc or parts.path.strip("/"):
            raise ValueError("it must look like https://lingbao.example.gov.cn")
        return value.rstrip("/")

    @property
    def public_url(self) -> str:
        """The public address without a slash at the end."""
        return self.base_url or f"http://127.0.0.1:{self.port}"

    @property
    def is_https(self) -> bool:
        """Whether visitors come by HTTPS, so that cookies are marked ``Secure``."""
        return self.public_url.startswith("https://")
