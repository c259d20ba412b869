"""Broadcasts on their way: frozen audiences, racing workers, pause, cancel, the end, real mail."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from services.chassis.auth import Principal
from services.chassis.database import utc_now
from services.chassis.problems import Problem
from services.notifications.broadcasts import audience, reading, sending, trial, writing
from services.notifications.broadcasts.models import Broadcast
from services.notifications.broadcasts.schemas import (
    BroadcastChange,
    BroadcastOut,
    Counts,
    TestIn,
)
from services.notifications.database import database
from services.notifications.delivery import closing, lanes, lease
from services.notifications.delivery.models import Delivery
from tests.notifications.broadcasting import approved, author, draft, people, person
from tests.sink import SmtpSink


def now_of(broadcast: BroadcastOut) -> BroadcastOut:
    return reading.read(author(), broadcast.id)


def counts(broadcast: BroadcastOut) -> Counts:
    found = now_of(broadcast).counts
    states = found.model_dump(exclude={"total"})
    assert found.total == sum(states.values())
    return found


def outcomes(*acts: Callable[[], object]) -> list[str]:
    """What each of several simultaneous acts came to: ``done`` or the problem's kind."""
    gate = threading.Barrier(len(acts))

    def run(act: Callable[[], object]) -> str:
        gate.wait()
        try:
            act()
        except Problem as problem:
            return problem.kind
        return "done"

    with ThreadPoolExecutor(len(acts)) as pool:
        return sorted(pool.map(run, acts))


def planned(broadcast_id: uuid.UUID) -> int:
    with database.transaction() as session:
        return (
            session.scalar(sa.select(sa.func.count()).where(Delivery.broadcast_id == broadcast_id))
            or 0
        )


def test_it_arrives_in_both_languages(smtp: SmtpSink) -> None:
    person("li@example.com")
    person("ann@example.com", language="en")
    broadcast = approved()
    assert lanes.run_lane("bulk", sending.look_after) == 0, "approved is not sent"
    sending.send(author(), broadcast.id)
    assert lanes.run_lane("bulk", sending.look_after) == 2
    chinese, english = smtp.to("li@example.com")[0], smtp.to("ann@example.com")[0]
    assert chinese.message["Subject"] == "泰国南部洪水"
    assert english.message["Subject"] == "Floods in southern Thailand"
    assert "<strong>远离</strong>" in chinese.html
    link = chinese.message["List-Unsubscribe"].strip("<>")
    assert link.startswith("http://testserver/unsubscribe/")
    assert link != english.message["List-Unsubscribe"].strip("<>")
    assert chinese.message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert link in chinese.text
    assert f'href="{link}"' in chinese.html
    assert chinese.message["Content-Language"] == "zh-CN"
    assert english.message["Content-Language"] == "en"
    assert [line.total for line in reading.listed(author()).items] == [2]
    end = now_of(broadcast)
    assert end.status == "sent"
    assert end.finished_at is not None
    assert counts(broadcast).accepted == 2


def test_a_language_that_is_not_written_falls_back(smtp: SmtpSink) -> None:
    person("ann@example.com", language="en")
    broadcast = approved(message={"zh-CN": {"subject": "洪水", "body": "请远离河岸。"}})
    sending.send(author(), broadcast.id)
    lanes.run_lane("bulk", sending.look_after)
    [taken] = smtp.to("ann@example.com")
    assert taken.message["Subject"] == "洪水"
    assert taken.message["Content-Language"] == "zh-CN", "what it is written in"
    assert '<html lang="zh-CN">' in taken.html


def test_an_emergency_takes_the_urgent_lane_and_says_so(smtp: SmtpSink) -> None:
    person("li@example.com", wants_broadcasts=False)
    broadcast = approved(urgency="emergency")
    sending.send(author(), broadcast.id)
    assert lanes.run_lane("bulk", sending.look_after) == 0
    assert lanes.run_lane("urgent", sending.look_after) == 1
    assert "泰国南部洪水" in smtp.to("li@example.com")[0].message["Subject"]


def test_a_trial_is_marked_and_never_counted(smtp: SmtpSink) -> None:
    people(1)
    broadcast = draft()
    done = trial.send_trial(author(), broadcast.id, TestIn(to=["duty@example.com"]))
    assert done.planned == 2
    lanes.run_lane("transactional")
    subjects = [taken.message["Subject"] for taken in smtp.to("duty@example.com")]
    assert len(subjects) == 2
    assert all("泰国" in subject or "Thailand" in subject for subject in subjects)
    assert all(subject[0] in "【[" for subject in subjects), "marked as a test"
    assert counts(broadcast).total == 0
    with pytest.raises(Problem):
        trial.send_trial(author(), broadcast.id, TestIn(to=["+8613812345678"]))


