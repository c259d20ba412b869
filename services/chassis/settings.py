"""Settings: environment variables with the prefix ``LINGBAO_``, read once, refused with a sentence.

Every setting is documented by its own description; ``lingbao settings`` prints the page
``docs/settings.md`` from them.
"""

from __future__ import annotations

import contextlib
import functools
import ipaddress
import secrets
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import parse_qs, urlsplit

from limits import parse
from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

MINIMUM_KEY_LENGTH = 32


class SettingsError(Exception):
    """A setting is missing or wrong. The text is a sentence for the operator."""


class Settings(BaseSettings):
    """What the environment says. Unset values have a default that is safe in development only."""

    model_config = SettingsConfigDict(env_prefix="LINGBAO_", env_ignore_empty=True, extra="ignore")

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
    smtp_url: str | None = Field(
        default=None,
        description="The mail relay, `smtp://user:password@host:587?starttls=required` "
        "(`starttls`: `required`, `auto` or `never`; `smtps://` for TLS from the start). "
        "Unset: a development mail server with an inbox page is started.",
    )
    sms_provider: Literal["inbox", "none"] = Field(
        default="inbox",
        description="Who sends text messages: `inbox` (the development inbox, needs "
        "`LINGBAO_SMS_URL` and `LINGBAO_SMS_TOKEN`) or `none` (telephone channels are off).",
    )
    sms_url: str | None = Field(default=None, description="Where the SMS provider takes messages.")
    sms_token: str | None = Field(default=None, description="The SMS provider's bearer token.")
    sms_signature: str = Field(
        default="领保中心", max_length=16, description="The signature (签名) in front of every SMS."
    )
    mail_from: str = Field(
        default="领保 Lingbao <no-reply@lingbao.example>",
        description="The sender of every e-mail.",
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
    secret_keys: Annotated[list[str], NoDecode] = Field(
        default_factory=list,
        description="Secrets for encryption and signatures, newest first, separated by commas, "
        f"each at least {MINIMUM_KEY_LENGTH} characters. Old ones stay at the end until "
        "`lingbao rekey` has run, and for as long as the API keys and the links in messages that "
        "were signed with them are to work. Required outside development.",
    )
    city: str = Field(
        default="beijing", description="The file of districts and office names that is used."
    )
    trusted_proxies: Annotated[list[str], NoDecode] = Field(
        default_factory=lambda: ["127.0.0.1", "::1"],
        description="Addresses or networks, separated by commas, whose `X-Forwarded-For` is "
        "believed.",
    )
    public_rate: str = Field(
        default="60/minute",
        description="How often one address may send a public form or call that writes "
        "(`60/minute`). Loopback is exempt.",
    )
    most_registrations: int = Field(
        default=20,
        ge=1,
        description="How many live registrations of activities to come one e-mail address or "
        "telephone number may have. What staff register for others is never refused for it.",
    )
    rush_rate: int = Field(
        default=120,
        ge=0,
        description="From how many registrations a minute on an activity counts as under a rush, "
        "and its form asks for a proof of work. 0: never. Loopback is exempt.",
    )
    retention_days: int = Field(
        default=180,
        ge=1,
        le=3650,
        description="How many days after the end of an activity the personal data of its "
        "registrations, and that of bookings, is kept. Then it is erased; counts stay.",
    )
    log_format: Literal["text", "json"] = Field(
        default="text", description="How log lines are written to standard error."
    )

    @field_validator("secret_keys", "trusted_proxies", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return [part.strip() for part in value.split(",") if part.strip()]
        return value

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

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, proxies: list[str]) -> list[str]:
        for proxy in proxies:
            try:
                ipaddress.ip_network(proxy, strict=False)
            except ValueError as error:
                raise ValueError(
                    f"{proxy!r} is neither an address nor a network such as 10.0.0.0/8"
                ) from error
        return proxies

    @field_validator("public_rate")
    @classmethod
    def _rate(cls, rate: str) -> str:
        try:
            parse(rate)
        except ValueError as error:
            raise ValueError("it must look like 60/minute") from error
        return rate

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

    @field_validator("smtp_url")
    @classmethod
    def _smtp(cls, value: str | None) -> str | None:
        if value is None:
            return None
        parts = urlsplit(value)
        if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
            raise ValueError("it must look like smtp://user:password@host:587")
        starttls = parse_qs(parts.query).get("starttls", ["auto"])[0]
        if starttls not in ("required", "auto", "never"):
            raise ValueError("starttls must be required, auto or never")
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

    @model_validator(mode="after")
    def _complete_in_production(self) -> Settings:
        if self.environment == "production":
            needed = ("database_url", "redis_url", "smtp_url", "base_url", "secret_keys")
            missing = [f"LINGBAO_{name.upper()}" for name in needed if not getattr(self, name)]
            if missing:
                raise ValueError("production needs " + ", ".join(missing))
            if self.sms_provider == "inbox" and not (self.sms_url and self.sms_token):
                raise ValueError(
                    "LINGBAO_SMS_PROVIDER=inbox needs LINGBAO_SMS_URL and LINGBAO_SMS_TOKEN; "
                    "say LINGBAO_SMS_PROVIDER=none to run without text messages"
                )
        return self

    @property
    def public_url(self) -> str:
        """The public address without a slash at the end."""
        return self.base_url or f"http://127.0.0.1:{self.port}"

    @property
    def is_https(self) -> bool:
        """Whether visitors come by HTTPS, so that cookies are marked ``Secure``."""
        return self.public_url.startswith("https://")


def _sentences(error: ValidationError) -> str:
    lines = []
    for item in error.errors():
        name = "LINGBAO_" + "_".join(str(part) for part in item["loc"][:1]).upper()
        reason = item["msg"].removeprefix("Value error, ")
        lines.append(f"{name}: {reason}." if item["loc"] else f"{reason}.")
    return "The settings are not right. " + " ".join(lines)


def _development_keys(data_dir: Path) -> list[str]:
    """Keys made up once for a development machine and kept in its data folder."""
    file = data_dir / "secret-keys"
    try:
        if not file.exists():
            data_dir.mkdir(parents=True, exist_ok=True)
            fresh = file.with_suffix(f".{secrets.token_hex(4)}")
            fresh.touch(mode=0o600)
            fresh.write_text(secrets.token_urlsafe(48))
            # A hard link fails when another process was first, so all agree on one key.
            with contextlib.suppress(FileExistsError):
                file.hardlink_to(fresh)
            fresh.unlink()
        return file.read_text().split(",")
    except OSError as error:
        raise SettingsError(
            f"The folder {data_dir} cannot be written ({error.strerror}). "
            "Choose another with LINGBAO_DATA_DIR."
        ) from error


@functools.cache
def settings() -> Settings:
    """The settings of this process.

    Raises:
        SettingsError: a value is wrong or, in production, missing; the text says which.
    """
    try:
        found = Settings()
    except ValidationError as error:
        raise SettingsError(_sentences(error)) from error
    if not found.secret_keys:
        found.secret_keys = _development_keys(found.data_dir)
    return found
