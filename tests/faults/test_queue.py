"""Redis is transport, never memory: stopped or emptied, nothing is lost and nothing comes twice."""

from __future__ import annotations

import os
import signal
import time
import uuid
from datetime import datetime

import psycopg
import redis

from services.chassis.database import utc_now
from services.notifications.delivery.lease import LEASE
from tests.faults.conftest import Queue, lecture, register
from tests.stack import Stack, eventually


def database(stack: Stack, service: str) -> str:
    """The address of a service's database."""
    return stack.info.database_url.rpartition("/")[0] + f"/lingbao_{service}"


def unconfirmed(stack: Stack, service: str = "registration") -> int:
    with psycopg.connect(database(stack, service)) as connection:
        row = connection.execute("SELECT count(*) FROM outbox WHERE unconfirmed <> '{}'").fetchone()
        assert row
        return int(row[0])


def confirmations(stack: Stack, email: str) -> list[str]:
    """The subjects of the mails that one person got."""
    return [item["subject"] for item in stack.inbox(email) if item["kind"] == "mail"]


def test_registering_goes_on_without_redis_and_the_mail_follows(
    stack: Stack, queue: Queue, editor: str, rounds: int
) -> None:
    activity = lecture(stack, editor)
    for _ in range(rounds):
        eventually(lambda: unconfirmed(stack) == 0)
        people = [f"{uuid.uuid4().hex}@example.com" for _ in range(5)]
        queue.stop()
        try:
            for email in people:
                status, answer = register(stack, activity["id"], email)
                assert status == 201, answer
                assert answer["status"] == "confirmed"
            assert unconfirmed(stack) >= len(people)
            assert all(confirmations(stack, email) == [] for email in people)
            status, _ = stack.call("GET", "/api/registration/readyz")
            assert status == 503, "readyz says that the broker is away"
        finally:
            queue.start()
        for email in people:
            stack.mail(email)
        eventually(lambda: unconfirmed(stack) == 0)
        assert [len(confirmations(stack, email)) for email in people] == [1] * len(people)


def test_redis_emptied_between_commit_and_delivery(
    stack: Stack, queue: Queue, editor: str, rounds: int
) -> None:
    activity = lecture(stack, editor)
    for _ in range(rounds):
        eventually(lambda: unconfirmed(stack) == 0)
        worker = stack.info.pids["worker notifications"]
        people = [f"{uuid.uuid4().hex}@example.com" for _ in range(5)]
        # The worker sleeps, so that the messages lie in the queue when it is emptied.
        os.kill(worker, signal.SIGSTOP)
        try:
            for email in people:
                assert register(stack, activity["id"], email)[0] == 201
            with redis.Redis.from_url(queue.url) as client:
                eventually(lambda: client.dbsize() > 0)
                time.sleep(0.5)
                client.flushall()
        finally:
            os.kill(worker, signal.SIGCONT)
        for email in people:
            stack.mail(email, within=90)
        eventually(lambda: unconfirmed(stack) == 0, within=90)
        assert [len(confirmations(stack, email)) for email in people] == [1] * len(people)


def test_a_killed_worker_loses_nothing(stack: Stack, editor: str, rounds: int) -> None:
    """What the dead worker had in hand is known: sent, to be sent again, or openly unknown."""
    activity = lecture(stack, editor)
    for _ in range(rounds):
        people = [f"{uuid.uuid4().hex}@example.com" for _ in range(10)]
        killed_at = utc_now()
        for index, email in enumerate(people):
            assert register(stack, activity["id"], email)[0] == 201
            if index == 4:
                stack.kill("worker notifications")
                killed_at = utc_now()
                stack.kill("worker registration")
        eventually(lambda: unconfirmed(stack) == 0, within=120)

        states = eventually(
            lambda since=killed_at: settled(stack, activity["id"], since), within=120
        )
        assert set(states) <= {"accepted", "unknown"}
        # Five had registered when it was killed: of no more can it be unknown.
        assert states["accepted"] >= len(people) - 5, states
        assert all(len(confirmations(stack, email)) <= 1 for email in people)


def settled(stack: Stack, activity_id: str, killed_at: datetime) -> dict[str, int] | None:
    """The states of an activity's confirmations, once none is on its way.

    As if minutes had passed since a worker was killed: what it had taken is nobody's any more, what
    the next one has taken is left to that.
    """
    with psycopg.connect(database(stack, "notifications")) as connection:
        connection.execute(
            "UPDATE deliveries SET lease_until = now() "
            "WHERE state = 'sending' AND lease_until < %s AND lease_until > now()",
            [killed_at + LEASE],
        )
        rows = connection.execute(
            "SELECT d.state, count(*) FROM deliveries d JOIN registrations_seen r "
            "ON r.id = d.registration_id WHERE r.activity_id = %s GROUP BY 1",
            [activity_id],
        ).fetchall()
    states = {str(state): int(count) for state, count in rows}
    return None if not states or states.keys() & {"pending", "sending"} else states
