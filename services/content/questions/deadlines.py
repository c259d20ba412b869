"""By when an answer is promised: some working days, and an hour where somebody may be in need.

Working days are Monday to Friday in the city. Public holidays, which the State Council announces
year by year, are not known here: before one, the promise is kept earlier or the asker is told.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from services.chassis.reference import city

# As long as the office takes for a request of a school or a company.
WORKING_DAYS: Final = 3
URGENT_WITHIN: Final = timedelta(hours=1)

_SATURDAY: Final = 5
_END_OF_DAY: Final = time(17, 30)


def due(asked_at: datetime, *, urgent: bool) -> datetime:
    """By when a question is to be answered.

    Args:
        asked_at: with a zone.

    Returns:
        With the city's zone: the end of the third working day, or an hour later when urgent.
    """
    if urgent:
        return asked_at + URGENT_WITHIN
    day = asked_at.astimezone(ZoneInfo(city().timezone))
    left = WORKING_DAYS
    while left:
        day += timedelta(days=1)
        left -= day.weekday() < _SATURDAY
    return datetime.combine(day.date(), _END_OF_DAY, day.tzinfo)
