"""What goes into a mission, and what a destination answers to programs."""

from __future__ import annotations

import uuid
from datetime import date, datetime, timedelta
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationInfo, field_validator

from services.chassis.database import utc_now
from services.chassis.fields import (
    BlankIsNone,
    Country,
    LocalizedLine,
    OptionalLocalizedLine,
    OptionalPhone,
    refuse,
)
from services.chassis.i18n import lazy
from services.content.advisories.schemas import AdvisoryOut, WebAddress
from services.content.materials.schemas import MaterialSummary

MissionKind = Literal["embassy", "consulate-general", "consulate", "office"]

KIND_NAMES: Final = {
    "embassy": lazy("Embassy"),
    "consulate-general": lazy("Consulate-General"),
    "consulate": lazy("Consulate"),
    "office": lazy("Consular office"),
}
# Telephone numbers and addresses are looked at again once a year.
CHECK_AFTER: Final = timedelta(days=365)


def _past_day(value: date) -> date:
    # A day begins in China while it is still yesterday in UTC.
    if not value.year >= 2000 or value > (utc_now() + timedelta(days=1)).date():
        raise refuse("Please choose a day that is not in the future.")
    return value


class MissionIn(BaseModel):
    """A mission as it is written; at least one telephone number, E.164."""

    # Given or not, so that the sentence about both numbers is said.
    model_config = ConfigDict(extra="forbid", validate_default=True)

    country: Country
    kind: MissionKind
    name: LocalizedLine
    serves: OptionalLocalizedLine = {}
    address: LocalizedLine
    office_phone: OptionalPhone = None
    help_phone: OptionalPhone = None
    website: Annotated[WebAddress | None, BlankIsNone] = None
    source_url: WebAddress
    checked_on: Annotated[date, AfterValidator(_past_day)]

    @field_validator("help_phone")
    @classmethod
    def _reached_somehow(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is None and info.data.get("office_phone") is None:
            raise refuse("Please give at least one telephone number.")
        return value


class MissionPatch(BaseModel):
    """A whole mission again, with the version that the editor saw."""

    version: int | None = None
    mission: MissionIn


class MissionOut(MissionIn):
    """A mission as the API answers it."""

    model_config = ConfigDict(from_attributes=True, extra="ignore")

    id: uuid.UUID
    version: int
    updated_at: datetime

    @property
    def to_check(self) -> bool:
        """Whether it was last checked over a year ago."""
        return self.checked_on < (utc_now() - CHECK_AFTER).date()


class NumbersOut(BaseModel):
    """Whom to call in danger, as dialled within the country; ``None``: we are not sure."""

    model_config = ConfigDict(from_attributes=True)

    police: str | None
    ambulance: str | None
    fire: str | None
    source: str
    checked_on: date


class DestinationName(BaseModel):
    """A country in the list of all."""

    country: str
    name: dict[str, str]
    aliases: list[str]
    url: str


class DestinationOut(BaseModel):
    """Everything that a destination's page says, for programs."""

    country: str
    name: dict[str, str]
    url: str
    advisories: list[AdvisoryOut]
    emergency_numbers: NumbersOut | None
    missions: list[MissionOut]
    materials: list[MaterialSummary]
