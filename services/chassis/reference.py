"""Districts of the configured city (GB/T 2260), countries (ISO 3166-1), topics."""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from pathlib import Path

from services.chassis.countries import (
    aliases,
    countries,
    country_code,
    country_guess,
)
from services.chassis.i18n import lazy, localized
from services.chassis.settings import SettingsError, settings

__all__ = [
    "CITIES",
    "TOPICS",
    "City",
    "aliases",
    "city",
    "countries",
    "country_code",
    "country_guess",
    "district_name",
    "topic_name",
]

CITIES = Path(__file__).parent / "cities"

TOPICS = {
    "study-abroad": lazy("Studying abroad"),
    "work-abroad": lazy("Working abroad"),
    "travel": lazy("Travelling"),
    "family": lazy("Living abroad and family"),
    "documents": lazy("Passports and documents"),
    "fraud": lazy("Fraud and scams"),
    "health": lazy("Health and mental health"),
    "security": lazy("Security and emergencies"),
}


@dataclass(frozen=True)
class City:
    """One city office: its name, its districts, its telephone."""

    name: dict[str, str]
    office: dict[str, str]
    phone: str
    timezone: str
    districts: dict[str, dict[str, str]]


@functools.cache
def city() -> City:
    """The city of ``LINGBAO_CITY``.

    Raises:
        SettingsError: there is no such file.
    """
    file = CITIES / f"{settings().city}.json"
    if not file.is_file():
        known = ", ".join(sorted(path.stem for path in CITIES.glob("*.json")))
        raise SettingsError(f"LINGBAO_CITY: there is no city {settings().city!r}; known: {known}.")
    return City(**json.loads(file.read_text(encoding="utf-8")))


def district_name(code: str | None) -> str:
    """A district's name in the language of the moment; the whole city for ``None``."""
    if code is None:
        return localized(city().name)
    return localized(city().districts[code]) if code in city().districts else code


def topic_name(code: str) -> str:
    """A topic's name in the language of the moment."""
    return str(TOPICS[code]) if code in TOPICS else code
