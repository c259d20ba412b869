"""Registrations a second at one activity, against bare commits to the same database."""

from __future__ import annotations

import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import psycopg
from rich.table import Table

from tests.faults.conftest import lecture, register
from tests.stack import Stack

SECONDS = 10
CALLERS = 16


def measure(stack: Stack) -> Table:
    """What many callers reach through the front, and what the database's commits would allow."""
    activity = lecture(stack, stack.key("city-editor"), capacity=None)

    def one() -> None:
        status, answer = register(stack, activity["id"], f"{uuid.uuid4().hex}@example.com")
        assert status == 201, answer

    reached = _rate(one)
    limit = _commits(stack)
    table = Table("what", "per second", "ratio", title="Registrations at one activity")
    table.add_row("one-row commits, 16 connections (the limit)", f"{limit:.0f}", "1")
    table.add_row("registrations through the front", f"{reached:.0f}", f"{reached / limit:.2f}")
    return table


def _rate(one: object) -> float:
    assert callable(one)
    deadline = time.monotonic() + SECONDS

    def run() -> int:
        count = 0
        while time.monotonic() < deadline:
            one()
            count += 1
        return count

    with ThreadPoolExecutor(CALLERS) as pool:
        return sum(pool.map(lambda _: run(), range(CALLERS))) / SECONDS


def _commits(stack: Stack) -> float:
    with psycopg.connect(stack.info.database_url, autocommit=True) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS bench_commits (id uuid PRIMARY KEY)")
    deadline = time.monotonic() + SECONDS

    def run() -> int:
        count = 0
        with psycopg.connect(stack.info.database_url, autocommit=True) as connection:
            while time.monotonic() < deadline:
                connection.execute("INSERT INTO bench_commits VALUES (gen_random_uuid())")
                count += 1
        return count

    with ThreadPoolExecutor(CALLERS) as pool:
        rate = sum(pool.map(lambda _: run(), range(CALLERS))) / SECONDS
    with psycopg.connect(stack.info.database_url, autocommit=True) as connection:
        connection.execute("DROP TABLE bench_commits")
    return rate
