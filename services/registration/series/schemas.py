"""What goes in and comes out of series, for forms and calls alike."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from services.chassis.fields import (
    LocalizedLine,
    OptionalLocalizedLine,
    OptionalLocalizedText,
    refuse,
)
from services.registration.activities.schemas import ActivityOut
from services.registration.moments import Moment
from services.registration.series.dates import MOST_DATES, Every
from services.registration.series.models import Series


def _of_our_time(value: date) -> date:
    if not 2000 <= value.year <= 2100:
        raise refuse("Please check the year.")
    return value


Day = Annotated[date, AfterValidator(_of_our_time)]


class Repeat(BaseModel):
    """How an activity comes again: so many times, or until a day, both after the activity itself.

    Monthly is by weekday: the second Tuesday of every month.
    """

    model_config = ConfigDict(populate_by_name=True)

    every: Every
    times: Annotated[int, Field(ge=1, le=MOST_DATES)] | None = None
    until: Day | None = Field(default=None, validate_default=True)
    without: list[Day] = Field(
        default_factory=list, alias="except", max_length=366, description="Days to leave out."
    )

    @field_validator("until")
    @classmethod
    def _one_of_both(cls, value: date | None, info: ValidationInfo) -> date | None:
        if "times" in info.data and (value is None) == (info.data["times"] is None):
            raise refuse("Please give either how many times, or until which day.")
        return value


class OccurrencesIn(BaseModel):
    """Dates to add: by a rule, one by one, or both.

    Each becomes an activity of its own, like the one that is repeated. ``publish``: at once;
    otherwise they are drafts.
    """

    like: uuid.UUID | None = Field(
        default=None, description="The activity that is repeated; null: the series' latest."
    )
    repeat: Repeat | None = None
    starts_at: list[Moment] = Field(default_factory=list, max_length=MOST_DATES)
    publish: bool = False


class SeriesIn(OccurrencesIn):
    """A new series, begun with an activity that there is."""

    activity_id: uuid.UUID
    title: OptionalLocalizedLine = Field(
        default_factory=dict, description="Empty: the activity's own."
    )
    summary: OptionalLocalizedText = Field(default_factory=dict)


class SeriesPatch(BaseModel):
    """What the public page of a series says of it."""

    title: LocalizedLine
    summary: OptionalLocalizedText = Field(default_factory=dict)


class SeriesOut(BaseModel):
    """A series with its occurrences, the earliest first."""

    id: uuid.UUID
    version: int
    slug: str
    title: dict[str, str]
    summary: dict[str, str]
    district: str
    url: str
    created_at: datetime
    occurrences: list[ActivityOut]

    @classmethod
    def of(cls, series: Series, occurrences: list[ActivityOut]) -> Self:
        """The answer for a stored series."""
        known: dict[str, Any] = {
            name: getattr(series, name) for name in cls.model_fields if name != "occurrences"
        }
        return cls(**known, occurrences=occurrences)
