"""Reminders: at their times, moved and withdrawn with what they remind of, and never late."""

from __future__ import annotations

import threading
import uuid
from datetime import datetime, timedelta

import sqlalchemy as sa

from services.chassis.database import utc_now
from services.notifications.database import database
from services.notifications.delivery import lanes
from services.notifications.reminders.models import Reminder
from services.notifications.reminders.schedule import plan_due
from tests.notifications import told
from tests.sink import SmtpSink


def _reminders() -> dict[str, tuple[str, datetime]]:
    with database.transaction() as session:
        rows = session.scalars(sa.select(Reminder))
        return {row.lead_time: (row.state, row.due_at) for row in rows}


def test_offsets_that_are_still_to_come_become_reminders() -> None:
    starts_at = told.soon(hours=5)
    told.registration("confirmed", told.activity(starts_at))
    assert _reminders() == {"PT1H": ("waiting", starts_at - timedelta(hours=1))}


def test_no_reminders_without_consent_or_place() -> None:
    state = told.activity(told.soon(days=3))
    told.registration("waiting", state)
    told.registration(
        "confirmed",
        state,
        consents={"reminders": False, "advisories": True, "privacy_version": "2026-11"},
    )
    assert _reminders() == {}
    assert [delivery.kind for delivery in told.deliveries()] == [
        "registration-waiting",
        "registration-confirmed",
    ]


def test_a_reminder_goes_out_at_its_time_and_once(smtp: SmtpSink) -> None:
    starts_at = told.soon(minutes=61)
    told.registration("confirmed", told.activity(starts_at, reminders=["PT1H"]))
    assert plan_due(utc_now()) == 0
    due = starts_at - timedelta(hours=1)
    assert plan_due(due) == 1
    assert plan_due(due) == 0
    [delivery] = told.deliveries(kind="reminder")
    assert delivery.expires_at == starts_at
    lanes.run_lane("transactional")
    subjects = [taken.message["Subject"] for taken in smtp.to(told.EMAIL)]
    assert any(subject.startswith("活动提醒：安全出行讲座") for subject in subjects)
    assert told.states(kind="reminder") == ["accepted"]


