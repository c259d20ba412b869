"""Calendar parts: programs take them in, change them and take them out."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from icalendar import Calendar

from services.notifications.delivery import lanes
from tests.notifications import told
from tests.sink import SmtpSink, Taken


def _event(taken: Taken) -> tuple[str, Any]:
    assert taken.calendar is not None
    calendar = Calendar.from_ical(taken.calendar)
    [event] = calendar.walk("VEVENT")
    return str(calendar["METHOD"]), event


def test_request_change_and_cancel_are_about_one_entry(smtp: SmtpSink) -> None:
    starts_at = told.soon(days=3)
    state = told.activity(starts_at)
    identifier = told.registration("confirmed", state)
    lanes.run_lane("transactional")
    later = told.soon(days=5)
    newer = told.moved(state, later)
    told.changed(newer, "time")
    lanes.run_lane("transactional")
    told.registration("cancelled", newer, identifier, version=2)
    lanes.run_lane("transactional")

    found = [_event(taken) for taken in smtp.to(told.EMAIL)]
    assert [method for method, _ in found] == ["REQUEST", "REQUEST", "CANCEL"]
    events = [event for _, event in found]
    assert {str(event["UID"]) for event in events} == {f"{identifier}@lingbao"}
    sequences = [int(event["SEQUENCE"]) for event in events]
    assert sequences == sorted(set(sequences)), "SEQUENCE rises with every message"
    starts: list[datetime] = [event.decoded("DTSTART") for event in events]
    assert starts == [starts_at, later, later]
    assert str(events[-1]["STATUS"]) == "CANCELLED"


def test_what_stands_in_an_entry(smtp: SmtpSink) -> None:
    told.registration("confirmed", told.activity(told.soon(days=3)))
    lanes.run_lane("transactional")
    [taken] = smtp.to(told.EMAIL)
    _, event = _event(taken)
    assert str(event["SUMMARY"]) == "安全出行讲座"
    assert str(event["LOCATION"]) == "陶然亭街道活动中心，西城区某路1号"
    assert "K7QX 2M9P" in str(event["DESCRIPTION"])
    assert str(event["ORGANIZER"]) == "mailto:no-reply@lingbao.example"
    assert str(event["ATTENDEE"]) == f"mailto:{told.EMAIL}"
    assert event["ATTENDEE"].params["RSVP"] == "FALSE"
    assert event["ATTENDEE"].params["CN"] == "王丽"
    [part] = [part for part in taken.message.walk() if part.get_content_type() == "text/calendar"]
    assert part.get_param("method") == "REQUEST"
    [attached] = list(taken.message.iter_attachments())
    assert attached.get_filename() == "invite.ics"


def test_cancelling_what_was_never_confirmed_cancels_no_entry(smtp: SmtpSink) -> None:
    state = told.activity(told.soon(days=3))
    identifier = told.registration("waiting", state)
    lanes.run_lane("transactional")
    told.registration("cancelled", state, identifier, version=2)
    lanes.run_lane("transactional")
    assert [taken.calendar for taken in smtp.to(told.EMAIL)] == [None, None]


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "Europe/London", "America/New_York"])
def test_an_entry_carries_the_zone_of_the_place(smtp: SmtpSink, zone: str) -> None:
    starts_at = told.soon(days=3)
    told.registration("confirmed", told.activity(starts_at, timezone=zone))
    lanes.run_lane("transactional")
    [taken] = smtp.to(told.EMAIL)
    assert taken.calendar is not None
    calendar = Calendar.from_ical(taken.calendar)
    [rules] = calendar.walk("VTIMEZONE")
    assert str(rules["TZID"]) == zone
    [event] = calendar.walk("VEVENT")
    assert event["DTSTART"].params["TZID"] == zone
    assert event.decoded("DTSTART") == starts_at
    assert f"{starts_at.astimezone(ZoneInfo(zone)):%Y%m%dT%H%M%S}" in taken.calendar
    assert (zone in taken.text) is (zone != "Asia/Shanghai"), "named where it is not ours"


def test_an_entry_in_utc_needs_no_rules(smtp: SmtpSink) -> None:
    told.registration("confirmed", told.activity(told.soon(days=3), timezone="UTC"))
    lanes.run_lane("transactional")
    [taken] = smtp.to(told.EMAIL)
    assert taken.calendar is not None
    assert "VTIMEZONE" not in taken.calendar
    assert Calendar.from_ical(taken.calendar).walk("VEVENT")
