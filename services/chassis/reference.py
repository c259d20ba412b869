"""Districts of the configured city (GB/T 2260), countries (ISO 3166-1), topics."""

from __future__ import annotations

import functools
import json
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from babel import Locale

from services.chassis.i18n import lazy, localized
from services.chassis.settings import SettingsError, settings

CITIES = Path(__file__).parent / "cities"

# CLDR territories that are no ISO 3166-1 country: regions, groupings, exceptional reservations.
_NOT_COUNTRIES = frozenset({"AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN",
                            "XA", "XB", "XK", "ZZ", "CN"})  # fmt: skip

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


@functools.cache
def countries() -> frozenset[str]:
    """The ISO 3166-1 alpha-2 codes of every country and territory but China's own (CLDR)."""
    return frozenset(
        code
        for code in map(str, Locale.parse("en").territories)
        if len(code) == 2 and code.isalpha() and code not in _NOT_COUNTRIES
    )


@functools.cache
def _ways_to_write() -> dict[str, str]:
    """Every way to write a country that is understood, in small letters, and its code."""
    found = {code.casefold(): code for code in countries()}
    for locale in (Locale.parse("zh_CN"), Locale.parse("en_GB")):
        found |= {str(locale.territories[code]).casefold(): code for code in countries()}
    return found


def country_code(text: str) -> str | None:
    """The code of a country that is written by its name in either language, or by its code."""
    return _ways_to_write().get(unicodedata.normalize("NFKC", text).strip().casefold())


def topic_name(code: str) -> str:
    """A topic's name in the language of the moment."""
    return str(TOPICS[code]) if code in TOPICS else code
