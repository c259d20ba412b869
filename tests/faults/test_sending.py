"""Broadcasts and personal messages while everything around them breaks: nobody missed, nobody told
twice. Real workers, two beats."""

from __future__ import annotations

import json
import signal
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
import redis
import sqlalchemy as sa

from services.chassis import worker
from services.chassis.auth import Principal
from services.chassis.crypto import fingerprint, seal
from services.chassis.database import utc_now
from services.chassis.events import Envelope
from services.chassis.problems import Problem
from services.notifications.broadcasts import freezing, reading, sending, writing
from services.notifications.broadcasts.models import Broadcast
from services.notifications.broadcasts.schemas import BroadcastOut
from services.notifications.contacts.models import Contact
from services.notifications.contacts.service import unsubscribe
from services.notifications.database import database
from services.notifications.delivery.models import Delivery
from tests.faults.posting import (
    BULK,
    Crew,
    begin,
    crew,
    end_leases,
    readers,
    rows,
    seeded,
    settle,
    verdict,
)
from tests.notifications import told
from tests.notifications.broadcasting import MESSAGE, approved, author, draft
from tests.stack import PATIENCE, eventually

PEOPLE = 30


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, servers: None) -> Iterator[Crew]:
    with crew(tmp_path_factory.mktemp("sending")) as found:
        yield found


@pytest.fixture(autouse=True)
def _fresh(house: Crew) -> None:
    house.post.clear()


def anew(house: Crew, seed: int, tag: str) -> list[str]:
    """The people of a round, and nobody and nothing of the one before."""
    house.post.clear()
    with database.transaction() as session:
        session.execute(sa.delete(Delivery))
        session.execute(sa.delete(Contact))
    return readers(PEOPLE, f"{tag}{seed}")


def holds(house: Crew, broadcast: BroadcastOut, seed: int) -> None:
    """The invariant, and the broadcast's counts add up to what was frozen."""
    found = rows(broadcast.id)
    assert verdict(house.post, found, broadcast.counts.total) == [], f"seed {seed}"
    counts = reading.read(author(), broadcast.id).counts.model_dump()
    assert counts.pop("total") == sum(counts.values()) == len(found)


@contextmanager
def held_up(statement: str, **values: object) -> Iterator[None]:
    """Locks are held meanwhile, so that a worker stands still at one point."""
    with database.engine.connect() as connection:
        connection.execute(sa.text(statement), values)
        yield
        connection.rollback()


def somebody_waits() -> bool:
    """Whether a worker stands still before a lock."""
    with database.engine.connect() as connection:
        waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        return bool(connection.scalar(sa.text(waiting)))


def killed_before_the_claim(house: Crew, broadcast: BroadcastOut) -> None:
    """It stands still where it looks which broadcasts are being sent."""
    # It sleeps until the lock is there: otherwise it might be through before.
    house.running[BULK].send_signal(signal.SIGSTOP)
    sending.send(author(), broadcast.id)
    with held_up("LOCK TABLE broadcasts IN ACCESS EXCLUSIVE MODE"):
        house.running[BULK].send_signal(signal.SIGCONT)
        eventually(somebody_waits)
        house.kill(BULK)


def killed_after_the_claim(house: Crew, broadcast: BroadcastOut) -> None:
    """It stands still where it looks who must not be written to."""
    with held_up("LOCK TABLE suppressions IN ACCESS EXCLUSIVE MODE"):
        sending.send(author(), broadcast.id)
        eventually(somebody_waits)
        house.kill(BULK)


def killed_after_the_250(house: Crew, broadcast: BroadcastOut) -> None:
    gone = threading.Event()
    number = iter(range(PEOPLE))

    def kill(_address: str) -> None:
        if next(number, None) == PEOPLE // 3:
            house.kill(BULK)
            gone.set()

    house.post.taken_by = kill
    sending.send(author(), broadcast.id)
    assert gone.wait(PATIENCE)


def killed_before_the_commit(house: Crew, broadcast: BroadcastOut) -> None:
    """The record of a batch stands still before a row of it that is locked."""
    handed_over, locked = threading.Event(), threading.Event()
    # Nothing is answered until the rows are locked, so nothing can be recorded before.
    house.post.answers_after = locked
    house.post.taking = lambda _address: handed_over.set()
    sending.send(author(), broadcast.id)
    assert handed_over.wait(PATIENCE)
    with held_up("SELECT id FROM deliveries WHERE broadcast_id = :id FOR UPDATE", id=broadcast.id):
        locked.set()
        eventually(somebody_waits)
        house.kill(BULK)
        house.running[BULK].wait(PATIENCE)


KILLS: list[Callable[[Crew, BroadcastOut], None]] = [
    killed_before_the_claim,
    killed_after_the_claim,
    killed_after_the_250,
    killed_before_the_commit,
]


