"""What goes into an advisory and what comes out."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationInfo,
    field_validator,
)

from services.chassis.database import utc_now
from services.chassis.fields import (
    BlankIsNone,
    Country,
    LocalizedLine,
    LocalizedText,
    OptionalLocalizedLine,
    OptionalLocalizedText,
    SingleLine,
    refuse,
)
from services.chassis.reference import city
from services.chassis.settings import settings
from services.content.advisories.models import Advisory
from services.content.advisories.words import Level, Word
from services.content.publication import Status


def _of_our_time(value: datetime) -> datetime:
    """Years far away are slips of the keyboard, and some cannot be shown in another zone."""
    if not 2000 <= value.year <= 2100:
        raise refuse("Please write a year between 2000 and 2100.")
    return value


def _web_address(value: str) -> str:
    try:
        parts = urlsplit(value)
        host = parts.hostname
    except ValueError:
        host = None
    if not host or parts.scheme not in ("http", "https") or "@" in parts.netloc or " " in value:
        raise refuse("Please write a web address that begins with https:// or http://.")
    return value


def _in_city_time(value: object) -> object:
    """A time as a form gives it, without a zone, is the city's time."""
    if not isinstance(value, str):
        return value
    try:
        moment = datetime.fromisoformat(value.strip())
    except ValueError:
        return value  # The date's own check says what is wrong with it.
    return moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(city().timezone))


Moment = Annotated[AwareDatetime, AfterValidator(_of_our_time)]
LocalMoment = Annotated[AwareDatetime, BeforeValidator(_in_city_time), AfterValidator(_of_our_time)]
WebAddress = Annotated[SingleLine, StringConstraints(max_length=500), AfterValidator(_web_address)]
Reason = Annotated[SingleLine, StringConstraints(min_length=1)]


class AdvisoryIn(BaseModel):
    """An advisory as it is written. Times carry their offset; texts may be Markdown."""

    model_config = ConfigDict(extra="forbid")

    country: Country
    region: OptionalLocalizedLine = {}
    level: Level
    word: Word
    headline: LocalizedLine
    text: OptionalLocalizedText = {}
    advice: LocalizedText
    source_url: Annotated[WebAddress | None, BlankIsNone] = None
    valid_from: Moment = Field(default_factory=utc_now)
    valid_until: Annotated[Moment | None, BlankIsNone] = None

    @field_validator("valid_until")
    @classmethod
    def _after_its_beginning(cls, value: datetime | None, info: ValidationInfo) -> datetime | None:
        begins = info.data.get("valid_from")
        if value is not None and begins is not None and value <= begins:
            raise refuse("Please choose an end that is after the beginning.")
        return value


class AdvisoryForm(AdvisoryIn):
    """An advisory as the staff page gives it: times without a zone are the city's."""

    valid_from: LocalMoment = Field(default_factory=utc_now)
    valid_until: Annotated[LocalMoment | None, BlankIsNone] = None


class AdvisoryPatch(BaseModel):
    """Some fields of an advisory, each replacing the old value as a whole.

    ``version`` is the one that the editor saw; with it, a change made meanwhile is not overwritten.
    """

    model_config = ConfigDict(extra="forbid")

    version: int | None = None
    country: Country | None = None
    region: OptionalLocalizedLine | None = None
    level: Level | None = None
    word: Word | None = None
    headline: LocalizedLine | None = None
    text: OptionalLocalizedText | None = None
    advice: LocalizedText | None = None
    source_url: Annotated[WebAddress | None, BlankIsNone] = None
    valid_from: Moment | None = None
    valid_until: Annotated[Moment | None, BlankIsNone] = None


class WithdrawIn(BaseModel):
    """Why it is taken back; the reason is shown to whoever opens its old address."""

    model_config = ConfigDict(extra="forbid")

    reason: Reason


class AdvisoryOut(BaseModel):
    """An advisory as the API answers it. ``in_force`` is true at this moment or it is not."""

    model_config = ConfigDict(from_attributes=True)

    id: uuid.UUID
    version: int
    status: Status
    country: str
    region: dict[str, str]
    level: Level
    word: Word
    headline: dict[str, str]
    text: dict[str, str]
    advice: dict[str, str]
    source_url: str | None
    valid_from: datetime
    valid_until: datetime | None
    withdraw_reason: str | None
    published_at: datetime | None
    updated_at: datetime

    in_force: bool = False
    url: str = ""

    @classmethod
    def of(cls, advisory: Advisory) -> AdvisoryOut:
        """The answer for a stored advisory."""
        now = utc_now()
        found = cls.model_validate(advisory)
        found.in_force = (
            advisory.status == "published"
            and advisory.valid_from <= now
            and (advisory.valid_until is None or advisory.valid_until > now)
        )
        found.url = public_url(advisory.country)
        return found


class AdvisoryForStaff(BaseModel):
    """An advisory with what staff alone see."""

    advisory: AdvisoryOut
    author_name: str
    created_at: datetime
    coming_activities: int


def public_url(country: str) -> str:
    """The absolute address of a country's public page."""
    return f"{settings().public_url}/advisories/{country}"
