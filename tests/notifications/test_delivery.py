"""Deliveries: claimed by lease, sent once, and every answer of a server written down."""

from __future__ import annotations

import itertools
import threading
import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa
import time_machine

from services.chassis.database import utc_now
from services.chassis.events import Envelope
from services.chassis.relays import MailRelay
from services.chassis.stack.ports import free_port
from services.chassis.worker import QueueAway
from services.notifications.broadcasts.models import Broadcast
from services.notifications.contacts.models import Suppression
from services.notifications.contacts.service import suppress
from services.notifications.database import database
from services.notifications.delivery import closing, lanes, lease
from services.notifications.delivery.models import MOVES, STATES, Delivery, IllegalMove, may_move
from services.notifications.delivery.service import Address, Planned, plan
from services.notifications.messages import composers
from services.notifications.messages.content import MailContent
from services.notifications.senders.configured import Senders, senders
from services.notifications.senders.email import MailSender
from services.notifications.senders.outcome import Outcome, Verdict
from tests.notifications import told
from tests.sink import SmtpSink

KIND = "a-test"


@pytest.fixture(autouse=True)
def _a_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    content = MailContent("主题", "zh-CN", "正文", "<p>正文</p>")
    monkeypatch.setitem(composers.COMPOSERS, KIND, lambda _session, _delivery: content)


def _plan(*addresses: str, lane: str = "transactional", **changes: object) -> list[uuid.UUID]:
    made: list[uuid.UUID] = []
    with database.transaction() as session:
        for address in addresses:
            message = Planned(
                kind=KIND,
                key=f"test/{address}",
                language="zh-CN",
                lane=lane,  # type: ignore[arg-type]
                **changes,  # type: ignore[arg-type]
            )
            made += plan(session, [Address("email", address)], message)
    return made


def _many(number: int) -> list[str]:
    return [f"person{index}@example.com" for index in range(number)]


def test_planning_the_same_again_plans_nothing() -> None:
    assert len(_plan("a@example.com")) == 1
    assert _plan("a@example.com") == []


def test_a_lane_is_emptied_over_few_connections(smtp: SmtpSink) -> None:
    smtp.connections = 0
    addresses = _many(70)
    _plan(*addresses)
    assert lanes.run_lane("transactional") == 70
    assert {taken.recipients[0] for taken in smtp.taken} == set(addresses)
    assert set(told.states()) == {"accepted"}
    assert smtp.connections <= 10


def test_racing_workers_send_each_once(smtp: SmtpSink) -> None:
    addresses = _many(60)
    _plan(*addresses)

    def work() -> None:
        while batch := lease.claim("transactional", utc_now(), 7):
            lanes.deliver(batch)

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sorted(taken.recipients[0] for taken in smtp.taken) == sorted(addresses)


def test_a_claimed_one_is_nobody_elses() -> None:
    _plan("a@example.com")
    assert len(lease.claim("transactional", utc_now())) == 1
    assert lease.claim("transactional", utc_now()) == []


def test_asked_to_try_later_it_does(smtp: SmtpSink) -> None:
    smtp.at_recipient["a@example.com"] = "451 4.3.2 <a@example.com> not now"
    _plan("a@example.com", "b@example.com")
    before = utc_now()
    lanes.run_lane("transactional")
    after = utc_now()
    [waiting] = told.deliveries(state="pending")
    assert waiting.attempts == 1
    assert waiting.last_reply == "451 4.3.2 … not now"
    assert before + timedelta(seconds=3) < waiting.due_at < after + timedelta(seconds=7)
    lanes.run_lane("transactional")  # not yet
    smtp.at_recipient.clear()
    told.make_due(state="pending")
    lanes.run_lane("transactional")
    assert len(smtp.to("a@example.com")) == 1
    assert told.states() == ["accepted", "accepted"]


def test_it_gives_up_in_the_end(smtp: SmtpSink, outbox: Callable[[str], list[Envelope]]) -> None:
    smtp.at_data[told.EMAIL] = "452 4.3.1 out of storage"
    told.registration("confirmed", told.activity(told.soon(days=3)))
    for _ in range(lease.ATTEMPTS):
        told.make_due()
        lanes.run_lane("transactional")
    [delivery] = told.deliveries()
    assert (delivery.state, delivery.attempts) == ("failed", lease.ATTEMPTS)
    [event] = outbox("notifications")
    assert event.data["reason"] == "gave-up"


