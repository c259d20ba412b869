"""What goes into a quiz and what comes out."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from services.chassis.fields import (
    BlankIsNone,
    District,
    LocalizedLine,
    OptionalLocalizedLine,
    refuse,
)
from services.chassis.i18n import Lazy, lazy
from services.content.advisories.schemas import LocalMoment, Moment
from services.content.banks.schemas import Tags
from services.content.publication import Status

Purpose = Literal["open", "before", "after", "cohort"]
Show = Literal["at-once", "after-close", "never"]

PURPOSE_NAMES: Final[Mapping[str, Lazy]] = {
    "open": lazy("For everybody"),
    "before": lazy("Before an activity"),
    "after": lazy("After an activity"),
    "cohort": lazy("For a school or a company"),
}
SHOW_NAMES: Final[Mapping[str, Lazy]] = {
    "at-once": lazy("As soon as one has handed in"),
    "after-close": lazy("When the quiz has closed"),
    "never": lazy("Not at all"),
}
MOST_DRAWS: Final = 10
MOST_ITEMS: Final = 60


class Draw(BaseModel):
    """So many items of a bank, at random from those that have one of the tags.

    Without tags any item of the bank may come.
    """

    model_config = ConfigDict(extra="forbid")

    bank_id: uuid.UUID
    tags: Tags = []
    count: int = Field(ge=1, le=MOST_ITEMS)


def _not_too_many(draws: list[Draw]) -> list[Draw]:
    if not draws:
        raise refuse("Please choose a bank that the quiz draws from.")
    if sum(draw.count for draw in draws) > MOST_ITEMS or len(draws) > MOST_DRAWS:
        raise refuse("A quiz has at most %(most)s questions.", most=MOST_ITEMS)
    return draws


Draws = Annotated[list[Draw], AfterValidator(_not_too_many)]
Minutes = Annotated[int, Field(ge=1, le=240)]
Attempts = Annotated[int, Field(ge=1, le=20)]
Percent = Annotated[int, Field(ge=0, le=100)]


class QuizIn(BaseModel):
    """A quiz as it is written. Times carry their offset.

    ``before`` and ``after`` need the activity that they are for; ``cohort`` may have the booking.
    Both ids are registration's. With another purpose they are as good as not given.
    """

    model_config = ConfigDict(extra="forbid")

    title: LocalizedLine
    summary: OptionalLocalizedLine = {}
    district: Annotated[District | None, BlankIsNone] = None
    purpose: Purpose = "open"
    activity_id: Annotated[uuid.UUID | None, BlankIsNone] = Field(None, validate_default=True)
    booking_id: Annotated[uuid.UUID | None, BlankIsNone] = None
    draws: Draws
    minutes: Annotated[Minutes | None, BlankIsNone] = None
    attempts_allowed: Annotated[Attempts | None, BlankIsNone] = None
    pass_mark: Percent = 60
    opens_at: Annotated[Moment | None, BlankIsNone] = None
    closes_at: Annotated[Moment | None, BlankIsNone] = None
    show: Show = "at-once"

    @field_validator("activity_id")
    @classmethod
    def _of_an_activity(cls, value: uuid.UUID | None, info: ValidationInfo) -> uuid.UUID | None:
        if info.data.get("purpose") not in ("before", "after"):
            return None
        if value is None:
            raise refuse("Please choose the activity that the quiz is for.")
        return value

    @field_validator("booking_id")
    @classmethod
    def _of_a_cohort(cls, value: uuid.UUID | None, info: ValidationInfo) -> uuid.UUID | None:
        return value if info.data.get("purpose") == "cohort" else None

    @field_validator("closes_at")
    @classmethod
    def _after_its_beginning(cls, value: datetime | None, info: ValidationInfo) -> datetime | None:
        opens = info.data.get("opens_at")
        if value is not None and opens is not None and value <= opens:
            raise refuse("Please choose an end that is after the beginning.")
        return value

    @field_validator("show")
    @classmethod
    def _after_what(cls, value: Show, info: ValidationInfo) -> Show:
        if value == "after-close" and info.data.get("closes_at") is None:
            raise refuse("Please say above when the quiz closes, or choose another answer.")
        return value


class QuizForm(QuizIn):
    """A quiz as the staff page gives it: times without a zone are the city's."""

    opens_at: Annotated[LocalMoment | None, BlankIsNone] = None
    closes_at: Annotated[LocalMoment | None, BlankIsNone] = None


class QuizPatch(BaseModel):
    """Some fields of a quiz, each replacing the old value as a whole.

    ``version`` is the one that the editor saw; with it, a change made meanwhile is not overwritten.
    """

    model_config = ConfigDict(extra="forbid")

    version: int | None = None
    title: LocalizedLine | None = None
    summary: OptionalLocalizedLine | None = None
    district: Annotated[District | None, BlankIsNone] = None
    purpose: Purpose | None = None
    activity_id: Annotated[uuid.UUID | None, BlankIsNone] = None
    booking_id: Annotated[uuid.UUID | None, BlankIsNone] = None
    draws: Draws | None = None
    minutes: Annotated[Minutes | None, BlankIsNone] = None
    attempts_allowed: Annotated[Attempts | None, BlankIsNone] = None
    pass_mark: Percent | None = None
    opens_at: Annotated[Moment | None, BlankIsNone] = None
    closes_at: Annotated[Moment | None, BlankIsNone] = None
    show: Show | None = None


class CopyIn(BaseModel):
    """What a copy is for; ``after`` of a quiz ``before`` is compared with it."""

    model_config = ConfigDict(extra="forbid")

    purpose: Purpose


class QuizPublic(BaseModel):
    """A quiz as anybody may see it. ``items`` is how many questions one paper has."""

    model_config = ConfigDict(from_attributes=True)

    id: uuid.UUID
    slug: str
    title: dict[str, str]
    summary: dict[str, str]
    purpose: Purpose
    activity_id: uuid.UUID | None
    items: int = Field(validation_alias="count")
    minutes: int | None
    attempts_allowed: int | None
    pass_mark: int
    opens_at: datetime | None
    closes_at: datetime | None
    show: Show
    url: str


class QuizOut(BaseModel):
    """A quiz as staff see it."""

    model_config = ConfigDict(from_attributes=True)

    id: uuid.UUID
    version: int
    slug: str
    code: str
    status: Status
    district: str | None
    title: dict[str, str]
    summary: dict[str, str]
    purpose: Purpose
    activity_id: uuid.UUID | None
    booking_id: uuid.UUID | None
    copied_from: uuid.UUID | None
    draws: list[Draw]
    count: int
    minutes: int | None
    attempts_allowed: int | None
    pass_mark: int
    opens_at: datetime | None
    closes_at: datetime | None
    show: Show
    withdraw_reason: str | None
    published_at: datetime | None
    updated_at: datetime
    url: str


class QuizForStaff(BaseModel):
    """A quiz with what the page of staff says beside it."""

    quiz: QuizOut
    author_name: str
    created_at: datetime
