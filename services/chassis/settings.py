"""Settings: environment variables with the prefix ``LINGBAO_``, read once, refused with a sentence.

Every setting is documented by its own description; ``lingbao settings`` prints the page
``docs/settings.md`` from them.
"""

from __future__ import annotations

import contextlib
import functools
import re
import secrets
from datetime import time
from pathlib import Path
from typing import Annotated

from limits import parse
from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from services.chassis.files_settings import FilesSettings
from services.chassis.house_settings import HouseSettings, Networks
from services.chassis.mail_settings import MailSettings
from services.chassis.sms_settings import SmsSettings

# An urgency, and from when to when its broadcasts wait; the end may be on the next day.
QuietHours = dict[str, tuple[time, time]]
QUIET_HOURS: QuietHours = {
    "routine": (time(21), time(8)),
    "important": (time(23), time(7)),
}
ROUTINE_CAP = 3
_QUIET = re.compile(
    r"(?P<urgency>routine|important) +(?P<begin>[012]\d:[0-5]\d)-(?P<end>[012]\d:[0-5]\d)"
)


class SettingsError(Exception):
    """A setting is missing or wrong. The text is a sentence for the operator."""


class Settings(FilesSettings, SmsSettings, MailSettings, HouseSettings, BaseSettings):
    """What the environment says. Unset values have a default that is safe in development only.

    The page of settings has them in the order of the classes below, the house's first.
    """

    model_config = SettingsConfigDict(env_prefix="LINGBAO_", env_ignore_empty=True, extra="ignore")

    outgoing_allow: Networks = Field(
        default_factory=list,
        description="Networks, separated by commas, that calls to typed addresses (webhooks) may "
        "reach although they are private: `10.20.0.0/16`. All others inside are refused.",
    )
    public_rate: str = Field(
        default="60/minute",
        description="How often one address may send a public form or call that writes "
        "(`60/minute`). Loopback is exempt.",
    )
    room_rate: str = Field(
        default="6000/minute",
        description="The same for quizzes, which a whole room takes at once behind one address: "
        "every answer and handing in counts (`6000/minute`). Loopback is exempt.",
    )
    room_begin_rate: str = Field(
        default="600/minute",
        description="How often one address may begin a quiz: as many people as sit in the largest "
        "room, and again after a break (`600/minute`). Loopback is exempt.",
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
    order_retention_days: int = Field(
        default=30,
        ge=1,
        le=365,
        description="How many days after an order of books was delivered, fetched, cancelled or "
        "came back its name and addresses are kept. Then they are erased; counts stay.",
    )
    quiet_hours: Annotated[QuietHours | None, NoDecode] = Field(
        default=None,
        description="When broadcasts wait, by urgency, in the city's zone: "
        "`routine 21:00-08:00, important 23:00-07:00`, or `none`. Emergencies never wait. "
        "Unset: these hours in production; none in development, where mail goes nowhere.",
    )
    routine_cap: int | None = Field(
        default=None,
        ge=0,
        description="How many routine broadcasts one address gets at most within "
        "`LINGBAO_ROUTINE_CAP_DAYS`. 0: no limit. Unset: 3 in production, no limit in "
        "development.",
    )
    routine_cap_days: int = Field(
        default=7, ge=1, le=90, description="The days that `LINGBAO_ROUTINE_CAP` is counted over."
    )

    @field_validator("quiet_hours", mode="before")
    @classmethod
    def _hours(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        found: QuietHours = {}
        if value.strip().lower() == "none":
            return found
        for part in value.split(","):
            read = _QUIET.fullmatch(part.strip())
            if read is None:
                raise ValueError("it must look like routine 21:00-08:00, important 23:00-07:00")
            begin, end = (time.fromisoformat(read[name]) for name in ("begin", "end"))
            if begin == end or read["urgency"] in found:
                raise ValueError("each urgency has one span of hours, with an end")
            found[read["urgency"]] = (begin, end)
        return found

    @field_validator("public_rate", "room_rate", "room_begin_rate")
    @classmethod
    def _rate(cls, rate: str) -> str:
        try:
            parse(rate)
        except ValueError as error:
            raise ValueError("it must look like 60/minute") from error
        return rate

    @model_validator(mode="after")
    def _complete_in_production(self) -> Settings:
        if self.environment == "production":
            needed = (
                "database_url", "redis_url", "smtp_url", "base_url", "secret_keys", "files_url",
            )  # fmt: skip
            missing = [f"LINGBAO_{name.upper()}" for name in needed if not getattr(self, name)]
            if missing:
                raise ValueError("production needs " + ", ".join(missing))
            if "inbox" in self.sms_providers and not (self.sms_url and self.sms_token):
                raise ValueError(
                    "LINGBAO_SMS_PROVIDER=inbox needs LINGBAO_SMS_URL and LINGBAO_SMS_TOKEN; "
                    "say LINGBAO_SMS_PROVIDER=none to run without text messages"
                )
        return self

    @model_validator(mode="after")
    def _considerate_in_production(self) -> Settings:
        real = self.environment == "production"
        if self.quiet_hours is None:
            self.quiet_hours = dict(QUIET_HOURS) if real else {}
        if self.routine_cap is None:
            self.routine_cap = ROUTINE_CAP if real else 0
        return self


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
