"""Whom a broadcast to very many reaches is drawn up by the worker, and everything else goes on."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from services.chassis.auth import Principal
from services.chassis.crypto import fingerprint
from services.chassis.database import utc_now
from services.chassis.events import Envelope
from services.notifications.broadcasts import freezing, reading, sending, writing
from services.notifications.broadcasts.models import Broadcast
from services.notifications.broadcasts.schemas import BroadcastChange, BroadcastOut
from services.notifications.contacts.models import Suppression
from services.notifications.database import database
from services.notifications.delivery import lanes
from services.notifications.delivery.models import Delivery
from tests.notifications import told
from tests.notifications.broadcasting import approved, author, draft, people
from tests.sink import SmtpSink
from tests.stack import eventually

Visit = Callable[[Principal], TestClient]
Outbox = Callable[[str], list[Envelope]]

MANY = 7


@pytest.fixture(autouse=True)
def _more_than_three_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(freezing, "AT_ONCE", 3)


def now_of(broadcast: BroadcastOut) -> BroadcastOut:
    return reading.read(author(), broadcast.id)


def told_approved(outbox: Outbox) -> list[int]:
    """How many messages each told approval was about."""
    told_of = [one for one in outbox("notifications") if one.type == "broadcast.approved.v1"]
    return [one.data["counts"]["total"] for one in told_of]


def in_the_way(connection: sa.Connection, broadcast: BroadcastOut) -> None:
    """One delivery that the plan of a broadcast has too, so that only one of both can be."""
    key = f"broadcast/{broadcast.id}/email/{fingerprint('person3@example.com')}"
    values = {"id": uuid.uuid4(), "dedupe_key": key, "lane": "bulk", "kind": "test"}
    values |= {"channel": "email", "address": "", "address_hash": "", "language": "en"}
    connection.execute(sa.insert(Delivery), values)


@contextmanager
def half_frozen(broadcast: BroadcastOut) -> Iterator[Future[int]]:
    """A worker is in the middle of its plan, and stands still there."""
    with ThreadPoolExecutor(1) as pool, database.engine.connect() as connection:
        in_the_way(connection, broadcast)
        process = connection.scalar(sa.text("SELECT pg_backend_pid()"))
        working = pool.submit(freezing.work, "bulk")
        try:
            eventually(lambda: holds_somebody_up(process))
            yield working
        finally:
            connection.rollback()


def holds_somebody_up(process: int) -> bool:
    """Whether somebody waits for what a connection of PostgreSQL holds."""
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE :process = ANY (pg_blocking_pids(pid))"
    # Each look in a transaction of its own: within one, PostgreSQL shows the same processes.
    with database.transaction() as session:
        return bool(session.scalar(sa.text(waiting), {"process": process}))


def test_sent_while_it_is_drawn_up_it_goes_right_after(
    smtp: SmtpSink, visit: Visit, outbox: Outbox
) -> None:
    people(MANY)
    broadcast = approved()
    assert (broadcast.status, broadcast.freezing, broadcast.counts.total) == ("approved", True, 0)
    assert told_approved(outbox) == []
    here = f"/staff/broadcasts/{broadcast.id}"
    browser = visit(author())
    assert "are being drawn up at this moment" in browser.get(f"{here}/send").text
    with half_frozen(broadcast) as working:
        assert freezing.work("bulk") == 0, "one worker has it"
        going = sending.send(author(), broadcast.id)
        assert (going.status, going.freezing) == ("scheduled", True)
        sending.look_after(utc_now())
        assert now_of(broadcast).status == "scheduled", "nothing begins or ends before"
        page = browser.get(here).text
        assert "It goes out by itself as soon as this is done." in page
        assert f"{here}/live?seen=scheduled-freezing" in page
        assert not working.done()
    assert working.result() == 1
    renewed = browser.get(f"{here}/progress?seen=scheduled-freezing")
    assert renewed.headers["HX-Redirect"] == here, "an open page is asked for again"
    found = now_of(broadcast)
    assert (found.freezing, found.counts.total, found.error_limit) == (False, MANY, 20)
    assert told_approved(outbox) == [MANY]
    sending.look_after(utc_now())
    assert lanes.run_lane("bulk", sending.look_after) == MANY
    assert now_of(broadcast).status == "sent"
    assert len(smtp.taken) == MANY


def cancelled(broadcast: BroadcastOut) -> None:
    sending.cancel(author(), broadcast.id)


def edited_and_back(broadcast: BroadcastOut) -> None:
    """The content is the same again, but it is another approval."""
    for title in ("Storms", broadcast.title):
        writing.edit(author(), broadcast.id, BroadcastChange(title=title))
    writing.submit(author(), broadcast.id)
    writing.approve(author(), broadcast.id)


@pytest.mark.parametrize(
    ("act", "status", "left"), [(cancelled, "cancelled", 0), (edited_and_back, "approved", 1)]
)
def test_taken_back_while_it_is_drawn_up_nothing_of_it_stays(
    act: Callable[[BroadcastOut], None], status: str, left: int
) -> None:
    people(MANY)
    broadcast = approved()
    with half_frozen(broadcast) as working:
        act(broadcast)
        assert not working.done()
    # What it stood at in the middle is no more; what was approved anew, it does right after.
    assert working.result() == 1 + left
    found = now_of(broadcast)
    assert (found.status, found.counts.total) == (status, MANY * left)
    assert freezing.work("bulk") == 0


def test_an_emergency_does_not_wait_for_a_newsletter() -> None:
    people(MANY)
    newsletter = approved()
    with half_frozen(newsletter) as working:
        emergency = approved(urgency="emergency")
        assert emergency.freezing
        assert freezing.work("urgent") == 1
        assert now_of(emergency).counts.total == MANY
        assert not working.done()
    assert now_of(newsletter).counts.total == MANY


def test_nobody_left_or_broken_off_three_times_it_asks_for_approval_again(visit: Visit) -> None:
    addresses = people(MANY)
    broadcast = draft(writer := author())
    writing.submit(writer, broadcast.id)
    with database.transaction() as session:
        for address in addresses:
            known = {"address": address, "address_hash": fingerprint(address)}
            session.add(Suppression(channel="email", reason="bounced", **known))
    assert writing.approve(author(), broadcast.id).freezing
    assert freezing.work("bulk") == 1
    page = visit(author()).get(f"/staff/broadcasts/{broadcast.id}").text
    assert "nobody was left who would get it" in page
    with database.transaction() as session:
        session.execute(sa.delete(Suppression))
    writing.approve(author(), broadcast.id)
    with database.engine.begin() as connection:
        in_the_way(connection, broadcast)
    for _ in range(freezing.MOST_ATTEMPTS):
        assert freezing.work("bulk") == 1
        assert freezing.work("bulk") == 0, "not at once again"
        with database.transaction() as session:
            session.execute(
                sa.update(Broadcast)
                .where(Broadcast.freeze_due_at.is_not(None))
                .values(freeze_due_at=utc_now())
            )
    found = now_of(broadcast)
    assert (found.status, found.approval_lapsed) == ("submitted", "broke-off")
    assert (found.approved_by, found.counts.total) == (None, 0)
    assert told.deliveries(kind="broadcast") == []
