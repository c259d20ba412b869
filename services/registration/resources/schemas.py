"""What goes in and comes out of venues, lecturers and what they are planned for."""

from __future__ import annotations

import uuid
from datetime import date, datetime, time
from typing import Annotated, Self

from pydantic import BaseModel, BeforeValidator, Field, ValidationInfo, field_validator

from services.chassis.auth import Principal
from services.chassis.fields import (
    BlankIsNone,
    District,
    Districts,
    LanguageTag,
    LocalizedLine,
    MultiLine,
    OptionalEmail,
    OptionalLocalizedLine,
    OptionalLocalizedText,
    OptionalPhone,
    SingleLine,
    Topics,
    Zone,
    refuse,
)
from services.registration.activities.schemas import OptionalNote
from services.registration.resources.models import (
    MIDNIGHT,
    HolderKind,
    Lecturer,
    ResourceKind,
    Venue,
)
from services.registration.resources.spans import Span

LARGEST_VENUE = 100_000
MOST_HOURS = 50
MOST_EXCEPTIONS = 200
MOST_LECTURERS = 20

Reason = Annotated[Annotated[SingleLine, Field(max_length=500)] | None, BlankIsNone]
Note = Annotated[Annotated[MultiLine, Field(max_length=2000)] | None, BlankIsNone]


def _end_of_day(value: object) -> object:
    """``24:00`` ends a day; Python's clocks write it 00:00."""
    return "00:00" if value == "24:00" else value


class VenueIn(BaseModel):
    """A whole venue, as staff write it. ``version``: the one that an editor saw."""

    version: int | None = None
    name: LocalizedLine
    address: OptionalLocalizedLine = Field(default_factory=dict)
    district: District
    capacity: Annotated[int, Field(ge=1, le=LARGEST_VENUE)] | None = None
    step_free: bool = False
    latitude: Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)] | None = None
    longitude: Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)] | None = Field(
        default=None, validate_default=True
    )
    note: Note = None

    @field_validator("longitude")
    @classmethod
    def _both_or_neither(cls, value: float | None, info: ValidationInfo) -> float | None:
        if "latitude" in info.data and (value is None) != (info.data["latitude"] is None):
            raise refuse("Please give both the latitude and the longitude, or neither.")
        return value


class VenueOut(BaseModel):
    """A venue as calls answer it."""

    id: uuid.UUID
    version: int
    name: dict[str, str]
    address: dict[str, str]
    district: str
    capacity: int | None
    step_free: bool
    latitude: float | None
    longitude: float | None
    note: str | None
    archived: bool

    @classmethod
    def of(cls, venue: Venue) -> Self:
        """The answer for a stored venue."""
        known = {name: getattr(venue, name) for name in cls.model_fields if name != "archived"}
        return cls(**known, archived=venue.archived_at is not None)


class HoursIn(BaseModel):
    """Hours of every week. ``weekday``: 0 is Monday; ``ends`` may be ``24:00``."""

    weekday: Annotated[int, Field(ge=0, le=6)]
    begins: time
    ends: Annotated[time, BeforeValidator(_end_of_day)]

    @field_validator("begins", "ends")
    @classmethod
    def _on_the_clock(cls, value: time) -> time:
        return value.replace(tzinfo=None, second=0, microsecond=0)

    @field_validator("ends")
    @classmethod
    def _after_the_beginning(cls, value: time, info: ValidationInfo) -> time:
        begins = info.data.get("begins")
        if begins is not None and value != MIDNIGHT and value <= begins:
            raise refuse("The end must be after the beginning.")
        return value


class ExceptionIn(BaseModel):
    """Days that differ from the week, both ends included; ``last`` left out means one day."""

    first: date
    last: Annotated[date | None, BlankIsNone] = Field(default=None, validate_default=True)
    available: bool = False
    note: Annotated[SingleLine, Field(max_length=200)] = ""

    @field_validator("last")
    @classmethod
    def _in_order(cls, value: date | None, info: ValidationInfo) -> date | None:
        first = info.data.get("first")
        if value is not None and first is not None and value < first:
            raise refuse("The last day must not be before the first.")
        return value or first


