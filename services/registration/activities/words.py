"""How pages speak of activities: dates for a list, choices for filters, a link to a map."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from babel.dates import format_date

from services.chassis.database import utc_now
from services.chassis.i18n import lazy, locale, localized
from services.chassis.reference import TOPICS, city
from services.registration.activities.models import KIND_NAMES, STATUS_NAMES
from services.registration.activities.schemas import ActivityOut
from services.registration.notices.models import MATERIAL_KIND_NAMES, WORD_NAMES

# Amap's URI scheme opens its app on a telephone and its map elsewhere (lbs.amap.com/api/uri-api).
_MAP = "https://uri.amap.com/search"
MONTHS_AHEAD = 6

LANGUAGE_NAMES = {"zh-CN": lazy("Chinese"), "en": lazy("English")}
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


def map_url(activity: ActivityOut) -> str:
    """Where a map shows the venue, looked up by what is written of it."""
    # The map is searched in Chinese, which it knows best.
    written = (activity.venue["address"], activity.venue["name"])
    place = " ".join(text for texts in written if (text := localized(texts, "zh-CN")))
    return f"{_MAP}?{urlencode({'keyword': place, 'city': localized(city().name, 'zh-CN')})}"


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
    pattern = "y年M月" if locale().language == "zh" else "MMMM y"
    found = []
    for ahead in range(MONTHS_AHEAD):
        year, month = divmod(now.year * 12 + now.month - 1 + ahead, 12)
        first = datetime(year, month + 1, 1, tzinfo=now.tzinfo)
        found.append((f"{first:%Y-%m}", str(format_date(first, pattern, locale=locale()))))
    return found


# What the templates of activities may call.
WORDS: dict[str, Any] = {
    "in_zone": in_zone,
    "month_word": month_word,
    "map_url": map_url,
    "kind_names": KIND_NAMES,
    "status_names": STATUS_NAMES,
    "status_tones": STATUS_TONES,
    "reminder_names": REMINDER_NAMES,
    "language_names": LANGUAGE_NAMES,
    "word_names": WORD_NAMES,
    "material_kind_names": MATERIAL_KIND_NAMES,
}
