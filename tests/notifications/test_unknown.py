"""Messages to which no answer came, and what comes back about a message later."""

from __future__ import annotations

import itertools
import uuid
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.chassis.database import utc_now
from services.notifications.broadcasts import reading, sending
from services.notifications.broadcasts.models import Broadcast
from services.notifications.broadcasts.schemas import BroadcastOut
from services.notifications.contacts.models import Suppression
from services.notifications.database import database
from services.notifications.delivery import lanes, lease, receipts, unknown
from services.notifications.delivery.models import MOVES, Delivery
from services.notifications.delivery.receipts import Returned
from services.notifications.senders.outcome import Outcome, Verdict
from tests.conftest import principal
from tests.notifications import told
from tests.notifications.broadcasting import approved, author, people
from tests.sink import SmtpSink

WHO = "person0@example.com"


def lost(smtp: SmtpSink, urgency: str = "emergency") -> BroadcastOut:
    """A broadcast whose one message was handed over and never answered."""
    people(1)
    broadcast = approved(urgency=urgency)
    smtp.at_data[WHO] = "drop"
    sending.send(author(), broadcast.id)
    lanes.run_lane("urgent" if urgency == "emergency" else "bulk", sending.look_after)
    smtp.at_data.clear()
    assert told.states(broadcast_id=broadcast.id) == ["unknown"]
    return broadcast


def status(broadcast: BroadcastOut) -> str:
    return reading.read(author(), broadcast.id).status


def test_an_emergency_goes_once_more_after_a_wait(smtp: SmtpSink) -> None:
    broadcast = lost(smtp)
    assert status(broadcast) == "sending", "it is not finished: it goes again"
    now = utc_now()
    assert unknown.resolve(now) == 0, "a receipt may still come"
    later = now + unknown.WAIT_EMAIL
    smtp.at_data[WHO] = "drop"
    assert [unknown.resolve(later), unknown.resolve(later)] == [1, 0]
    told.make_due(broadcast_id=broadcast.id)
    lanes.run_lane("urgent", sending.look_after)
    assert unknown.resolve(later + timedelta(hours=1)) == 0, "once, not for ever"
    assert status(broadcast) == "sent"
    [delivery] = told.deliveries(broadcast_id=broadcast.id)
    assert (delivery.state, delivery.repeated) == ("unknown", True)
    assert [entry["reply"] for entry in delivery.history if entry["state"] == "pending"] == [
        unknown.BY_POLICY
    ]


def test_a_repeat_can_be_recognised(smtp: SmtpSink) -> None:
    broadcast = lost(smtp)
    unknown.resolve(utc_now())
    unknown.resolve(utc_now() + unknown.WAIT_EMAIL)
    told.make_due(broadcast_id=broadcast.id)
    lanes.run_lane("urgent", sending.look_after)
    [delivery] = told.deliveries(broadcast_id=broadcast.id)
    assert delivery.state == "accepted"
    [mail] = smtp.to(WHO)
    assert str(delivery.id) in str(mail.message["Message-ID"]), "the same as the lost one had"


def test_bulk_waits_for_a_person_who_may_send_it_again_after_its_end(smtp: SmtpSink) -> None:
    broadcast = lost(smtp, "routine")
    assert status(broadcast) == "sent"
    assert unknown.resolve(utc_now() + timedelta(days=9)) == 0
    chosen = unknown.Chosen(broadcast_id=broadcast.id)
    city, elsewhere = author(), principal("district-editor", "110105")
    assert unknown.preview(city, chosen) == unknown.Preview(1, 1, 1)
    assert unknown.send_again(elsewhere, chosen) == 0, "another district's"
    assert [unknown.send_again(city, chosen), unknown.send_again(city, chosen)] == [1, 0]
    assert status(broadcast) == "sending"
    lanes.run_lane("bulk", sending.look_after)
    assert status(broadcast) == "sent"
    assert told.states(broadcast_id=broadcast.id) == ["accepted"]


def test_nothing_is_sent_again_that_is_too_late_or_was_given_up(smtp: SmtpSink) -> None:
    broadcast = lost(smtp)
    sending.cancel(author(), broadcast.id)
    chosen = unknown.Chosen(broadcast_id=broadcast.id)
    assert unknown.preview(author(), chosen) == unknown.Preview(1, 0, 1)
    assert unknown.resolve(utc_now()) == unknown.resolve(utc_now() + timedelta(days=1)) == 0
    assert unknown.send_again(author(), chosen) == 0
    assert unknown.count_as_arrived(author(), chosen) == 1
    [delivery] = told.deliveries(broadcast_id=broadcast.id)
    assert (delivery.state, delivery.history[-1]["reply"]) == ("delivered", unknown.ARRIVED)


def _delivery(session: Session, state: str, attempts: int = 1) -> Delivery:
    made = Delivery(
        lane="bulk",
        kind="broadcast-test",
        channel="email",
        dedupe_key=str(uuid.uuid4()),
        address=WHO,
        address_hash="x",
        language="zh-CN",
        state=state,
        attempts=attempts,
    )
    session.add(made)
    session.flush()
    return made


def _receive(session: Session, identifier: uuid.UUID, state: Returned) -> bool:
    return receipts.received(
        session, identifier, state, reply=f"about {WHO}", sender="relay", at=utc_now()
    )


def test_receipts_in_any_order_and_twice_come_to_the_same_as_the_first_that_may_follow() -> None:
    """Every order of three receipts, from every state: only moves of the table, each once."""
    orders: list[tuple[Returned, ...]] = list(
        itertools.permutations(("delivered", "bounced", "failed"))
    )
    with database.transaction() as session:
        for before, order in itertools.product(MOVES, orders):
            stored = _delivery(session, before)
            state = before
            for receipt in (*order, *order):
                may = receipt in MOVES[state]
                assert _receive(session, stored.id, receipt) is may
                state = receipt if may else state
            assert stored.state == state
            assert len(stored.history) == (state != before)
            assert all(WHO not in entry["reply"] for entry in stored.history)


def test_a_receipt_for_what_never_went_changes_nothing_and_a_bounce_suppresses() -> None:
    with database.transaction() as session:
        assert not _receive(session, _delivery(session, "pending", attempts=0).id, "delivered")
        assert not _receive(session, uuid.uuid4(), "delivered")
        assert _receive(session, _delivery(session, "accepted").id, "bounced")
        assert session.scalar(sa.select(Suppression.reason)) == "bounced"


@pytest.mark.parametrize("state", ["paused", "cancelled"])
def test_a_late_record_tells_the_truth_about_what_was_given_up_as_unknown(
    state: str, smtp: SmtpSink
) -> None:
    """A clock that jumps an hour ends every lease; the worker that holds it still knows."""
    people(1)
    broadcast = approved()
    sending.send(author(), broadcast.id)
    taken = lease.claim("bulk", utc_now())
    lease.hand_over(taken, utc_now())
    with database.transaction() as session:
        session.execute(sa.update(Broadcast).values(status=state))
    assert lease.recover(utc_now() + timedelta(hours=1)) == (0, 1)
    lease.record([lease.judged(taken[0], Outcome(Verdict.ACCEPTED), utc_now())])
    assert told.states(broadcast_id=broadcast.id) == ["accepted"]
