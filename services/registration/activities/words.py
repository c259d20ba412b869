"""How pages speak of activities: dates for a list, choices for filters, a link to a map."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_timedelta

from services.chassis.database import utc_now
from services.chassis.i18n import lazy, locale, localized
from services.chassis.reference import TOPICS, city
from services.registration.activities.maps import geo_uri, map_links, map_url
from services.registration.activities.models import KIND_NAMES, STATUS_NAMES
from services.registration.notices.models import MATERIAL_KIND_NAMES, WORD_NAMES

MONTHS_AHEAD = 6

LANGUAGE_NAMES = {"zh-CN": lazy("Chinese"), "en": lazy("English")}
AUDIENCE_NAMES = {
    "residents": lazy("Residents"),
    "students": lazy("Students"),
    "parents": lazy("Parents"),
    "companies": lazy("Companies"),
    "older-people": lazy("Older people"),
}
STATUS_TONES = {"draft": "neutral", "published": "good", "cancelled": "bad", "completed": "neutral"}
REMINDER_NAMES = {
    "P7D": lazy("a week before"),
    "P3D": lazy("three days before"),
    "P1D": lazy("a day before"),
    "PT3H": lazy("three hours before"),
    "PT1H": lazy("an hour before"),
}

Choices = list[tuple[str, str]]


def in_zone(moment: datetime, zone: str) -> datetime:
    """A moment on the clock of a place."""
    return moment.astimezone(ZoneInfo(zone))


def month_word(moment: datetime, zone: str) -> str:
    """``12月`` or ``Dec``: short, for beside the day in a list."""
    return str(format_date(in_zone(moment, zone), "MMM", locale=locale()))


def time_left(until: datetime) -> str:
    """``in 3 days``, ``3天后``: how long it is until a moment, rounded to what one would say."""
    left = until - utc_now()
    return str(format_timedelta(left, add_direction=True, locale=locale()))


def kinds() -> Choices:
    """Every kind with its name."""
    return [(code, str(name)) for code, name in KIND_NAMES.items()]


def districts(only: str | None = None) -> Choices:
    """The city's districts with their names; ``only`` leaves that one."""
    return [
        (code, localized(names)) for code, names in city().districts.items() if only in (None, code)
    ]


def topics() -> Choices:
    """Every topic with its name."""
    return [(code, str(name)) for code, name in TOPICS.items()]


def spoken() -> Choices:
    """The languages in which an activity may be held."""
    return [(tag, str(name)) for tag, name in LANGUAGE_NAMES.items()]


def months() -> Choices:
    """This month and those after it: ``("2026-12", "December 2026")``."""
    now = utc_now().astimezone(ZoneInfo(city().timezone))
    found = []
    for ahead in range(MONTHS_AHEAD):
        year, month = divmod(now.year * 12 + now.month - 1 + ahead, 12)
        found.append((f"{year}-{month + 1:02}", month_name(year, month + 1)))
    return found


def month_name(year: int, month: int) -> str:
    """``2026年12月`` or ``December 2026``."""
    pattern = "y年M月" if locale().language == "zh" else "MMMM y"
    return str(format_date(date(year, month, 1), pattern, locale=locale()))


def audiences() -> Choices:
    """For whom an activity may be."""
    return [(code, str(name)) for code, name in AUDIENCE_NAMES.items()]


# What an edit changed, as a list of it says it.
_CHANGED_NAMES = {
    "kind": lazy("Kind"),
    "title": lazy("Title"),
    "summary": lazy("What it is about"),
    "district": lazy("District"),
    "time": lazy("Time"),
    "venue": lazy("Venue"),
    "capacity": lazy("Places"),
    "waiting_list": lazy("Waiting list"),
    "max_party_size": lazy("Most people on one registration"),
    "registration_opens_at": lazy("Registration opens"),
    "registration_closes_at": lazy("Registration closes"),
    "reminders": lazy("Reminders"),
    "topics": lazy("Topics"),
    "countries": lazy("Countries"),
    "languages": lazy("Language"),
    "audience": lazy("For whom"),
    "step_free": lazy("Step-free access"),
    "bring": lazy("What to bring"),
    "attachments": lazy("Attachments"),
    "latitude": lazy("Place on the map"),
    "longitude": lazy("Place on the map"),
    "questions": lazy("Questions"),
    "asks_children": lazy("Children counted apart"),
    "asks_companions": lazy("Names of companions"),
    "verify_contact": lazy("Verified contact"),
    "fair_queue": lazy("Fair queue"),
    "certificates": lazy("Certificates"),
}


def changed_words(changed: Iterable[str]) -> list[str]:
    """What an edit changed, as a list of it says it, each once."""
    return list(dict.fromkeys(str(_CHANGED_NAMES[name]) for name in changed))


# What the templates of activities may call.
WORDS: dict[str, Any] = {
    "in_zone": in_zone,
    "month_word": month_word,
    "map_url": map_url,
    "map_links": map_links,
    "geo_uri": geo_uri,
    "time_left": time_left,
    "kind_names": KIND_NAMES,
    "status_names": STATUS_NAMES,
    "status_tones": STATUS_TONES,
    "reminder_names": REMINDER_NAMES,
    "language_names": LANGUAGE_NAMES,
    "audience_names": AUDIENCE_NAMES,
    "word_names": WORD_NAMES,
    "material_kind_names": MATERIAL_KIND_NAMES,
}
