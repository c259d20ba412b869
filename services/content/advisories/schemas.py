"""What goes into an advisory and what comes out."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated, Any, Self
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


class PublishIn(BaseModel):
    """What is to be published: with the version that was read, nothing else is.

    The call takes no body at all, so whatever else stands in one is of no account.
    """

    version: int | None = None


class ReturnIn(BaseModel):
    """Why what waits is given back to its author."""

    model_config = ConfigDict(extra="forbid")

    note: Reason


class AdvisoryOut(BaseModel):
    """An advisory as the public reads it. ``in_force`` is true at this moment or it is not.

    ``updated_at`` is when the public last saw a change.
    """

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
    def of(cls, advisory: Advisory) -> Self:
        """The answer for a stored advisory."""
        found = cls.model_validate(advisory)
        found.updated_at = advisory.announced_at or advisory.updated_at
        found.url = public_url(advisory.country)
        return found


class AdvisoryKept(AdvisoryOut):
    """An advisory as staff read it.

    Attributes:
        waiting: what a public advisory will say once a second person has published it.
        submitted_at: since when it waits for a second person.
        return_note: why the second person gave it back.
    """

    waiting: AdvisoryIn | None = None
    submitted_at: datetime | None = None
    return_note: str | None = None


class VersionOut(BaseModel):
    """What the public was told of an advisory, once; ``content`` where it was kept.

    ``content`` has the fields of an advisory as they were then.
    """

    model_config = ConfigDict(from_attributes=True)

    advisory_id: uuid.UUID
    version: int
    country: str
    act: str
    at: datetime
    reason: str | None
    content: dict[str, Any] | None


class AdvisoryForStaff(BaseModel):
    """An advisory with what staff alone see.

    Attributes:
        two: publishing what is written takes a second person.
        is_second: whoever asks may be that person.
    """

    advisory: AdvisoryKept
    author_name: str
    submitted_by_name: str | None
    created_at: datetime
    coming_activities: int
    two: bool
    is_second: bool


def public_url(country: str) -> str:
    """The absolute address of a country's public page."""
    return f"{settings().public_url}/advisories/{country}"