def test_workers_that_plan_at_once_plan_once() -> None:
    starts_at = told.soon(hours=2)
    state = told.activity(starts_at, reminders=["PT1H"])
    for _ in range(20):
        told.registration("confirmed", state)
    due = starts_at - timedelta(minutes=59)
    planned: list[int] = []
    workers = [threading.Thread(target=lambda: planned.append(plan_due(due))) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sum(planned) == 20
    assert len(told.deliveries(kind="reminder")) == 20


def test_never_after_the_activity_began() -> None:
    starts_at = told.soon(hours=2)
    told.registration("confirmed", told.activity(starts_at))
    assert plan_due(starts_at) == 0
    assert _reminders()["PT1H"][0] == "expired"
    assert told.deliveries(kind="reminder") == []


def test_a_planned_reminder_expires_with_the_beginning(smtp: SmtpSink) -> None:
    starts_at = told.soon(hours=2)
    told.registration("confirmed", told.activity(starts_at))
    plan_due(starts_at - timedelta(minutes=30))
    with database.transaction() as session:
        session.execute(sa.text("UPDATE deliveries SET expires_at = now() WHERE kind = 'reminder'"))
    lanes.run_lane("transactional")
    lanes.sweep(utc_now())
    assert told.states(kind="reminder") == ["expired"]
    assert len(smtp.to(told.EMAIL)) == 1  # the confirmation alone


def test_of_several_overdue_only_the_nearest_is_sent() -> None:
    starts_at = told.soon(days=3)
    told.registration("confirmed", told.activity(starts_at))
    assert plan_due(starts_at - timedelta(minutes=50)) == 1
    found = {lead: state for lead, (state, _) in _reminders().items()}
    assert found == {"P1D": "expired", "PT1H": "planned"}


def test_the_activity_moves_and_so_do_its_reminders(smtp: SmtpSink) -> None:
    state = told.activity(told.soon(days=3))
    told.registration("confirmed", state)
    later = told.soon(days=10)
    told.changed(told.moved(state, later), "time")
    assert _reminders() == {
        "P1D": ("waiting", later - timedelta(days=1)),
        "PT1H": ("waiting", later - timedelta(hours=1)),
    }
    lanes.run_lane("transactional")
    subjects = [taken.message["Subject"] for taken in smtp.to(told.EMAIL)]
    assert any(subject.startswith("时间或地点变更：") for subject in subjects)


def test_a_reminder_planned_for_the_old_time_is_called_off_and_made_anew() -> None:
    starts_at = told.soon(hours=2)
    state = told.activity(starts_at, reminders=["PT1H"])
    told.registration("confirmed", state)
    plan_due(starts_at - timedelta(minutes=55))
    later = told.soon(days=2)
    told.changed(told.moved(state, later), "time")
    assert told.states(kind="reminder") == ["cancelled"]
    assert plan_due(later - timedelta(minutes=55)) == 1
    assert told.states(kind="reminder") == ["cancelled", "pending"]


def test_an_edit_of_something_else_tells_nobody() -> None:
    state = told.activity(told.soon(days=3))
    told.registration("confirmed", state)
    told.changed(state | {"version": 2, "reminders": ["PT2H"]}, "reminders")
    assert [delivery.kind for delivery in told.deliveries()] == ["registration-confirmed"]
    found = {lead: kept for lead, (kept, _) in _reminders().items()}
    assert found == {"P1D": "withdrawn", "PT1H": "withdrawn", "PT2H": "waiting"}


def test_who_registered_after_the_change_is_not_told_of_it() -> None:
    state = told.activity(told.soon(days=3))
    told.registration("confirmed", state)
    newer = told.moved(state, told.soon(days=4))
    told.registration("confirmed", newer)  # its event arrives before the change's
    told.changed(newer, "time")
    assert len(told.deliveries(kind="activity-changed")) == 1
    [(_, first_due)] = [_reminders()["PT1H"]]
    assert first_due > told.soon(days=3)


def test_cancelling_withdraws_the_reminders() -> None:
    state = told.activity(told.soon(days=3))
    identifier = told.registration("confirmed", state)
    told.registration("cancelled", state, identifier, version=2)
    assert {kept for kept, _ in _reminders().values()} == {"withdrawn"}


def test_a_cancelled_activity_withdraws_all_of_them() -> None:
    state = told.activity(told.soon(hours=3), reminders=["PT1H"])
    told.registration("confirmed", state)
    plan_due(told.soon(hours=2, minutes=1))
    gone = state | {"version": 2, "status": "cancelled"}
    told.hear(
        "activity.cancelled.v1",
        f"activity/{state['id']}",
        2,
        {"subject_id": state["id"], "version": 2, "activity": gone, "reason": "讲师生病"},
    )
    assert {kept for kept, _ in _reminders().values()} == {"withdrawn"}
    assert told.states(kind="reminder") == ["cancelled"]


def test_the_reason_is_told_though_the_activity_is_heard_of_last(smtp: SmtpSink) -> None:
    state = told.activity(told.soon(days=3))
    identifier = told.registration("confirmed", state)
    gone = state | {"version": 2, "status": "cancelled", "cancel_reason": "场地停电。"}
    told.registration("cancelled", gone, identifier, version=2, cause="activity")
    lanes.run_lane("transactional")
    last = smtp.to(told.EMAIL)[-1].message
    assert "场地停电。" in last.get_body(("plain",)).get_content()


def test_an_event_heard_twice_confirms_once() -> None:
    state = told.activity(told.soon(days=3))
    identifier = told.registration("confirmed", state)
    told.registration("confirmed", state, identifier, version=1)
    assert len(told.deliveries()) == 1
    assert identifier != uuid.UUID(int=0)
