"""What goes in and comes out of activities, for forms and calls alike."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated, Any, Literal, Self, TypeVar

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
from services.registration.questions.schemas import (
    Questions,
    StoredQuestions,
    as_stored,
    readable,
)
from services.registration.series.scope import Scope

DEFAULT_REMINDERS = ("P1D", "PT1H")
LARGEST_CAPACITY = 100_000
LARGEST_PARTY = 50
MOST_ATTACHMENTS = 12
LONGEST_NOTE = 1_000


T = TypeVar("T")


def _longest_lead_first(values: list[str]) -> list[str]:
    return sorted(dict.fromkeys(values), key=duration, reverse=True)


def _each_once(values: list[T]) -> list[T]:
    return list(dict.fromkeys(values))


def _short(texts: dict[LanguageTag, str]) -> dict[LanguageTag, str]:
    if any(len(text) > LONGEST_NOTE for text in texts.values()):
        raise refuse("Please use at most %(most)s characters.", most=LONGEST_NOTE)
    return texts


OptionalNote = Annotated[OptionalLocalizedText, AfterValidator(_short)]
Reminders = Annotated[list[Duration], Field(max_length=6), AfterValidator(_longest_lead_first)]
Languages = Annotated[list[LanguageTag], Field(min_length=1, max_length=2)]
Capacity = Annotated[int, Field(ge=1, le=LARGEST_CAPACITY)]
PartySize = Annotated[int, Field(ge=1, le=LARGEST_PARTY)]
Audience = Literal["residents", "students", "parents", "companies", "older-people"]
Audiences = Annotated[list[Audience], AfterValidator(_each_once)]
Attachments = Annotated[
    list[uuid.UUID], Field(max_length=MOST_ATTACHMENTS), AfterValidator(_each_once)
]
# Degrees of WGS 84, as maps give them.
Latitude = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
Longitude = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]


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
    audience: Audiences = Field(default_factory=list, description="For whom it is; [] for all.")
    step_free: bool = Field(default=False, description="Whether it is reached without steps.")
    bring: OptionalLocalizedText = Field(default_factory=dict, description="What to bring along.")
    attachments: Attachments = Field(
        default_factory=list, description="Ids of materials of the library."
    )
    latitude: Latitude | None = Field(default=None, description="Degrees, WGS 84.")
    longitude: Longitude | None = Field(default=None, validate_default=True)
    questions: Questions = Field(default_factory=list)
    asks_children: bool = Field(default=False, description="The form counts children apart.")
    asks_companions: bool = Field(default=False, description="The form asks for every name.")
    verify_contact: bool = Field(default=False, description="A place counts once it is verified.")
    fair_queue: bool = Field(default=False, description="Who comes for the opening draws a lot.")
    certificates: bool = Field(default=False, description="Who came gets a certificate.")

    # A field that belongs to another is checked where it stands, so that the sentence is beside it.
    @field_validator("ends_at")
    @classmethod
    def _after_the_beginning(cls, value: datetime, info: ValidationInfo) -> datetime:
        begins = info.data.get("starts_at")
        if begins is not None and value <= begins:
            raise refuse("The end must be after the beginning.")
        return value

    @field_validator("longitude")
    @classmethod
    def _both_or_neither(cls, value: float | None, info: ValidationInfo) -> float | None:
        if "latitude" in info.data and (value is None) != (info.data["latitude"] is None):
            raise refuse("Please give both the latitude and the longitude, or neither.")
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

    @field_validator("fair_queue")
    @classmethod
    def _opens_at_a_set_time(cls, value: bool, info: ValidationInfo) -> bool:
        # A time that was refused has its own sentence already.
        unset = info.data.get("registration_opens_at", ...) is None
        if value and unset:
            raise refuse("A fair queue needs the time at which registration opens.")
        return value


# What a patch says of itself, not of the activity.
_ABOUT_THE_EDIT = {"version", "scope", "note", "ask"}


class ActivityPatch(BaseModel):
    """Some parts of an activity; what is not given stays as it is.

    ``version`` is the one that the editor saw; given, an edit over a newer one is refused.
    ``scope``: whether the other occurrences of its series change too. ``note`` and ``ask`` are of
    the message that registrants get when time or place changes.
    """

    version: int | None = None
    scope: Scope = "this"
    note: OptionalNote = Field(default_factory=dict, description="The staff's own words.")
    ask: bool | None = Field(
        default=None, description="Ask to confirm or cancel; null: when the time changes."
    )
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
    audience: Audiences | None = None
    step_free: bool | None = None
    bring: OptionalLocalizedText | None = None
    attachments: Attachments | None = None
    latitude: Latitude | None = None
    longitude: Longitude | None = None
    questions: Questions | None = None
    asks_children: bool | None = None
    asks_companions: bool | None = None
    verify_contact: bool | None = None
    fair_queue: bool | None = None
    certificates: bool | None = None

    def over(self, activity: Activity) -> dict[str, Any]:
        """The activity's own values with these in their place, to be checked as a whole."""
        return stored(activity) | self.model_dump(exclude_unset=True, exclude=_ABOUT_THE_EDIT)


class CancelIn(BaseModel):
    """Why an activity, or several of its series, will not take place; registrants read it."""

    reason: Annotated[MultiLine, Field(min_length=1, max_length=500)]
    scope: Scope = "this"


class CatalogueQuery(BaseModel):
    """What the catalogue is narrowed to. A bare date is a whole day in the city."""

    kind: Kind | None = None
    district: District | None = None
    topic: Topic | None = None
    country: Country | None = None
    language: LanguageTag | None = None
    audience: Audience | None = None
    step_free: bool | None = Field(default=None, description="true: reached without steps.")
    since: DayOrMoment | None = Field(default=None, alias="from")
    until: DayOrMoment | None = Field(default=None, alias="to")
    q: str = Field(
        default="",
        max_length=100,
        description="Words in its texts, or names of its country, topic or district.",
    )
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
    previous_starts: list[datetime] = Field(
        description="When it was to begin, as the public was told, before it was moved."
    )
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
    audience: list[str]
    step_free: bool
    bring: dict[str, str]
    attachments: list[uuid.UUID]
    latitude: float | None
    longitude: float | None
    questions: StoredQuestions
    asks_children: bool
    asks_companions: bool
    verify_contact: bool
    fair_queue: bool
    certificates: bool
    series_id: uuid.UUID | None
    venue_id: uuid.UUID | None
    cancel_reason: str | None
    url: str
    picture_url: str | None
    picture_alt: dict[str, str]

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


def stored(activity: Activity) -> dict[str, Any]:
    """A stored activity's values by the names of :class:`ActivityIn`."""
    found = {name: getattr(activity, name) for name in ActivityIn.model_fields if name != "venue"}
    found["venue"] = {"name": activity.venue_name, "address": activity.venue_address}
    # Without what older versions took for a question and nobody can be asked.
    found["questions"] = as_stored(readable(activity.questions))
    return found
