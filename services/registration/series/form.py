"""The form that repeats an activity: what it shows, and what is read from it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from datetime import datetime, time
from zoneinfo import ZoneInfo

from services.chassis.forms import Typed
from services.chassis.i18n import Text, date_line, lazy
from services.chassis.problems import FieldError, Invalid
from services.registration.activities.schemas import ActivityOut
from services.registration.moments import clock_at, moment_at
from services.registration.series.dates import MOST_DATES, Dates
from services.registration.series.schemas import OccurrencesIn, Repeat

# Beside the rules, dates that are written one by one.
BY_HAND = "dates"

# 2027-05-12, 2027/5/12 or 2027年5月12日, with or without a time of day.
_DATE = re.compile(
    r"(20\d\d)\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})日?(?:[ T]*(\d{1,2}):(\d\d))?"
)
_BETWEEN = re.compile(r"[,，、;；\n]+")


# What the form shows first.
BLANK = {"every": "week", "ending": "times", "times": "4"}


def read(typed: Typed, activity: ActivityOut) -> OccurrencesIn:
    """The dates that the form asks for: by its rule, or those that are written in it.

    Raises:
        Invalid: something cannot be taken, with a sentence for each field.
    """
    if typed.text("every") == BY_HAND:
        clocks = list(_written(typed.text("dates"), _time_of_day(activity)))
        return _at(clocks, activity, publish=False)
    ending = "until" if typed.text("ending") == "until" else "times"
    kept: dict[str, object] = {"times": None, "until": None, "without": []}
    kept[ending] = unicodedata.normalize("NFKC", typed.text(ending)).strip() or None
    try:
        rule = typed.parse(Repeat, **kept)
    except Invalid as error:
        # The sentence about both stands beside the one that was chosen.
        wrong = [
            FieldError(ending if item.field in ("times", "until") else item.field, item.message)
            for item in error.errors
        ]
        raise Invalid(wrong) from error
    return OccurrencesIn(repeat=rule)


def read_kept(typed: Typed, activity: ActivityOut) -> OccurrencesIn:
    """The dates whose boxes are still ticked in the preview, and whether to publish them.

    Raises:
        Invalid: none is, or what was sent is no date.
    """
    clocks = []
    for text in typed.texts("keep"):
        try:
            clocks.append(datetime.fromisoformat(text).replace(tzinfo=None))
        except ValueError as error:
            raise Invalid([FieldError("keep", _NO_DATES)]) from error
    return _at(clocks, activity, publish=bool(typed.text("publish")), field="keep")


def boxes(dates: Dates, zone: str) -> list[tuple[str, str]]:
    """The preview's boxes: the wall clock that each stands for, and the date as people say it."""
    return [
        (
            clock_at(span.starts_at, zone).isoformat(timespec="minutes"),
            date_line(span.starts_at, span.ends_at, zone),
        )
        for span in dates.spans
    ]


def said_left_out(dates: Dates, zone: str) -> list[tuple[str, Text]]:
    """The dates that are left out as people say them, each with its reason."""
    return [
        (date_line(left.clock.replace(tzinfo=ZoneInfo(zone)), None, zone), left.reason)
        for left in dates.left_out
    ]


def _at(
    clocks: list[datetime], activity: ActivityOut, *, publish: bool, field: str = "dates"
) -> OccurrencesIn:
    if not clocks:
        raise Invalid([FieldError(field, _NO_DATES)])
    if len(clocks) > MOST_DATES:
        sentence = lazy("Please give at most %(most)s dates at once.", most=MOST_DATES)
        raise Invalid([FieldError(field, sentence)])
    moments = [moment_at(clock, activity.timezone) for clock in clocks]
    skipped = [clock for clock, moment in zip(clocks, moments, strict=True) if moment is None]
    if skipped:
        sentence = lazy(
            "On %(date)s the clocks change and skip this time; please choose another.",
            date=f"{skipped[0]:%Y-%m-%d %H:%M}",
        )
        raise Invalid([FieldError(field, sentence)])
    return OccurrencesIn(starts_at=[one for one in moments if one], publish=publish)


def _time_of_day(activity: ActivityOut) -> time:
    return clock_at(activity.starts_at, activity.timezone).time()


def _written(text: str, at: time) -> Iterator[datetime]:
    """Dates as people write them; one without a time of day is ``at`` its own."""
    for part in _BETWEEN.split(unicodedata.normalize("NFKC", text)):
        if not part.strip():
            continue
        found = _DATE.fullmatch(part.strip())
        try:
            if found is None:
                raise ValueError
            year, month, day = (int(number) for number in found.group(1, 2, 3))
            clock = time(int(found[4]), int(found[5])) if found[4] else at
            yield datetime.combine(datetime(year, month, day), clock)  # noqa: DTZ001 - a wall clock
        except ValueError as error:
            sentence = lazy(
                "“%(text)s” is no date; write it like 2027-05-12 or 2027-05-12 18:30.",
                text=part.strip()[:40],
            )
            raise Invalid([FieldError("dates", sentence)]) from error


_NO_DATES = lazy("Please choose at least one date.")
