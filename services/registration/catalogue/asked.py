"""What a visitor asked the programme for, read from the address with patience.

A choice that we do not know is left out; what was typed and cannot be understood gets a sentence
beside its field. Either way the rest still holds.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import Request

from services.chassis.database import utc_now
from services.chassis.forms import Form
from services.chassis.i18n import country_name, day, lazy
from services.chassis.problems import FieldError, Invalid
from services.chassis.reference import TOPICS, city, country_code, district_name, topic_name
from services.registration.activities import words
from services.registration.activities.models import KIND_NAMES
from services.registration.catalogue.filters import Filters, moment

WHEN_NAMES = {
    "today": lazy("Today"),
    "week": lazy("This week"),
    "weekend": lazy("This weekend"),
    "next-week": lazy("Next week"),
}
# What stays of a question when it is asked again and again, as a feed reader does.
LASTING = ("q", "district", "kind", "topic", "country", "language", "audience", "step_free")
# Beside the words: what folds away on a telephone.
FURTHER = ("from", "to", "language", "topic", "country", "audience", "open", "step_free")
_TICKED = ("on", "true", "1", "yes")
_MONTH = re.compile(r"(20\d\d)-(0[1-9]|1[0-2])")


@dataclass(frozen=True)
class Asked:
    """The filters, the form as it is shown again, and each choice in words.

    Attributes:
        chosen: ``(name of the field, what it says)`` for every filter that narrows.
    """

    filters: Filters
    form: Form
    chosen: tuple[tuple[str, str], ...]

    @property
    def folded(self) -> bool:
        """Whether nothing of what folds away is in use or wrong."""
        used = {name for name, _ in self.chosen} | self.form.errors.keys()
        return used.isdisjoint(FURTHER)

    def lasting(self, **more: str) -> str:
        """The query of a feed that asks for the same, whatever the day."""
        kept = {name: str(self.form.values[name]) for name in LASTING if self.form.values[name]}
        return urlencode(kept | more)


def asked(request: Request, *, time: bool = True) -> Asked:
    """Everything that the address asks for.

    Args:
        time: whether it may ask for a time; a page of a month has its own.
    """
    given = _texts(request.query_params)
    # A month has had its own name in addresses.
    given["when"] = given["when"] or given["month"]
    if not time:
        given |= dict.fromkeys(("when", "from", "to"), "")
    said: list[tuple[str, str]] = []
    errors: list[FieldError] = []
    filters = Filters(words=given["q"])
    if given["q"]:
        said.append(("q", f"“{given['q']}”"))
    filters = _choices(filters, given, said)
    filters = _country(filters, given, said, errors)
    filters = _time(filters, given, said, errors)
    return Asked(filters, Form(given, Invalid(errors)), tuple(said))


def month_of(text: str) -> tuple[int, int] | None:
    """``2026-12`` as a year and a month."""
    found = _MONTH.fullmatch(text)
    return (int(found[1]), int(found[2])) if found else None


def month_bounds(year: int, month: int) -> tuple[datetime, datetime]:
    """The first moment of a month in the city and the first after it (UTC)."""
    zone = ZoneInfo(city().timezone)
    first = datetime(year, month, 1, tzinfo=zone)
    after = datetime(year + month // 12, month % 12 + 1, 1, tzinfo=zone)
    return first.astimezone(UTC), after.astimezone(UTC)


def span(when: str, now: datetime) -> tuple[datetime, datetime] | None:
    """From when until when a quick choice reaches, in UTC; nothing of it is past.

    Args:
        when: a key of :data:`WHEN_NAMES`, or a month such as ``2026-12``.
        now: the present moment.
    """
    if (month := month_of(when)) is not None:
        first, after = month_bounds(*month)
        return max(first, now), after
    today = now.astimezone(ZoneInfo(city().timezone)).date()
    monday = today - timedelta(days=today.weekday())
    days = {
        "today": (today, today + timedelta(days=1)),
        "week": (today, monday + timedelta(days=7)),
        "weekend": (monday + timedelta(days=5), monday + timedelta(days=7)),
        "next-week": (monday + timedelta(days=7), monday + timedelta(days=14)),
    }
    if when not in days:
        return None
    first_day, after_day = days[when]
    return max(moment(first_day), now), moment(after_day)


def _texts(query: Mapping[str, str]) -> dict[str, str]:
    names = {*LASTING, *FURTHER, "when", "month"}
    # PostgreSQL keeps no NUL; nobody types one.
    return {name: query.get(name, "").replace("\x00", "").strip()[:100] for name in names}


def _choices(filters: Filters, given: dict[str, str], said: list[tuple[str, str]]) -> Filters:
    for name, known in (
        ("district", {code: district_name(code) for code in city().districts}),
        ("kind", KIND_NAMES),
        ("language", words.LANGUAGE_NAMES),
        ("topic", {code: topic_name(code) for code in TOPICS}),
        ("audience", words.AUDIENCE_NAMES),
    ):
        if given[name] in known:
            changes: dict[str, Any] = {name: given[name]}
            filters = replace(filters, **changes)
            said.append((name, str(known[given[name]])))
    for name, words_of_it in (
        ("open", lazy("Taking registrations")),
        ("step_free", lazy("Step-free")),
    ):
        if given[name].lower() in _TICKED:
            ticked: dict[str, Any] = {name: True}
            filters = replace(filters, **ticked)
            said.append((name, str(words_of_it)))
            given[name] = "on"
    return filters


def _country(
    filters: Filters,
    given: dict[str, str],
    said: list[tuple[str, str]],
    errors: list[FieldError],
) -> Filters:
    if not given["country"]:
        return filters
    code = country_code(given["country"])
    if code is None:
        sentence = lazy("We do not know this country; please write its name, such as Thailand.")
        errors.append(FieldError("country", sentence))
        return filters
    given["country"] = country_name(code)
    said.append(("country", country_name(code)))
    return replace(filters, country=code)


def _time(
    filters: Filters,
    given: dict[str, str],
    said: list[tuple[str, str]],
    errors: list[FieldError],
) -> Filters:
    since, until = _day(given, "from", errors), _day(given, "to", errors)
    if since and until and until < since:
        errors.append(FieldError("to", lazy("The last day must not be before the first.")))
        until = None
    if (reach := span(given["when"], utc_now())) is not None:
        filters = replace(filters, since=reach[0], until=reach[1])
        said.append(("when", _in_words(given["when"])))
    if since:
        filters = replace(filters, since=max(moment(since), filters.since or moment(since)))
        said.append(("from", str(lazy("from %(day)s", day=day(moment(since), city().timezone)))))
    if until:
        last = moment(until, end_of_day=True)
        filters = replace(filters, until=min(last, filters.until or last))
        said.append(("to", str(lazy("until %(day)s", day=day(moment(until), city().timezone)))))
    return filters


def _in_words(when: str) -> str:
    month = month_of(when)
    return str(WHEN_NAMES[when]) if month is None else words.month_name(*month)


def _day(given: dict[str, str], name: str, errors: list[FieldError]) -> date | None:
    if not given[name]:
        return None
    try:
        found = date.fromisoformat(given[name])
    except ValueError:
        found = None
    if found is None or not 2000 <= found.year <= 2100:
        errors.append(FieldError(name, lazy("Please write a day such as 2026-12-31.")))
        return None
    return found