@pytest.mark.parametrize("kill", KILLS, ids=lambda kill: kill.__name__)
def test_a_worker(house: Crew, rounds: int, kill: Callable[[Crew, BroadcastOut], None]) -> None:
    for seed in range(rounds):
        anew(house, seed, "kill")
        broadcast = approved()
        kill(house, broadcast)
        house.post.taken_by = house.post.taking = house.post.answers_after = None
        house.running[BULK].wait(PATIENCE)
        end_leases()
        house.start(BULK)
        states = settle(broadcast.id)
        assert set(states) <= {"accepted", "unknown"}
        if kill in (killed_before_the_claim, killed_after_the_claim):
            assert states["unknown"] == 0, "nothing had been handed over"
        if kill is killed_before_the_commit:
            assert states["unknown"] > 0
        holds(house, broadcast, seed)


def test_a_worker_killed_while_it_draws_up_the_recipients(
    house: Crew, rounds: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(freezing, "AT_ONCE", PEOPLE // 2)
    plan = "INSERT INTO deliveries (id, lane, kind, channel, dedupe_key, address, address_hash, "
    plan += "language) VALUES (uuidv7(), 'bulk', 'test', 'email', :key, '', '', 'en')"
    for seed in range(rounds):
        people = anew(house, seed, "drawn-up")
        broadcast = draft(writer := author(), message=MESSAGE)
        writing.submit(writer, broadcast.id)
        key = f"broadcast/{broadcast.id}/email/{fingerprint(people[-1])}"
        with held_up(plan, key=key):
            writing.approve(author(), broadcast.id)
            sending.send(author(), broadcast.id)
            eventually(somebody_waits)
            house.kill(BULK)
            house.running[BULK].wait(PATIENCE)
        house.start(BULK)

        def frozen(broadcast_id: uuid.UUID = broadcast.id) -> BroadcastOut | None:
            """As if the time had passed after which it is begun anew, and the tick had come."""
            with database.transaction() as session:
                waits = Broadcast.freeze_due_at.is_not(None)
                session.execute(sa.update(Broadcast).where(waits).values(freeze_due_at=utc_now()))
            worker.send("notifications.freeze_broadcasts", queue_name="notifications.bulk")
            found = reading.read(author(), broadcast_id)
            return None if found.freezing else found

        whole = eventually(frozen, every=0.3)
        assert whole is not None
        assert settle(broadcast.id)["accepted"] == PEOPLE
        holds(house, whole, seed)


def test_a_mail_server_that_misbehaves(house: Crew, rounds: int) -> None:
    kinds = ["421", "450", "550", "drop", "drop-in-data"]
    for seed in range(rounds):
        chance = seeded(seed)
        people = anew(house, seed, "rude")
        for address in chance.sample(people, PEOPLE // 2):
            house.post.faults[address] = [chance.choice(kinds)]
        if rounds > 1:  # takes as long as the senders' patience
            house.post.faults[chance.choice(people)] = ["stall"]
        wanted = {address: faults[0] for address, faults in house.post.faults.items()}
        broadcast = begin()
        settle(broadcast.id, within=90)
        holds(house, broadcast, seed)
        ends = {row.address: row.state for row in rows(broadcast.id)}
        for address, kind in wanted.items():
            may = {"550": {"bounced"}, "421": {"accepted"}, "450": {"accepted"}}
            assert ends[address] in may.get(kind, {"unknown", "accepted"}), f"{kind}, seed {seed}"


def test_the_queue_emptied_and_stopped_in_mid_broadcast(house: Crew, rounds: int) -> None:
    for seed in range(rounds):
        anew(house, seed, "queue")
        begun = threading.Event()
        house.post.delay = 0.2
        house.post.taking = lambda _address, begun=begun: begun.set()
        broadcast = begin()
        assert begun.wait(PATIENCE)
        with redis.Redis.from_url(house.queue.url) as client:
            client.flushall()
        house.stop_queue()
        time.sleep(0.5)
        house.start_queue()
        assert settle(broadcast.id)["accepted"] == PEOPLE
        holds(house, broadcast, seed)


def asked(number: int, tag: str) -> list[Envelope]:
    """People who ask for the links to their registrations, as events carry it."""
    starts = told.soon(days=3).isoformat()
    item = {
        "title": {"zh-CN": "讲座"},
        "status": "confirmed",
        "starts_at": starts,
        "timezone": "Asia/Shanghai",
        "manage_url": seal("http://testserver/registrations/token"),
    }
    return [
        Envelope(
            id=uuid.uuid4(),
            source="/services/registration",
            type="link.asked.v1",
            subject=f"link/{(subject := uuid.uuid4())}",
            time=utc_now(),
            sequence=1,
            data={
                "subject_id": str(subject),
                "version": 1,
                "language": "zh-CN",
                "email": seal(f"{tag}-{index}@example.com"),
                "phone": None,
                "items": [item],
            },
        )
        for index in range(number)
    ]


def thrice_in_another_order(events: list[Envelope], seed: int) -> None:
    """Put every message on the queue three times, and the kicks of a lane too."""
    chance = seeded(seed)
    messages = [event.model_dump(mode="json") for event in events * 3]
    chance.shuffle(messages)
    for message in messages:
        worker.send("notifications.consume", message, queue_name="notifications")
        if chance.random() < 0.3:
            worker.send("notifications.deliver", "transactional", queue_name="notifications")


def told_twice(house: Crew, events: list[Envelope], tag: str) -> list[str]:
    """Have the crew hear it all, and say who got more than one, or none."""
    addresses = [f"{tag}-{index}@example.com" for index in range(len(events))]

    def quiet() -> bool:
        with redis.Redis.from_url(house.queue.url) as client:
            # What a worker has in hand is kept here until it is done. (So is for ever what another
            # one had in hand when it was killed, but that is of the other queue.)
            in_hand = [json.loads(kept)[2] for kept in client.hvals("unacked")]
            heard = client.llen("notifications") == 0 and "notifications" not in in_hand
        open_ones = told.deliveries(state="pending") + told.deliveries(state="sending")
        return heard and not open_ones and bool(told.deliveries(kind="links"))

    eventually(lambda: all(house.post.to(address) for address in addresses))
    eventually(quiet)
    return [address for address in addresses if len(house.post.to(address)) != 1]


def test_every_message_of_the_queue_three_times_in_another_order(house: Crew, rounds: int) -> None:
    for seed in range(rounds):
        events = asked(10, f"thrice{seed}")
        thrice_in_another_order(events, seed)
        assert told_twice(house, events, f"thrice{seed}") == [], f"seed {seed}"


# What recognises a repeat, each made blind: an event that was heard, and a message that is planned.
BLIND = {
    "inbox": "NEW.id := uuidv7()",
    "subjects_seen": "NEW.subject := NEW.subject || uuidv7()",
    "deliveries": "NEW.dedupe_key := NEW.dedupe_key || uuidv7()",
}


@contextmanager
def blind(*tables: str) -> Iterator[None]:
    with database.engine.begin() as connection:
        for table in tables:
            connection.execute(
                sa.text(
                    f"CREATE FUNCTION blind_{table}() RETURNS trigger LANGUAGE plpgsql AS "
                    f"$$ BEGIN {BLIND[table]}; RETURN NEW; END $$"
                )
            )
            connection.execute(
                sa.text(
                    f"CREATE TRIGGER blind BEFORE INSERT ON {table} FOR EACH ROW "
                    f"EXECUTE FUNCTION blind_{table}()"
                )
            )
    try:
        yield
    finally:
        with database.engine.begin() as connection:
            for table in tables:
                connection.execute(sa.text(f"DROP TRIGGER blind ON {table}"))
                connection.execute(sa.text(f"DROP FUNCTION blind_{table}()"))


@pytest.mark.parametrize(
    ("tables", "fails"),
    [
        (["inbox", "subjects_seen"], False),
        (["deliveries"], False),
        (["inbox", "subjects_seen", "deliveries"], True),
    ],
    ids=["without-inbox", "without-key", "without-both"],
)
def test_negative_control(house: Crew, tables: list[str], fails: bool) -> None:
    """The inbox or the unique key alone is enough; without both the check must find copies."""
    tag = f"blind{len(tables)}"
    events = asked(5, tag)
    with blind(*tables):
        thrice_in_another_order(events, 1)
        assert bool(told_twice(house, events, tag)) is fails


def unless_ended(act: Callable[[Principal, uuid.UUID], object], broadcast_id: uuid.UUID) -> None:
    """Act; where the workers were through before, be refused, and only then.

    Nobody can look first: the last message may be recorded between the look and the act.
    """
    try:
        act(author(), broadcast_id)
    except Problem as refused:
        assert refused.status == 409
        assert reading.read(author(), broadcast_id).status == "sent"


def test_stopped_paused_and_cancelled_at_random(house: Crew, rounds: int) -> None:
    for seed in range(rounds):
        chance = seeded(seed)
        people = anew(house, seed, "acts")
        waiting = approved()
        gone = chance.sample(people, 5)
        with database.transaction() as session:
            for address in gone:
                unsubscribe(session, "email", address)
        house.post.delay = 0.05
        sending.send(author(), waiting.id)
        for act in (sending.pause, sending.resume, sending.pause, sending.resume):
            time.sleep(chance.random() * 0.3)
            unless_ended(act, waiting.id)
        second = begin()
        time.sleep(chance.random() * 0.5)
        unless_ended(sending.cancel, second.id)
        house.post.delay = 0.0
        first_states, second_states = settle(waiting.id), settle(second.id)
        assert first_states == {"accepted": PEOPLE - 5, "suppressed": 5}, f"seed {seed}"
        assert set(second_states) <= {"accepted", "cancelled"}, f"seed {seed}"
        assert all(not house.post.to(address) for address in gone)
        sent = sum(states["accepted"] for states in (first_states, second_states))
        assert len(house.post.taken) == sent, f"seed {seed}"
