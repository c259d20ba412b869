"""A month of the programme, day by day."""

from __future__ import annotations

import calendar
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from services.chassis.database import utc_now
from services.chassis.reference import city
from services.registration.activities.models import Activity
from services.registration.catalogue.asked import month_bounds, month_of
from services.registration.catalogue.filters import Filters, narrowed, reading

# What a page shows; a day that has more links to the rest.
MOST_ON_A_DAY = 5
MOST_IN_A_MONTH = 500
# Months to both sides of the present one, so that no crawler turns pages for ever.
REACH = 24


@dataclass(frozen=True)
class Entry:
    """One activity as a calendar names it; times are UTC, its days those of its own place.

    One that ends at midnight ends on the day before.
    """

    slug: str
    title: dict[str, str]
    district: str
    starts_at: datetime
    ends_at: datetime
    timezone: str
    first_day: date
    last_day: date


@dataclass
class Day:
    """A day of the table; ``more`` counts those that are not shown."""

    date: date
    inside: bool
    today: bool
    entries: list[Entry] = field(default_factory=list)
    more: int = 0

    @property
    def moment(self) -> datetime:
        """Its noon in the city, for naming it."""
        return datetime(
            self.date.year, self.date.month, self.date.day, 12, tzinfo=ZoneInfo(city().timezone)
        )


@dataclass(frozen=True)
class Month:
    """A month as weeks from Monday to Sunday.

    Attributes:
        long: what goes on for several days, by its beginning; the days hold the others.
        total: how many activities there are.
    """

    year: int
    month: int
    weeks: Sequence[Sequence[Day]]
    long: Sequence[Entry]
    total: int

    @property
    def previous(self) -> str | None:
        """The month before as ``2026-11``, within reach."""
        return _within_reach(self.year * 12 + self.month - 2)

    @property
    def next(self) -> str | None:
        """The month after as ``2027-01``, within reach."""
        return _within_reach(self.year * 12 + self.month)


def month_asked(text: str) -> tuple[int, int]:
    """The year and month of ``2026-12``; the present month for whatever is none, or is far off."""
    now = _this_month()
    asked = month_of(text)
    if asked is None or abs(asked[0] * 12 + asked[1] - 1 - now) > REACH:
        return now // 12, now % 12 + 1
    return asked


def _this_month() -> int:
    today = utc_now().astimezone(ZoneInfo(city().timezone))
    return today.year * 12 + today.month - 1


def _within_reach(months: int) -> str | None:
    """A number of months since the year 0 as an address says it."""
    if abs(months - _this_month()) > REACH:
        return None
    return f"{months // 12}-{months % 12 + 1:02}"


def month_of_programme(year: int, month: int, filters: Filters) -> Month:
    """What takes place in a month, over or not; cancelled activities are left out.

    Args:
        filters: its times are not looked at, the month is the time.
    """
    shown = _shown(year, month, replace(filters, since=None, until=None))
    today = utc_now().astimezone(ZoneInfo(city().timezone)).date()
    weeks = [
        [Day(day, day.month == month, day == today) for day in week]
        for week in calendar.Calendar().monthdatescalendar(year, month)
    ]
    days = {day.date: day for week in weeks for day in week if day.inside}
    long = []
    for entry, on_its_day, _ in shown:
        if entry.first_day != entry.last_day:
            long.append(entry)
        elif (day := days.get(entry.first_day)) is not None:
            day.entries.append(entry)
            day.more = on_its_day - len(day.entries)
    return Month(year, month, weeks, long, shown[0][2] if shown else 0)


def _shown(year: int, month: int, filters: Filters) -> list[tuple[Entry, int, int]]:
    """The first few of each day, with how many begin and end on that day, and how many in all.

    The database leaves the others out: a full month of a large city is a thousand rows.
    """
    first, after = month_bounds(year, month)
    first_day = _local_day(Activity.starts_at)
    last_day = _local_day(Activity.ends_at - timedelta(microseconds=1))
    its_day = (first_day == last_day, first_day)
    order = (Activity.starts_at, Activity.id)
    everything = narrowed(
        sa.select(
            Activity.slug,
            Activity.title,
            Activity.district,
            Activity.starts_at,
            Activity.ends_at,
            Activity.timezone,
            first_day.label("first_day"),
            last_day.label("last_day"),
            sa.func.count().over(partition_by=its_day).label("on_its_day"),
            sa.func.count().over().label("total"),
            sa.func.row_number().over(partition_by=its_day, order_by=order).label("place"),
        ),
        filters,
        utc_now(),
    ).where(
        Activity.status.in_(("published", "completed")),
        Activity.starts_at < after,
        Activity.ends_at > first,
    )
    inner = everything.subquery()
    row = inner.c
    query = (
        sa.select(inner)
        .where(sa.or_(row.first_day != row.last_day, row.place <= MOST_ON_A_DAY))
        .order_by(row.starts_at, row.slug)
        .limit(MOST_IN_A_MONTH)
    )
    with reading(filters) as session:
        return [
            (Entry(*values), on_its_day, total)
            for *values, on_its_day, total, _place in session.execute(query)
        ]


def _local_day(moment: sa.SQLColumnExpression[datetime]) -> sa.ColumnElement[date]:
    """The day of a moment on the clock of the activity's place."""
    return sa.cast(sa.func.timezone(Activity.timezone, moment), sa.Date)
