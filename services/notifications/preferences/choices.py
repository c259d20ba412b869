"""What the holder of an address may choose, and the options that the pages offer."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final, Literal

from pydantic import BaseModel, Field, field_validator

from services.chassis.database import utc_now
from services.chassis.fields import Districts, LanguageTag, Topics, refuse
from services.chassis.i18n import country_name, language, lazy, localized
from services.chassis.reference import TOPICS, city, countries, topic_name
from services.notifications.preferences.fields import Day, NamedCountries
from services.notifications.trips.schedule import today

Digest = Literal["at-once", "daily", "weekly"]

DIGESTS: Final = {
    "at-once": lazy("As they come"),
    "daily": lazy("Once a day, in one message"),
    "weekly": lazy("Once a week, in one message"),
}
LANGUAGE_NAMES: Final = {"zh-CN": "中文", "en": "English"}
LONGEST_PAUSE: Final = timedelta(days=366)


class ChoicesIn(BaseModel):
    """What the holder of an address chooses. Empty lists: what concerns everybody.

    ``wants``: agrees to safety reminders; ``None`` leaves that as it is.
    """

    language: LanguageTag
    digest: Digest = "at-once"
    districts: Districts = Field(default_factory=list)
    countries: NamedCountries = Field(default_factory=list)
    topics: Topics = Field(default_factory=list)
    wants: bool | None = None


class PauseIn(BaseModel):
    """The first day on which messages come again, on the city's calendar."""

    until: Day

    @field_validator("until")
    @classmethod
    def _to_come(cls, value: Day) -> Day:
        first = today(utc_now())
        if value <= first:
            raise refuse("Please choose a day that is still to come.")
        if value > first + LONGEST_PAUSE:
            raise refuse("Please choose a day within a year. You can also end the messages.")
        return value


def choices_to_offer() -> dict[str, Any]:
    """The options of the pages' fields, as ``(value, words)``."""
    return {
        "country_options": country_options(),
        "district_options": [(code, localized(names)) for code, names in city().districts.items()],
        "topic_options": [(code, topic_name(code)) for code in TOPICS],
        "language_options": list(LANGUAGE_NAMES.items()),
    }


def country_options() -> list[tuple[str, str]]:
    """Every country, ``(code, name)``, in the order of the page's language."""
    names = [(code, country_name(code)) for code in countries()]
    if language() == "en":
        return sorted(names, key=lambda one: one[1].casefold())
    # GB 2312 lists the common characters by their pinyin, and GB 18030 keeps that order.
    return sorted(names, key=lambda one: one[1].encode("gb18030"))
