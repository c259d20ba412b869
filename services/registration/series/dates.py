"""The dates of a series: by a rule, or one by one, each on the clock of the venue.

Rules are those of iCalendar (RFC 5545), reckoned by python-dateutil on the wall clock: a lecture at
14:00 stays at 14:00 when the clocks change.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import islice, takewhile
from typing import Literal

from dateutil.rrule import MONTHLY, WEEKLY, rrule, weekday

from services.chassis.i18n import Text, lazy
from services.registration.moments import clock_at, moment_at

Every = Literal["week", "two-weeks", "month"]

EVERY_NAMES = {
    "week": lazy("Every week"),
    "two-weeks": lazy("Every two weeks"),
    "month": lazy("Every month, on the same weekday"),
}
# Dates that are made at once: a year of weeks, and some.
MOST_DATES = 60
_FIFTH = 5


@dataclass(frozen=True)
class Span:
    """From when to when an occurrence takes place (UTC)."""

    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True)
class LeftOut:
    """A date on which there will be no occurrence: the wall clock, and a sentence why."""

    clock: datetime
    reason: Text


@dataclass(frozen=True)
class Dates:
    """What a rule comes to, in order."""

    spans: Sequence[Span]
    left_out: Sequence[LeftOut]


def repeated(
    first: Span, zone: str, every: Every, *, times: int | None = None, until: date | None = None
) -> list[datetime]:
    """When it begins again after ``first``, on the wall clock of ``zone``.

    Monthly is by weekday: the second Tuesday stays the second Tuesday, and what falls on a fifth
    one stays on the last.

    Args:
        times: how often, without the first; or
        until: the last day on which it may begin.

    Returns:
        At most one more than :data:`MOST_DATES`, so that whoever asked sees that it is too many.
    """
    begins = clock_at(first.starts_at, zone)
    if every == "month":
        place = (begins.day - 1) // 7 + 1
        on = weekday(begins.weekday(), -1 if place == _FIFTH else place)
        rule = rrule(MONTHLY, dtstart=begins, byweekday=on)
    else:
        rule = rrule(WEEKLY, dtstart=begins, interval=1 if every == "week" else 2)
    later: Iterable[datetime] = (clock for clock in rule if clock > begins)
    if until is not None:
        last = datetime.combine(until, time.max)
        later = takewhile(lambda clock: clock <= last, later)
    return list(islice(later, MOST_DATES + 1 if times is None else times))


def placed(
    first: Span,
    zone: str,
    clocks: Iterable[datetime],
    *,
    taken: Iterable[datetime] = (),
    now: datetime,
) -> Dates:
    """Occurrences that begin at the given times of the wall clock and last as long as ``first``.

    As long on the wall clock: what ends at 16:00 ends at 16:00. A time that a change of the clocks
    shows twice is the first of the two; one that it skips, one that is past, and one at which
    there is an occurrence already are left out.

    Args:
        taken: when there are occurrences already (UTC).
        now: the present moment (UTC).
    """
    lasts: timedelta = clock_at(first.ends_at, zone) - clock_at(first.starts_at, zone)
    there = set(taken)
    spans, left_out = [], []
    for clock in sorted(set(clocks)):
        starts, ends = moment_at(clock, zone), moment_at(clock + lasts, zone)
        if starts is None or ends is None or ends <= starts:
            left_out.append(LeftOut(clock, _SKIPPED))
        elif starts <= now:
            left_out.append(LeftOut(clock, _PAST))
        elif starts in there:
            left_out.append(LeftOut(clock, _TAKEN))
        else:
            spans.append(Span(starts, ends))
    return Dates(spans, left_out)


_SKIPPED = lazy(
    "The clocks change on this day and skip this time. Please add the date with another time."
)
_PAST = lazy("This date is past.")
_TAKEN = lazy("The series has this date already.")
