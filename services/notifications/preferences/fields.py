"""What people type about countries and trips: understood where it can be, else a sentence."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, timedelta
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo
from pydantic import field_validator as validated

from services.chassis.database import utc_now
from services.chassis.fields import Countries, Country, Districts, Topics, refuse
from services.chassis.i18n import country_name
from services.chassis.reference import country_code
from services.notifications.trips.schedule import today

MOST_TRIPS: Final = 10
# Nobody plans further ahead; a year that is further off is a slip of the finger.
FURTHEST: Final = timedelta(days=3 * 365)
_BETWEEN = re.compile(r"[,，、;；\n]+")


def _codes(value: object) -> object:
    """Names in either language, or codes, several to a text: as codes."""
    if not isinstance(value, list):
        return value
    names = [
        name.strip()
        for text in value
        for name in _BETWEEN.split(unicodedata.normalize("NFKC", str(text)))
        if name.strip()
    ]
    found = [(name, country_code(name)) for name in names]
    for name, code in found:
        if code is None:
            raise refuse(
                "We do not know the country “%(name)s”. Please write its usual name, and a comma "
                "between several.",
                name=name[:40],
            )
    return [code for _, code in found]


def _plain_digits(value: object) -> object:
    return unicodedata.normalize("NFKC", value).strip() if isinstance(value, str) else value


NamedCountries = Annotated[Countries, BeforeValidator(_codes)]
Day = Annotated[date, BeforeValidator(_plain_digits)]
OptionalDay = Annotated[date | None, BeforeValidator(lambda value: _plain_digits(value) or None)]


def names_of(codes: list[str], between: str) -> str:
    """Countries as they stand in the field: their names in the language of the moment."""
    return between.join(country_name(code) for code in codes)


class TripIn(BaseModel):
    """A trip: the country (ISO 3166-1 alpha-2), the day of departure, the last day abroad.

    ``to`` may be left out when it is not known.
    """

    model_config = ConfigDict(populate_by_name=True)

    country: Country
    departs_on: Day = Field(alias="from")
    to: OptionalDay = Field(default=None, validate_default=True)

    @validated("departs_on")
    @classmethod
    def _plausible(cls, value: date) -> date:
        if abs(value - today(utc_now())) > FURTHEST:
            raise refuse("Please give a day within the next three years.")
        return value

    @validated("to")
    @classmethod
    def _to_come(cls, value: date | None, info: ValidationInfo) -> date | None:
        departs_on: date | None = info.data.get("departs_on")
        if departs_on is None:
            return value  # it has its own sentence already
        if value is None and departs_on < today(utc_now()):
            raise refuse("This trip has begun. Please give the day of return.")
        if value is not None and value < departs_on:
            raise refuse("The return is before the departure. Please check both days.")
        if value is not None and value < today(utc_now()):
            raise refuse("This trip is over already. Please check the days.")
        if value is not None and value > departs_on + FURTHEST:
            raise refuse("Please give a day within the next three years.")
        return value


def _few(trips: list[TripIn]) -> list[TripIn]:
    if len(trips) > MOST_TRIPS:
        raise refuse("Please give at most %(most)s trips.", most=MOST_TRIPS)
    return trips


class Wishes(BaseModel):
    """What somebody wants to hear about. Empty lists: what concerns everybody."""

    districts: Districts = Field(default_factory=list)
    countries: NamedCountries = Field(default_factory=list)
    topics: Topics = Field(default_factory=list)
    trips: Annotated[list[TripIn], AfterValidator(_few)] = Field(default_factory=list)

    def as_kept(self) -> dict[str, Any]:
        """As JSON for a column."""
        return self.model_dump(mode="json", by_alias=True)
