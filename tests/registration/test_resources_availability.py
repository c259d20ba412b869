"""When a lecturer is available: the week, the exceptions, and the clocks that change."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from services.registration.resources.availability import (
    available,
    is_available,
    moment_of,
    whole_day,
)
from services.registration.resources.models import Exceptional, Hours, Lecturer
from services.registration.resources.spans import Span, covers, merged, without

BERLIN = "Europe/Berlin"
# A Monday.
MONDAY = date(2027, 3, 1)


def lecturer(
    *hours: tuple[int, str, str],
    zone: str = "Asia/Shanghai",
    exceptions: tuple[tuple[str, str, bool], ...] = (),
) -> Lecturer:
    return Lecturer(
        timezone=zone,
        hours=[
            Hours(weekday=day, begins=time.fromisoformat(begins), ends=time.fromisoformat(ends))
            for day, begins, ends in hours
        ],
        exceptions=[
            Exceptional(
                first=date.fromisoformat(first),
                last=date.fromisoformat(last),
                available=free,
                note="",
            )
            for first, last, free in exceptions
        ],
    )


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def span(begins: str, ends: str) -> Span:
    return Span(utc(begins), utc(ends))


def test_the_week_is_on_the_lecturers_clock() -> None:
    busy = lecturer((0, "09:00", "12:00"), (0, "14:00", "17:00"), (2, "18:00", "20:00"))
    assert available(busy, MONDAY, MONDAY + timedelta(days=6)) == [
        span("2027-03-01T01:00", "2027-03-01T04:00"),
        span("2027-03-01T06:00", "2027-03-01T09:00"),
        span("2027-03-03T10:00", "2027-03-03T12:00"),
    ]
    assert is_available(busy, span("2027-03-01T01:00", "2027-03-01T04:00"))
    assert not is_available(busy, span("2027-03-01T03:00", "2027-03-01T07:00"))
    assert not is_available(busy, span("2027-03-02T01:00", "2027-03-02T02:00"))


def test_no_hours_at_all_means_any_time() -> None:
    assert is_available(lecturer(), span("2027-03-01T01:00", "2027-03-05T09:00"))


def test_a_night_goes_over_midnight() -> None:
    late = lecturer((0, "18:00", "00:00"), (1, "00:00", "02:00"))
    assert is_available(late, span("2027-03-01T10:00", "2027-03-01T18:00"))
    assert not is_available(late, span("2027-03-01T10:00", "2027-03-01T18:01"))


@pytest.mark.parametrize("free", [True, False])
def test_an_exception_beats_the_week(free: bool) -> None:
    found = lecturer((0, "09:00", "12:00"), exceptions=(("2027-03-01", "2027-03-02", free),))
    assert is_available(found, span("2027-03-01T01:00", "2027-03-01T02:00")) is free
    assert is_available(found, span("2027-03-02T10:00", "2027-03-02T12:00")) is free
    assert is_available(found, span("2027-03-08T01:00", "2027-03-08T02:00"))


def test_of_two_exceptions_for_a_day_away_counts() -> None:
    found = lecturer(
        exceptions=(("2027-03-01", "2027-03-05", True), ("2027-03-03",) * 2 + (False,))
    )
    assert not is_available(found, span("2027-03-03T01:00", "2027-03-03T02:00"))
    assert is_available(found, span("2027-03-04T01:00", "2027-03-04T02:00"))


# In Berlin the clocks skip 02:00–03:00 on 28 March 2027 and show it twice on 31 October 2027; on
# Lord Howe Island they skip 02:00–02:30 on 3 October 2027.
@pytest.mark.parametrize(
    ("zone", "hours", "day", "expected"),
    [
        pytest.param(
            BERLIN,
            ("02:30", "04:00"),
            date(2027, 3, 28),
            span("2027-03-28T01:00", "2027-03-28T02:00"),
            id="begins-in-a-skipped-hour",
        ),
        pytest.param(
            BERLIN,
            ("01:00", "02:30"),
            date(2027, 3, 28),
            span("2027-03-28T00:00", "2027-03-28T01:00"),
            id="ends-in-a-skipped-hour",
        ),
        pytest.param(
            BERLIN,
            ("02:15", "02:45"),
            date(2027, 10, 31),
            span("2027-10-31T00:15", "2027-10-31T01:45"),
            id="in-a-doubled-hour",
        ),
        pytest.param(
            "Australia/Lord_Howe",
            ("02:15", "05:00"),
            date(2027, 10, 3),
            span("2027-10-02T15:30", "2027-10-02T18:00"),
            id="half-an-hour-is-skipped",
        ),
    ],
)
def test_hours_at_a_change_of_the_clocks(
    zone: str, hours: tuple[str, str], day: date, expected: Span
) -> None:
    found = lecturer((day.weekday(), *hours), zone=zone)
    assert available(found, day, day) == [expected]


def test_hours_that_are_skipped_altogether_are_none() -> None:
    day = date(2027, 3, 28)
    assert available(lecturer((6, "02:10", "02:50"), zone=BERLIN), day, day) == []


@pytest.mark.parametrize(
    ("day", "hours"), [(date(2027, 3, 28), 23), (date(2027, 10, 31), 25), (date(2027, 6, 1), 24)]
)
def test_a_whole_day_is_as_long_as_the_clocks_make_it(day: date, hours: int) -> None:
    begins, ends = whole_day(day, ZoneInfo(BERLIN))
    assert ends - begins == timedelta(hours=hours)


def test_every_minute_of_a_changing_day_leads_to_a_moment_in_order() -> None:
    for day in (date(2027, 3, 28), date(2027, 10, 31)):
        found = [
            moment_of(day, time(minute // 60, minute % 60), ZoneInfo(BERLIN), later=True)
            for minute in range(24 * 60)
        ]
        assert found == sorted(found)


def test_spans_are_put_together_and_taken_apart() -> None:
    nine, ten, noon, two = (utc(f"2027-03-01T{clock}:00") for clock in ("09", "10", "12", "14"))
    assert merged([Span(ten, noon), Span(nine, ten), Span(two, two)]) == [Span(nine, noon)]
    assert without([Span(nine, two)], [Span(ten, noon)]) == [Span(nine, ten), Span(noon, two)]
    assert without([Span(ten, noon)], [Span(nine, two)]) == []
    assert covers([Span(nine, ten), Span(ten, noon)], Span(nine, noon))
    assert not covers([Span(nine, ten), Span(noon, two)], Span(nine, two))