def test_whoever_comes_after_the_approval_is_not_reached(smtp: SmtpSink) -> None:
    people(2)
    broadcast = approved()
    person("late@example.com")
    sending.send(author(), broadcast.id)
    lanes.run_lane("bulk", sending.look_after)
    assert smtp.to("late@example.com") == []
    assert counts(broadcast).accepted == 2


def test_approved_and_sent_at_once_by_many_it_goes_out_once(smtp: SmtpSink) -> None:
    people(30)
    writer = author()
    broadcast = draft(writer)
    writing.submit(writer, broadcast.id)
    done = outcomes(*[lambda: writing.approve(author(), broadcast.id)] * 6)
    assert done == ["broadcast-state"] * 5 + ["done"]
    assert planned(broadcast.id) == 30
    done = outcomes(*[lambda: sending.send(author(), broadcast.id)] * 6)
    assert done == ["broadcast-state"] * 5 + ["done"]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: lanes.run_lane("bulk", sending.look_after), range(4)))
    sending.look_after(utc_now())
    assert len(smtp.taken) == 30
    assert now_of(broadcast).status == "sent"


def test_without_the_lock_approvals_collide(monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control: the row lock is what lets one approval through and refuses the rest."""
    people(5)
    writer = author()
    broadcast = draft(writer)
    writing.submit(writer, broadcast.id)
    gate = threading.Barrier(3)

    def unlocked(session: Any, identifier: uuid.UUID, by: Principal, **_: Any) -> Broadcast:
        found = reading.stored(session, identifier, by)
        gate.wait(60)
        return found

    monkeypatch.setattr(writing, "stored", unlocked)
    failed = 0

    def approve(_: int) -> None:
        nonlocal failed
        try:
            writing.approve(author(), broadcast.id)
        except sa.exc.IntegrityError:
            failed += 1  # only the unique key is left to refuse a second plan

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(approve, range(3)))
    assert failed == 2
    assert planned(broadcast.id) == 5


def test_counts_add_up_while_workers_race(smtp: SmtpSink) -> None:
    addresses = people(60)
    smtp.at_recipient = {
        addresses[0]: "550 5.1.1 No such user",
        addresses[1]: "451 4.3.0 Try later",
    }
    broadcast = approved()
    sending.send(author(), broadcast.id)
    running = threading.Event()
    seen: list[int] = []

    def watch() -> None:
        while not running.is_set():
            seen.append(counts(broadcast).total)

    watcher = threading.Thread(target=watch)
    watcher.start()
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda _: lanes.run_lane("bulk", sending.look_after), range(3)))
    running.set()
    watcher.join()
    assert set(seen) == {60}
    end = counts(broadcast)
    assert (end.accepted, end.bounced, end.pending) == (58, 1, 1)
    assert now_of(broadcast).status == "sending", "one is still to be tried again"


def test_paused_it_gives_nothing_more_and_resumed_the_rest() -> None:
    people(50)
    broadcast = approved()
    sending.send(author(), broadcast.id)
    first = lease.claim("bulk", utc_now())
    sending.pause(author(), broadcast.id)
    assert lease.claim("bulk", utc_now()) == []
    sending.look_after(utc_now())
    now = counts(broadcast)
    assert (now.sending, now.pending) == (len(first), 50 - len(first))
    assert now_of(broadcast).pause_reason == "staff"
    sending.resume(author(), broadcast.id)
    assert lease.claim("bulk", utc_now())


def test_cancelled_the_rest_stays_back_also_what_comes_back_from_a_worker() -> None:
    people(50)
    broadcast = approved()
    sending.send(author(), broadcast.id)
    first = lease.claim("bulk", utc_now())
    sending.cancel(author(), broadcast.id)
    assert counts(broadcast).cancelled == 50 - len(first)
    lease.recover(utc_now() + lease.LEASE + timedelta(seconds=1))
    sending.look_after(utc_now())
    assert counts(broadcast).cancelled == 50
    assert lease.claim("bulk", utc_now()) == []


def test_too_many_failures_pause_it(monkeypatch: pytest.MonkeyPatch) -> None:
    people(40)
    broadcast = approved()
    sending.send(author(), broadcast.id)
    _fail(broadcast, 20)
    sending.look_after(utc_now())
    assert now_of(broadcast).status == "sending"
    _fail(broadcast, 1)
    sending.look_after(utc_now())
    paused = now_of(broadcast)
    assert (paused.status, paused.pause_reason) == ("paused", "errors")
    sending.resume(author(), broadcast.id)
    sending.look_after(utc_now())
    assert now_of(broadcast).status == "sending", "there is room for as many failures again"


def _fail(broadcast: BroadcastOut, number: int) -> None:
    with database.transaction() as session:
        some = (
            sa.select(Delivery.id)
            .where(Delivery.broadcast_id == broadcast.id, Delivery.state == "pending")
            .limit(number)
        )
        session.execute(sa.update(Delivery).where(Delivery.id.in_(some)).values(state="failed"))


def test_scheduled_it_starts_at_its_time(smtp: SmtpSink) -> None:
    people(2)
    at = utc_now() + timedelta(hours=1)
    broadcast = approved(send_at=at)
    assert sending.send(author(), broadcast.id).status == "scheduled"
    sending.look_after(at - timedelta(seconds=1))
    assert now_of(broadcast).status == "scheduled"
    sending.look_after(at)
    assert now_of(broadcast).status == "sending"
    assert len(lease.claim("bulk", at + timedelta(seconds=1))) == 2


def test_what_is_too_late_is_not_sent(smtp: SmtpSink) -> None:
    people(2)
    expires = utc_now() + timedelta(hours=1)
    broadcast = approved(expires_at=expires)
    sending.send(author(), broadcast.id)
    assert lease.claim("bulk", expires) == []
    sending.look_after(expires)
    end = now_of(broadcast)
    assert (end.status, end.counts.expired) == ("sent", 2)
    _expired_cannot_be_approved()


def _expired_cannot_be_approved() -> None:
    writer = author()
    made = draft(writer, expires_at=utc_now() + timedelta(hours=1))
    _move_expiry(made.id, utc_now() - timedelta(seconds=1))
    with pytest.raises(Problem, match="broadcast-expired"):
        writing.submit(writer, made.id)


def _move_expiry(broadcast_id: uuid.UUID, to: datetime) -> None:
    with database.transaction() as session:
        session.execute(
            sa.update(Broadcast).where(Broadcast.id == broadcast_id).values(expires_at=to)
        )


def test_a_cancelled_one_is_closed_in_portions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(closing, "AT_ONCE", 2)
    people(5)
    broadcast = approved()
    assert sending.cancel(author(), broadcast.id).counts.pending == 3
    assert lanes.run_lane("bulk") == 0, "none of them goes"
    for left in (1, 0):
        sending.look_after(utc_now())
        assert (counts(broadcast).pending, counts(broadcast).cancelled) == (left, 5 - left)


def test_waiting_for_staff_does_not_use_up_the_time_to_try() -> None:
    people(1)
    broadcast = approved()
    with database.transaction() as session:
        session.execute(sa.update(Delivery).values(planned_at=utc_now() - timedelta(days=3)))
    sending.send(author(), broadcast.id)
    [claimed] = lease.claim("bulk", utc_now())
    assert utc_now() - claimed.planned_at < timedelta(minutes=1)


def test_editing_an_approved_one_removes_its_plan() -> None:
    people(3)
    broadcast = approved()
    assert planned(broadcast.id) == 3
    writing.edit(author(), broadcast.id, BroadcastChange(title="Other"))
    assert planned(broadcast.id) == 0


def test_what_was_not_approved_cannot_be_stored_as_approved() -> None:
    people(1)
    broadcast = approved()
    with pytest.raises(sa.exc.IntegrityError), database.transaction() as session:
        session.execute(
            sa.update(Broadcast)
            .where(Broadcast.id == broadcast.id)
            .values(content_hash="something else")
        )


def test_addresses_stay_sealed_on_their_way_into_the_plan() -> None:
    person("li@example.com")
    broadcast = approved()
    with database.transaction() as session:
        raw = session.scalar(
            sa.text("SELECT address FROM deliveries WHERE broadcast_id = :id"),
            {"id": broadcast.id},
        )
        assert raw.startswith("s1.")
        stored = session.scalar(sa.select(Delivery.address))
        assert stored == "li@example.com"
        again = session.get_one(Broadcast, broadcast.id)
        assert audience.count(session, audience.Rules.of(again)).total == 1
