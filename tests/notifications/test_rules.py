"""Quiet hours in the city's zone, and what waits for them."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest

from services.chassis.database import utc_now
from services.chassis.problems import Problem
from services.chassis.settings import Settings, SettingsError, settings
from services.notifications.broadcasts import sending, writing
from services.notifications.delivery import lanes, lease
from services.notifications.reminders.schedule import plan_due
from services.notifications.rules.quiet import goes_at, quiet_now, quiet_until
from tests.notifications import told
from tests.notifications.broadcasting import approved, author, draft, people
from tests.sink import SmtpSink

NIGHT = {"routine": (time(21), time(8)), "important": (time(23), time(7))}


def at(text: str) -> datetime:
    """A moment in Beijing, in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=told.BEIJING).astimezone(UTC)


@pytest.fixture
def nights(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings(), "quiet_hours", NIGHT)


@pytest.mark.parametrize(
    ("urgency", "moment", "end"),
    [
        ("routine", "2026-11-24 20:59", None),
        ("routine", "2026-11-24 21:00", "2026-11-25 08:00"),
        ("routine", "2026-12-31 23:59", "2027-01-01 08:00"),
        ("routine", "2026-11-25 07:59", "2026-11-25 08:00"),
        ("routine", "2026-11-25 08:00", None),
        ("important", "2026-11-24 22:00", None),
        ("important", "2026-11-25 00:30", "2026-11-25 07:00"),
        ("emergency", "2026-11-25 03:00", None),
    ],
)
def test_quiet_hours(nights: None, urgency: str, moment: str, end: str | None) -> None:
    assert quiet_until(urgency, at(moment)) == (None if end is None else at(end))
    assert goes_at(urgency, at(moment)) == at(end or moment)


def all_day(monkeypatch: pytest.MonkeyPatch) -> datetime:
    """Make it quiet for routine broadcasts from now until an hour from now, as a clock tells."""
    here = utc_now().astimezone(told.BEIJING)
    begin, end = (here - timedelta(minutes=1)).time(), (here + timedelta(hours=1)).time()
    monkeypatch.setattr(
        settings(),
        "quiet_hours",
        {"routine": (begin.replace(second=0, microsecond=0), end.replace(second=0, microsecond=0))},
    )
    return here + timedelta(hours=1)


def test_what_is_due_in_them_waits_and_a_clock_that_jumps_changes_nothing(
    monkeypatch: pytest.MonkeyPatch, smtp: SmtpSink
) -> None:
    people(3)
    end = all_day(monkeypatch)
    routine, emergency = approved(), approved(urgency="emergency")
    for broadcast in (routine, emergency):
        sending.send(author(), broadcast.id)
    assert quiet_now(utc_now()) == ["routine"]
    assert lanes.run_lane("bulk") == 0
    assert lanes.run_lane("urgent") == 3
    assert lease.waiting_lanes(utc_now()) == []
    # Forward over the end, and back again: the hour of the moment decides, and nothing goes twice.
    assert lease.waiting_lanes(end) == ["bulk"]
    taken = lease.claim("bulk", end)
    assert len(taken) == 3
    assert lease.claim("bulk", utc_now()) == []
    lanes.deliver(taken)
    assert {mail.recipients[0] for mail in smtp.taken if "紧急" not in str(mail.message["Subject"])}
    assert told.states(broadcast_id=routine.id) == ["accepted"] * 3


def test_what_would_wait_until_it_is_too_late_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    people(1)
    all_day(monkeypatch)
    writer = author()
    late = draft(writer, expires_at=(utc_now() + timedelta(minutes=30)).isoformat())
    with pytest.raises(Problem) as refused:
        writing.submit(writer, late.id)
    assert refused.value.kind == "broadcast-in-quiet-hours"
    fine = draft(writer, expires_at=(utc_now() + timedelta(hours=2)).isoformat())
    assert writing.submit(writer, fine.id).status == "submitted"


def test_a_reminder_of_days_ahead_comes_in_the_morning(monkeypatch: pytest.MonkeyPatch) -> None:
    told.registration("confirmed", told.activity(told.soon(days=2), reminders=["P1D", "PT20M"]))
    end = all_day(monkeypatch).replace(second=0, microsecond=0)
    assert plan_due(told.soon(days=1, seconds=1)) == 1
    [ahead] = told.deliveries(kind="reminder")
    assert ahead.due_at == end + timedelta(days=1)
    assert plan_due(told.soon(days=2, minutes=-19)) == 1
    [_, soon] = told.deliveries(kind="reminder")
    assert soon.due_at < utc_now(), "hours ahead, at any hour"


@pytest.mark.parametrize(
    "given", ["always", "routine 25:00-08:00", "emergency 21:00-08:00", "routine 08:00-08:00"]
)
def test_hours_that_are_none_are_refused(given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINGBAO_QUIET_HOURS", given)
    settings.cache_clear()
    try:
        with pytest.raises(SettingsError, match="LINGBAO_QUIET_HOURS"):
            settings()
    finally:
        monkeypatch.undo()
        settings.cache_clear()


def test_production_is_considerate_and_development_is_not_held_up() -> None:
    real = {
        "environment": "production",
        "database_url": "postgresql://db/postgres",
        "redis_url": "redis://queue",
        "smtp_url": "smtp://relay",
        "base_url": "https://lingbao.example.gov.cn",
        "secret_keys": "k" * 40,
        "files_url": "file:///srv/files",
        "sms_provider": "none",
    }
    production = Settings.model_validate(real)
    assert (production.quiet_hours, production.routine_cap) == (NIGHT, 3)
    development = Settings.model_validate({"secret_keys": "k" * 40})
    assert (development.quiet_hours, development.routine_cap) == ({}, 0)
