"""Moments in time as forms and calls give them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Annotated, TypeVar
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, AwareDatetime, BeforeValidator

from services.chassis.fields import refuse

D = TypeVar("D", bound=date)

# Far enough for every plan, near enough that no zone leads out of the calendar.
_FIRST_YEAR, _LAST_YEAR = 2000, 2100


def _written_out(value: object) -> object:
    # A bare number would be read as seconds since 1970, which nobody means.
    if isinstance(value, bool | int | float):
        raise refuse("Please write a date and time that exist, such as 2026-12-31 14:00.")
    return value


def _of_our_time(value: D) -> D:
    if not _FIRST_YEAR <= value.year <= _LAST_YEAR:
        raise refuse("Please check the year.")
    return value


def _in_utc(value: datetime) -> datetime:
    return value.astimezone(UTC)


# A moment with its offset (RFC 3339), kept in UTC.
Moment = Annotated[
    AwareDatetime,
    BeforeValidator(_written_out),
    AfterValidator(_of_our_time),
    AfterValidator(_in_utc),
]
# For filters: a day, or a moment with or without its offset.
DayOrMoment = Annotated[datetime | date, AfterValidator(_of_our_time)]


def local_moment(text: str, zone: str) -> str:
    """What a ``datetime-local`` field holds, with the zone's offset.

    Args:
        text: ``2026-12-31T14:00``, the wall clock in ``zone``.
        zone: an IANA name; one that does not exist is refused by the model, so any will do here.

    Returns:
        RFC 3339 with offset; ``text`` itself when it is no date and time, so that the model that
        reads it refuses it with its own sentence.
    """
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        return text
    if zone not in available_timezones():
        zone = "UTC"
    return (found if found.tzinfo else found.replace(tzinfo=ZoneInfo(zone))).isoformat()


def clock_at(moment: datetime, zone: str) -> datetime:
    """What the clock of a place shows: a date and time without zone (``fold`` as in PEP 495)."""
    return moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None)


def moment_at(clock: datetime, zone: str) -> datetime | None:
    """The moment (UTC) at which the clock of a place shows a date and time.

    Args:
        clock: without zone. When a change of the clocks shows it twice, ``fold`` says which of the
            two is meant: the first, unless told otherwise.

    Returns:
        ``None`` when a change of the clocks skips it.
    """
    found = clock.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    return found if clock_at(found, zone) == clock else None


def is_skipped(text: str, zone: str) -> bool:
    """Whether ``2027-03-28T02:30``, as a form gives it, is a time that its zone never shows."""
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        return False
    if found.tzinfo is not None or zone not in available_timezones():
        return False
    return _FIRST_YEAR <= found.year <= _LAST_YEAR and moment_at(found, zone) is None


def wall_clock(moment: datetime | None, zone: str) -> str:
    """A moment as a ``datetime-local`` field takes it; empty for none."""
    return "" if moment is None else f"{moment.astimezone(ZoneInfo(zone)):%Y-%m-%dT%H:%M}"
