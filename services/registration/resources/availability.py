"""When a lecturer is available: the hours of every week in a zone, and the days that differ.

An exception beats the week, and of two for one day the one that says "away". Hours are wall
clocks: where the clocks go forward a skipped hour does not exist, and hours that begin or end in it
do so at the change; where they go back a doubled hour counts both times.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from services.registration.resources.models import MIDNIGHT, Lecturer
from services.registration.resources.spans import Span, covers, merged

_DAY = timedelta(days=1)


def available(lecturer: Lecturer, first: date, last: date) -> list[Span]:
    """The spans (UTC) in which a lecturer can be asked to speak.

    Args:
        first, last: days on the lecturer's own clock, both included.
    """
    days = ((last - first).days + 1) if last >= first else 0
    return merged(
        span for ahead in range(days) for span in _of_day(lecturer, first + timedelta(days=ahead))
    )


def is_available(lecturer: Lecturer, span: Span) -> bool:
    """Whether all of a span lies within a lecturer's hours."""
    zone = ZoneInfo(lecturer.timezone)
    first, last = (moment.astimezone(zone).date() for moment in span)
    return covers(available(lecturer, first, last), span)


def whole_day(day: date, zone: ZoneInfo) -> Span:
    """A day of a zone, as long as the clocks make it."""
    return Span(
        moment_of(day, MIDNIGHT, zone),
        moment_of(day + _DAY, MIDNIGHT, zone),
    )


def moment_of(day: date, clock: time, zone: ZoneInfo, *, later: bool = False) -> datetime:
    """The moment (UTC) at which a clock on the wall shows a time.

    Args:
        later: of a time that the clock shows twice, the second; otherwise the first.

    Returns:
        For a time that the clock skips, the moment of the change.
    """
    shown = datetime.combine(day, clock)
    moment = shown.replace(tzinfo=zone, fold=int(later)).astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) == shown:
        return moment
    return _change(shown, zone)


def _change(skipped: datetime, zone: ZoneInfo) -> datetime:
    """The moment (UTC) at which the clocks go forward over a time. PEP 495 gives both sides."""
    before = skipped.replace(tzinfo=zone, fold=1).astimezone(UTC)
    after = skipped.replace(tzinfo=zone, fold=0).astimezone(UTC)
    offset = before.astimezone(zone).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=(after - before) // timedelta(seconds=2))
        if middle.astimezone(zone).utcoffset() == offset:
            before = middle
        else:
            after = middle
    return after


def _of_day(lecturer: Lecturer, day: date) -> Iterator[Span]:
    zone = ZoneInfo(lecturer.timezone)
    exceptions = [found for found in lecturer.exceptions if found.first <= day <= found.last]
    if any(not found.available for found in exceptions):
        return
    if exceptions or not lecturer.hours:
        yield whole_day(day, zone)
        return
    for hours in lecturer.hours:
        if hours.weekday == day.weekday():
            end_of_day = hours.ends == MIDNIGHT
            yield Span(
                moment_of(day, hours.begins, zone),
                moment_of(day + _DAY if end_of_day else day, hours.ends, zone, later=True),
            )
