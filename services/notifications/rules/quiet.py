"""Quiet hours: broadcasts of an urgency wait for their end, in the city's zone.

Emergencies never wait, and neither does what somebody asked for or wrote to the people of one
activity. A claim asks for the hour at that moment, so nothing is computed beforehand that a clock
which jumps could make wrong.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from services.chassis.i18n import date_line, lazy
from services.chassis.problems import Problem
from services.chassis.reference import city
from services.chassis.settings import settings

URGENCIES = ("routine", "important", "emergency")


def quiet_until(urgency: str, moment: datetime) -> datetime | None:
    """When the quiet hours end that ``moment`` falls into; ``None`` when it falls into none.

    Args:
        moment: with its zone.

    Returns:
        A moment in the city's zone.
    """
    span = (settings().quiet_hours or {}).get(urgency)
    if span is None:
        return None
    begin, end = span
    zone = ZoneInfo(city().timezone)
    local = moment.astimezone(zone)
    clock = local.time()
    over_midnight = end < begin
    inside = clock >= begin or clock < end if over_midnight else begin <= clock < end
    if not inside:
        return None
    day = local.date() + timedelta(days=1 if over_midnight and clock >= begin else 0)
    return datetime.combine(day, end, zone)


def goes_at(urgency: str, wanted: datetime) -> datetime:
    """When a broadcast that is wanted at ``wanted`` really begins to go out."""
    return quiet_until(urgency, wanted) or wanted


def quiet_now(now: datetime) -> list[str]:
    """The urgencies whose broadcasts wait at this moment."""
    return [urgency for urgency in URGENCIES if quiet_until(urgency, now) is not None]


def must_not_wait_too_long(urgency: str, wanted: datetime, expires_at: datetime | None) -> None:
    """Refuse what would have to wait until it is too late: not one message would go.

    Raises:
        Problem: 409 ``broadcast-in-quiet-hours``.
    """
    end = quiet_until(urgency, wanted)
    if end is None or expires_at is None or expires_at > end:
        return
    raise Problem(
        409,
        "broadcast-in-quiet-hours",
        lazy("Nothing would go out: it waits for the quiet hours to end, and then it is too late."),
        lazy(
            "The quiet hours end at %(end)s. Please set a later “Not after”, or choose a higher "
            "urgency if it cannot wait.",
            end=date_line(end, None, city().timezone),
        ),
    )


def spans() -> Iterable[tuple[str, str]]:
    """The configured hours for staff to read: urgency, and ``21:00–08:00``."""
    for urgency, (begin, end) in (settings().quiet_hours or {}).items():
        yield urgency, f"{begin:%H:%M}–{end:%H:%M}"
