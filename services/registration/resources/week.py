"""One week of a room or a lecturer: what is free, what is taken, day by day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from services.chassis.auth import Principal
from services.chassis.i18n import clock
from services.chassis.reference import city
from services.registration.resources.availability import available, moment_of, whole_day
from services.registration.resources.models import Exceptional, Lecturer, Venue
from services.registration.resources.schemas import AvailabilityOut, SpanOut, TakenOut
from services.registration.resources.spans import Span, without
from services.registration.resources.taken import Taken, taken

# The strip shows the part of the day in which an office plans, in half hours.
FIRST_HOUR, LAST_HOUR = 8, 22
_HALF_HOUR = timedelta(minutes=30)
_DAY = timedelta(days=1)

Slot = Literal["free", "away", "taken", "tentative"]


@dataclass(frozen=True)
class Entry:
    """One thing that takes the resource on a day: when, what, its page for those whose it is."""

    times: str
    words: str
    page: str | None
    tentative: bool
    reason: str | None


@dataclass(frozen=True)
class Day:
    """One day: the strip of half hours, the hours in words, and what is planned."""

    moment: datetime
    slots: list[Slot]
    hours: list[str]
    exceptions: list[Exceptional]
    entries: list[Entry]


@dataclass(frozen=True)
class Week:
    """Seven days from a Monday, on the clock of ``timezone``."""

    monday: date
    timezone: str
    days: list[Day]

    @property
    def before(self) -> date:
        """The Monday of the week before."""
        return self.monday - 7 * _DAY

    @property
    def after(self) -> date:
        """The Monday of the week after."""
        return self.monday + 7 * _DAY


def monday_of(text: str, zone: str) -> date:
    """The Monday of the week of a day as an address names it; of this week for anything else."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = datetime.now(ZoneInfo(zone)).date()
    # Beyond these a week has no Monday or no Sunday any more.
    day = min(max(day, date(2000, 1, 3)), date(2100, 12, 26))
    return day - timedelta(days=day.weekday())


def week_of(session: Session, reader: Principal, resource: Venue | Lecturer, monday: date) -> Week:
    """The week of a resource as staff see it."""
    zone = zone_of(resource)
    days = [whole_day(monday + ahead * _DAY, ZoneInfo(zone)) for ahead in range(7)]
    entries = taken(session, [resource.id], Span(days[0].begins, days[-1].ends))
    return Week(
        monday,
        zone,
        [
            _day(reader, resource, monday + ahead * _DAY, span, entries)
            for ahead, span in enumerate(days)
        ],
    )


def availability_of(
    session: Session, resource: Venue | Lecturer, first: date, last: date
) -> AvailabilityOut:
    """When a resource is available, taken and free, from one day to another, both included."""
    zone = ZoneInfo(zone_of(resource))
    during = Span(whole_day(first, zone).begins, whole_day(last, zone).ends)
    open_spans = _open(resource, first, last)
    entries = taken(session, [resource.id], during)
    return AvailabilityOut(
        timezone=zone.key,
        available=[SpanOut.of(span) for span in open_spans],
        taken=[
            TakenOut(
                begins=entry.span.begins,
                ends=entry.span.ends,
                by=entry.holder_kind,
                tentative=entry.tentative,
            )
            for entry in entries
        ],
        free=[SpanOut.of(span) for span in without(open_spans, [entry.span for entry in entries])],
    )


def zone_of(resource: Venue | Lecturer) -> str:
    """On whose clock a resource's days are."""
    return resource.timezone if isinstance(resource, Lecturer) else city().timezone


def _open(resource: Venue | Lecturer, first: date, last: date) -> list[Span]:
    if isinstance(resource, Lecturer):
        return available(resource, first, last)
    zone = ZoneInfo(zone_of(resource))
    return [Span(whole_day(first, zone).begins, whole_day(last, zone).ends)]


def _day(
    reader: Principal,
    resource: Venue | Lecturer,
    day: date,
    span: Span,
    all_entries: list[Taken],
) -> Day:
    zone = zone_of(resource)
    entries = [entry for entry in all_entries if entry.span.meets(span)]
    hours = _open(resource, day, day)
    exceptions = resource.exceptions if isinstance(resource, Lecturer) else []
    return Day(
        moment=span.begins,
        slots=_slots(day, ZoneInfo(zone), hours, entries),
        hours=[] if isinstance(resource, Venue) else [_between(part, span, zone) for part in hours],
        exceptions=[found for found in exceptions if found.first <= day <= found.last],
        entries=[
            Entry(
                _between(entry.span, span, zone),
                entry.words(reader),
                entry.page(reader),
                entry.tentative,
                entry.reason,
            )
            for entry in entries
        ],
    )


def _slots(day: date, zone: ZoneInfo, hours: list[Span], entries: list[Taken]) -> list[Slot]:
    found: list[Slot] = []
    for number in range((LAST_HOUR - FIRST_HOUR) * 2):
        begins = moment_of(day, time(FIRST_HOUR + number // 2, number % 2 * 30), zone)
        here = Span(begins, begins + _HALF_HOUR)
        meeting = [entry for entry in entries if entry.span.meets(here)]
        if meeting:
            found.append("tentative" if all(entry.tentative for entry in meeting) else "taken")
        else:
            found.append("free" if any(span.meets(here) for span in hours) else "away")
    return found


def _between(span: Span, day: Span, zone: str) -> str:
    """``09:00–12:00`` within a day; what goes on beyond it is cut at midnight."""
    begins = max(span.begins, day.begins)
    ends = "24:00" if span.ends >= day.ends else clock(span.ends, zone)
    return f"{clock(begins.astimezone(UTC), zone)}–{ends}"
