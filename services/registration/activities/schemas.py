"""What goes in and comes out of activities, for forms and calls alike."""

from __future__ import annotations

import json
import uuid
from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    Field,
    ValidationInfo,
    field_validator,
)

from services.chassis.fields import (
    Countries,
    Country,
    District,
    Duration,
    LanguageTag,
    LocalizedLine,
    MultiLine,
    OptionalLocalizedLine,
    OptionalLocalizedText,
    Topic,
    Topics,
    Zone,
    duration,
    refuse,
)
from services.chassis.lists import DEFAULT_LIMIT, LARGEST_LIMIT
from services.registration.activities.models import Activity, Intake, Kind, Status
from services.registration.moments import DayOrMoment, Moment

DEFAULT_REMINDERS = ("P1D", "PT1H")
LARGEST_CAPACITY = 100_000
LARGEST_PARTY = 50
# Questions are kept as they are sent; only their size is bounded.
MOST_QUESTIONS = 20
LONGEST_QUESTIONS = 20_000  # characters of JSON, all together


def _longest_lead_first(values: list[str]) -> list[str]:
    return sorted(dict.fromkeys(values), key=duration, reverse=True)


def _storable(questions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    text = json.dumps(questions)
    if len(text) > LONGEST_QUESTIONS:
        raise refuse("These questions are too long; please shorten them.")
    # PostgreSQL keeps neither a NUL nor half a surrogate pair.
    if "\\u0000" in text:
        raise refuse("Please remove the special characters from this text.")
    try:
        json.dumps(questions, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise refuse("Please remove the special characters from this text.") from None
    return questions


Reminders = Annotated[list[Duration], Field(max_length=6), AfterValidator(_longest_lead_first)]
Questions = Annotated[
    list[dict[str, Any]], Field(max_length=MOST_QUESTIONS), AfterValidator(_storable)
]
Languages = Annotated[list[LanguageTag], Field(min_length=1, max_length=2)]
Capacity = Annotated[int, Field(ge=1, le=LARGEST_CAPACITY)]
PartySize = Annotated[int, Field(ge=1, le=LARGEST_PARTY)]


class Venue(BaseModel):
    """Where it takes place: a plain text is Chinese, or one text a language."""

    name: LocalizedLine
    address: OptionalLocalizedLine = Field(default_factory=dict)


class ActivityIn(BaseModel):
    """A whole activity, as staff write it."""

    kind: Kind
    title: LocalizedLine
    summary: OptionalLocalizedText = Field(default_factory=dict)
    district: District
    venue: Venue
    starts_at: Moment
    ends_at: Moment
    timezone: Zone = "Asia/Shanghai"
    capacity: Capacity | None = Field(default=None, description="null: nobody is counted.")
    waiting_list: bool = False
    max_party_size: PartySize = 4
    registration_opens_at: Moment | None = Field(default=None, description="null: at once.")
    registration_closes_at: Moment | None = Field(default=None, description="null: when it begins.")
    reminders: Reminders = Field(
        default=list(DEFAULT_REMINDERS),
        description="Lead times before the beginning, ISO 8601 durations.",
    )
    topics: Topics = Field(default_factory=list, max_length=20)
    countries: Countries = Field(default_factory=list, max_length=60)
    languages: Languages = Field(default=["zh-CN"], description="Languages that are spoken.")
    questions: Questions = Field(default_factory=list)
    verify_contact: bool = False

    # A field that belongs to another is checked where it stands, so that the sentence is beside it.
    @field_validator("ends_at")
    @classmethod
    def _after_the_beginning(cls, value: datetime, info: ValidationInfo) -> datetime:
        begins = info.data.get("starts_at")
        if begins is not None and value <= begins:
            raise refuse("The end must be after the beginning.")
        return value

    @field_validator("registration_opens_at")
    @classmethod
    def _opens_before_the_beginning(
        cls, value: datetime | None, info: ValidationInfo
    ) -> datetime | None:
        begins = info.data.get("starts_at")
        if value is not None and begins is not None and value >= begins:
            raise refuse("Registration must open before the activity begins.")
        return value

    @field_validator("registration_closes_at")
    @classmethod
    def _closes_after_it_opens(
        cls, value: datetime | None, info: ValidationInfo
    ) -> datetime | None:
        opens = info.data.get("registration_opens_at")
        if value is not None and opens is not None and value <= opens:
            raise refuse("Registration must close after it opens.")
        return value


class ActivityPatch(BaseModel):
    """Some parts of an activity; what is not given stays as it is.

    ``version`` is the one that the editor saw; given, an edit over a newer one is refused.
    """

    version: int | None = None
    kind: Kind | None = None
    title: LocalizedLine | None = None
    summary: OptionalLocalizedText | None = None
    district: District | None = None
    venue: Venue | None = None
    starts_at: Moment | None = None
    ends_at: Moment | None = None
    timezone: Zone | None = None
    capacity: Capacity | None = None
    waiting_list: bool | None = None
    max_party_size: PartySize | None = None
    registration_opens_at: Moment | None = None
    registration_closes_at: Moment | None = None
    reminders: Reminders | None = None
    topics: Topics | None = None
    countries: Countries | None = None
    languages: Languages | None = None
    questions: Questions | None = None
    verify_contact: bool | None = None

    def over(self, activity: Activity) -> dict[str, Any]:
        """The activity's own values with these in their place, to be checked as a whole."""
        return _stored(activity) | self.model_dump(exclude_unset=True, exclude={"version"})


class CancelIn(BaseModel):
    """Why an activity will not take place; registrants read it."""

    reason: Annotated[MultiLine, Field(min_length=1, max_length=500)]


class CatalogueQuery(BaseModel):
    """What the catalogue is narrowed to. A bare date is a whole day in the city."""

    kind: Kind | None = None
    district: District | None = None
    topic: Topic | None = None
    country: Country | None = None
    language: LanguageTag | None = None
    since: DayOrMoment | None = Field(default=None, alias="from")
    until: DayOrMoment | None = Field(default=None, alias="to")
    q: str = Field(default="", max_length=100, description="Words in the title, text or venue.")
    open: bool | None = Field(default=None, description="Whether one can register now.")
    status: Status | None = Field(default=None, description="Staff: their own, of any state.")
    cursor: str | None = Field(default=None, max_length=500)
    limit: int = Field(default=DEFAULT_LIMIT, ge=1, le=LARGEST_LIMIT)


class ActivityOut(BaseModel):
    """An activity as calls answer it. Times are UTC; ``seats_left`` is null without a limit."""

    id: uuid.UUID
    version: int
    slug: str
    kind: Kind
    status: Status
    title: dict[str, str]
    summary: dict[str, str]
    district: str
    venue: dict[str, dict[str, str]]
    starts_at: datetime
    ends_at: datetime
    timezone: str
    capacity: int | None
    seats_taken: int
    seats_left: int | None
    waiting: int = Field(description="How many registrations wait for a place.")
    waiting_list: bool
    max_party_size: int
    registration_opens_at: datetime | None
    registration_closes_at: datetime | None
    intake: Intake = Field(description="What somebody who registers now will meet.")
    reminders: list[str]
    topics: list[str]
    countries: list[str]
    languages: list[str]
    questions: list[dict[str, Any]]
    verify_contact: bool
    cancel_reason: str | None
    url: str

    @classmethod
    def of(cls, activity: Activity, waiting: int, now: datetime) -> Self:
        """The answer for a stored activity.

        Args:
            waiting: how many of its registrations wait.
            now: the moment for which ``intake`` holds (UTC).
        """
        known = {
            name: getattr(activity, name)
            for name in cls.model_fields
            if name not in ("venue", "waiting", "intake")
        }
        venue = {"name": activity.venue_name, "address": activity.venue_address}
        return cls(**known, venue=venue, waiting=waiting, intake=activity.intake(now))

    @property
    def closes_at(self) -> datetime:
        """Until when one may register: the set moment, at the latest the beginning."""
        return min(self.registration_closes_at or self.starts_at, self.starts_at)


def _stored(activity: Activity) -> dict[str, Any]:
    """A stored activity's values by the names of :class:`ActivityIn`."""
    found = {name: getattr(activity, name) for name in ActivityIn.model_fields if name != "venue"}
    found["venue"] = {"name": activity.venue_name, "address": activity.venue_address}
    return found