def test_waiting_times_grow_and_end() -> None:
    delivery = Delivery(attempts=1, planned_at=utc_now())
    outcome = Outcome(Verdict.LATER)
    waits = []
    now = utc_now()
    for attempt in range(1, lease.ATTEMPTS):
        delivery.attempts = attempt
        waits.append((lease.judged(delivery, outcome, now).values["due_at"] - now).total_seconds())
    assert all(later > earlier for earlier, later in itertools.pairwise(waits[:-1]))
    assert max(waits) <= lease.LONGEST_RETRY.total_seconds() * 1.2


def test_a_dead_address_bounces_is_suppressed_and_told_of(
    smtp: SmtpSink, outbox: Callable[[str], list[Envelope]]
) -> None:
    smtp.at_recipient[told.EMAIL] = f"550 5.1.1 <{told.EMAIL}> no such user"
    state = told.activity(told.soon(days=3))
    identifier = told.registration("confirmed", state)
    lanes.run_lane("transactional")
    [delivery] = told.deliveries()
    assert delivery.state == "bounced"
    assert told.EMAIL not in (delivery.last_reply or "")
    [event] = outbox("notifications")
    assert event.type == "delivery.failed.v1"
    assert event.data["registration_id"] == str(identifier)
    assert (event.data["channel"], event.data["reason"]) == ("email", "bounced")
    with database.transaction() as session:
        assert session.scalar(sa.select(Suppression.reason)) == "bounced"
    told.registration("confirmed", state)
    assert told.states() == ["bounced", "suppressed"]


def test_a_refusal_for_policy_does_not_condemn_the_address(smtp: SmtpSink) -> None:
    smtp.at_recipient["a@example.com"] = "550 5.7.1 relaying denied"
    smtp.at_data["b@example.com"] = "554 5.6.0 content rejected"
    _plan("a@example.com", "b@example.com")
    lanes.run_lane("transactional")
    assert told.states() == ["failed", "failed"]
    with database.transaction() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Suppression)) == 0


def test_a_connection_lost_after_data_is_unknown_and_never_sent_again(smtp: SmtpSink) -> None:
    smtp.at_data["a@example.com"] = "drop"
    _plan("a@example.com", "b@example.com")
    lanes.run_lane("transactional")
    smtp.at_data.clear()
    told.make_due()
    lanes.sweep(utc_now() + timedelta(hours=1))
    lanes.run_lane("transactional")
    assert sorted(told.states()) == ["accepted", "unknown"]
    assert smtp.to("a@example.com") == []


def _with_mail(monkeypatch: pytest.MonkeyPatch, sender: MailSender) -> None:
    ways = Senders(sender, senders().sms)
    monkeypatch.setattr(lanes, "senders", lambda: ways)