class LecturerIn(BaseModel):
    """A whole lecturer, as staff write it.

    ``districts``: where they speak, none for the whole city. ``hours`` on the clock of
    ``timezone``; none means that every time is taken for free. ``exceptions`` left out stay.
    """

    version: int | None = None
    name: LocalizedLine
    about: OptionalLocalizedText = Field(default_factory=dict)
    email: OptionalEmail = None
    phone: OptionalPhone = None
    languages: Annotated[list[LanguageTag], Field(min_length=1, max_length=2)] = ["zh-CN"]
    topics: Topics = Field(default_factory=list, max_length=20)
    districts: Districts = Field(default_factory=list, max_length=40)
    timezone: Zone = "Asia/Shanghai"
    hours: Annotated[list[HoursIn], Field(max_length=MOST_HOURS)] = Field(default_factory=list)
    exceptions: Annotated[list[ExceptionIn], Field(max_length=MOST_EXCEPTIONS)] | None = None


class HoursOut(BaseModel):
    """Hours of every week; ``ends`` at 00:00 is the end of the day."""

    weekday: int
    begins: time
    ends: time


class ExceptionOut(BaseModel):
    """Days that differ from the week."""

    id: uuid.UUID
    first: date
    last: date
    available: bool
    note: str


class LecturerOut(BaseModel):
    """A lecturer as calls answer it. How to reach them is there for those who plan alone."""

    id: uuid.UUID
    version: int
    name: dict[str, str]
    about: dict[str, str]
    email: str | None
    phone: str | None
    languages: list[str]
    topics: list[str]
    districts: list[str]
    timezone: str
    hours: list[HoursOut]
    exceptions: list[ExceptionOut]
    archived: bool

    @classmethod
    def of(cls, lecturer: Lecturer, reader: Principal) -> Self:
        """The answer for a stored lecturer, to whoever reads it."""
        found = {
            name: getattr(lecturer, name)
            for name in cls.model_fields
            if name not in ("hours", "exceptions", "archived")
        }
        if not reader.may("activities.edit"):
            found |= {"email": None, "phone": None}
        return cls(
            **found,
            hours=[
                HoursOut(weekday=row.weekday, begins=row.begins, ends=row.ends)
                for row in lecturer.hours
            ],
            exceptions=[
                ExceptionOut(
                    id=row.id,
                    first=row.first,
                    last=row.last,
                    available=row.available,
                    note=row.note,
                )
                for row in lecturer.exceptions
            ],
            archived=lecturer.archived_at is not None,
        )


class SpanOut(BaseModel):
    """From a moment up to another (UTC)."""

    begins: datetime = Field(serialization_alias="from")
    ends: datetime = Field(serialization_alias="to")

    @classmethod
    def of(cls, span: Span) -> Self:
        """The answer for a span."""
        return cls(begins=span.begins, ends=span.ends)


class TakenOut(SpanOut):
    """A time that is taken. ``tentative``: a draft, or a time that is only proposed."""

    by: HolderKind
    tentative: bool


class AvailabilityOut(BaseModel):
    """When a lecturer is available by the week, what is taken of it, and what is left."""

    timezone: str
    available: list[SpanOut]
    taken: list[TakenOut]
    free: list[SpanOut]


class ResourcesIn(BaseModel):
    """Where an activity takes place and who speaks.

    ``venue_id`` left out or null: in none of our rooms; what is written of the venue stays.
    ``override_reason``: why, although somebody or something is taken or not available. ``note``
    and ``ask`` are of the message that registrants get when the place changes.
    """

    version: int | None = None
    note: OptionalNote = Field(default_factory=dict, description="The staff's own words.")
    ask: bool | None = Field(default=None, description="Ask to confirm or cancel.")
    venue_id: Annotated[uuid.UUID | None, BlankIsNone] = None
    lecturer_ids: Annotated[list[uuid.UUID], Field(max_length=MOST_LECTURERS)] = Field(
        default_factory=list
    )
    override_reason: Reason = None


class OccupancyOut(BaseModel):
    """One venue or lecturer at one time (UTC), and the reason if something stood in the way."""

    kind: ResourceKind
    id: uuid.UUID
    name: dict[str, str]
    begins: datetime = Field(serialization_alias="from")
    ends: datetime = Field(serialization_alias="to")
    tentative: bool
    override_reason: str | None


class ResourcesOut(BaseModel):
    """What an activity occupies."""

    activity_id: uuid.UUID
    version: int
    venue_id: uuid.UUID | None
    lecturer_ids: list[uuid.UUID]
    occupancies: list[OccupancyOut]