def test_a_server_too_slow_to_answer_is_unknown(
    smtp: SmtpSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    _with_mail(monkeypatch, MailSender([MailRelay.from_url(smtp.url)], "test", timeout=2.0))
    smtp.delay = 5.0
    _plan("a@example.com")
    lanes.run_lane("transactional")
    assert told.states() == ["unknown"]


def test_a_server_that_is_away_uses_up_no_attempt(monkeypatch: pytest.MonkeyPatch) -> None:
    nobody = MailRelay.from_url(f"smtp://127.0.0.1:{free_port()}?starttls=never")
    _with_mail(monkeypatch, MailSender([nobody], "test"))
    _plan(*_many(25))
    lanes.run_lane("transactional")
    assert set(told.states()) == {"pending"}
    assert {delivery.attempts for delivery in told.deliveries()} == {0}


def test_a_server_that_insists_on_nothing_is_refused_where_tls_is_required(
    smtp: SmtpSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    required = MailRelay.from_url(smtp.url.replace("never", "required"))
    _with_mail(monkeypatch, MailSender([required], "test"))
    _plan("a@example.com")
    lanes.run_lane("transactional")
    assert told.states() == ["pending"]
    assert smtp.taken == []


def test_a_connection_that_the_server_closed_meanwhile_is_replaced(smtp: SmtpSink) -> None:
    _plan("a@example.com")
    lanes.run_lane("transactional")
    ours = senders().email
    for connection in ours._relays[0]._idle:
        connection.wire._transport.close()
    _plan("b@example.com")
    lanes.run_lane("transactional")
    assert told.states() == ["accepted", "accepted"]


@pytest.mark.parametrize(
    ("url", "port", "use_tls", "start_tls"),
    [
        ("smtp://mail.example:2525", 2525, False, None),
        ("smtp://u:p%40ss@mail.example?starttls=required", 587, False, True),
        ("smtp://mail.example?starttls=never", 25, False, False),
        ("smtps://mail.example", 465, True, False),
    ],
)
def test_reading_the_servers_url(
    url: str, port: int, use_tls: bool, start_tls: bool | None
) -> None:
    server = MailRelay.from_url(url)
    assert (server.port, server.use_tls, server.start_tls) == (port, use_tls, start_tls)
    assert server.password in (None, "p@ss")


def test_a_lease_that_ran_out_before_the_handing_over_is_due_again() -> None:
    _plan("a@example.com")
    [delivery] = lease.claim("transactional", utc_now())
    just_before = delivery.lease_until
    assert just_before is not None
    assert lease.recover(just_before - timedelta(seconds=1)) == (0, 0)
    assert lease.recover(just_before) == (1, 0)
    assert told.states() == ["pending"]
    # The worker that lost it comes back to life: it may not send, nor write over the new state.
    assert lease.hand_over([delivery], utc_now()) == set()
    lease.record([lease.closed(delivery, "failed", "late")])
    assert told.states() == ["pending"]


def test_who_lost_a_lease_does_not_send_on_that_of_another() -> None:
    _plan("a@example.com")
    [slow] = lease.claim("transactional", utc_now())
    assert slow.lease_until is not None
    lease.recover(slow.lease_until)
    [quick] = lease.claim("transactional", utc_now())
    assert lease.hand_over([slow], utc_now()) == set()
    assert lease.hand_over([quick], utc_now()) == {quick.id}


def test_a_clock_that_jumps_makes_nothing_too_late(
    smtp: SmtpSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    _plan("a@example.com")
    batch = lease.claim("transactional", utc_now())
    hour = timedelta(hours=1)
    monkeypatch.setattr(lanes, "utc_now", lambda: utc_now() + hour)
    lanes.deliver(batch)
    assert (told.states(), smtp.taken) == (["sending"], []), "its lease is over, it is not too late"
    lanes.sweep(utc_now() + hour)
    lanes.run_lane("transactional")
    assert told.states() == ["accepted"]
    assert len(smtp.taken) == 1


def test_one_that_breaks_the_sender_does_not_cost_the_others_their_answers(
    smtp: SmtpSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    _plan("a@example.com", "b@example.com")
    send = MailSender.send

    async def brittle(self: MailSender, sender: str, recipient: str, *rest: object, **more: object):  # type: ignore[no-untyped-def]
        if recipient == "a@example.com":
            raise KeyError("something nobody foresaw")
        return await send(self, sender, recipient, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(MailSender, "send", brittle)
    lanes.run_lane("transactional")
    assert sorted(told.states()) == ["accepted", "unknown"]


def test_an_erased_address_that_comes_back_is_not_written_to(smtp: SmtpSink) -> None:
    _plan("a@example.com")
    with database.transaction() as session:
        session.execute(sa.update(Delivery).values(address="", address_hash="erased/x"))
    lanes.run_lane("transactional")
    assert told.states() == ["cancelled"]


def test_a_lease_that_ran_out_after_it_is_unknown() -> None:
    _plan("a@example.com")
    [delivery] = lease.claim("transactional", utc_now())
    assert lease.hand_over([delivery], utc_now()) == {delivery.id}
    assert delivery.lease_until is not None
    assert lease.recover(delivery.lease_until) == (0, 1)
    assert told.states() == ["unknown"]


def test_what_is_too_late_expires(smtp: SmtpSink) -> None:
    _plan("a@example.com", expires_at=utc_now() + timedelta(minutes=1))
    with time_machine.travel(utc_now() + timedelta(minutes=2)):
        lanes.run_lane("transactional")
        assert told.states() == ["pending"]
        assert closing.expire(utc_now()) == 1
    assert told.states() == ["expired"]
    assert smtp.taken == []


def test_lateness_is_looked_at_again_just_before_sending(smtp: SmtpSink) -> None:
    _plan("a@example.com", expires_at=utc_now() + timedelta(minutes=1))
    batch = lease.claim("transactional", utc_now())
    assert len(batch) == 1
    with time_machine.travel(utc_now() + timedelta(minutes=2)):
        lanes.deliver(batch)
    assert told.states() == ["expired"]
    assert smtp.taken == []


def test_an_address_that_died_after_planning_is_not_written_to(smtp: SmtpSink) -> None:
    _plan("a@example.com")
    [delivery] = told.deliveries()
    with database.transaction() as session:
        suppress(session, "email", delivery.address, "bounced")
    lanes.run_lane("transactional")
    assert told.states() == ["suppressed"]
    assert smtp.taken == []


def test_one_that_cannot_be_written_does_not_hold_up_the_others(
    smtp: SmtpSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    _plan("a@example.com", "b@example.com")
    with database.transaction() as session:
        session.execute(
            sa.update(Delivery)
            .where(Delivery.dedupe_key == "test/a@example.com/email")
            .values(kind="broken")
        )

    def broken(_session: object, _delivery: object) -> None:
        raise LookupError("something is missing")

    monkeypatch.setitem(composers.COMPOSERS, "broken", broken)
    lanes.run_lane("transactional")
    assert sorted(told.states()) == ["accepted", "failed"]
    assert len(smtp.to("b@example.com")) == 1


def _broadcast(status: str) -> uuid.UUID:
    with database.transaction() as session:
        broadcast = Broadcast(
            title="t",
            urgency="routine",
            channels=["email"],
            audience={},
            message={},
            timezone="Asia/Shanghai",
            status=status,
            writers=[],
            author_kind="staff",
            author_id=uuid.uuid4(),
            author_name="甲",
            content_hash="h",
            approved_hash="h",
        )
        session.add(broadcast)
        session.flush()
        return broadcast.id


@pytest.mark.parametrize("status", ["approved", "scheduled", "paused", "cancelled", "sent"])
def test_a_broadcast_gives_deliveries_only_while_it_is_sent(status: str) -> None:
    resting, sending = _broadcast(status), _broadcast("sending")
    _plan("rests@example.com", lane="bulk", broadcast_id=resting)
    _plan("goes@example.com", lane="bulk", broadcast_id=sending)
    assert [delivery.address for delivery in lease.claim("bulk", utc_now())] == ["goes@example.com"]


def test_the_sweeper_wakes_only_lanes_that_have_something_to_send() -> None:
    _plan("rests@example.com", lane="bulk", broadcast_id=_broadcast("paused"))
    assert lease.waiting_lanes(utc_now()) == []
    _plan("goes@example.com", lane="urgent", broadcast_id=_broadcast("sending"))
    _plan("later@example.com")
    assert lease.waiting_lanes(utc_now()) == ["urgent", "transactional"]


def test_lanes_do_not_take_from_one_another() -> None:
    _plan("bulk@example.com", lane="bulk")
    assert lease.claim("urgent", utc_now()) == []
    assert lease.claim("transactional", utc_now()) == []
    assert len(lease.claim("bulk", utc_now())) == 1


def test_a_queue_that_is_away_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object, **__: object) -> None:
        raise QueueAway("no queue")

    monkeypatch.setattr("services.notifications.delivery.service.send", away)
    assert len(_plan("a@example.com")) == 1


def test_the_table_of_moves_is_whole() -> None:
    assert set(MOVES) == set(STATES)
    assert all(followers <= set(STATES) for followers in MOVES.values())
    assert may_move("accepted") == ["sending", "unknown"]
    delivery = Delivery(state="accepted")
    with pytest.raises(IllegalMove):
        delivery.state = "pending"
