"""Timing a running house: one caller, from a process that can read its database, too."""

from __future__ import annotations

import os
import statistics
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from services.chassis.database import Database
from services.chassis.settings import settings
from tests.stack import Stack

ROUNDS = 40


@contextmanager
def connected(database: Database, stack: Stack) -> Iterator[None]:
    """Have a service's models, in this process, speak to the running house's database."""
    there = {"LINGBAO_DATABASE_URL": stack.info.database_url, **stack.info.environment}
    before = {name: os.environ.get(name) for name in there}
    os.environ.update(there)
    settings.cache_clear()
    try:
        yield
    finally:
        database.close()
        for name, text in before.items():
            if text is None:
                del os.environ[name]
            else:
                os.environ[name] = text
        settings.cache_clear()


def get(url: str) -> None:
    """Ask for an address and read all of the answer."""
    with urllib.request.urlopen(url, timeout=30) as answer:
        answer.read()


def times(once: Callable[[], object]) -> list[float]:
    """Milliseconds of each of :data:`ROUNDS`, after two that warm up."""
    found = []
    for _ in range(ROUNDS + 2):
        began = time.perf_counter()
        once()
        found.append((time.perf_counter() - began) * 1000)
    return found[2:]


def p50(values: list[float]) -> float:
    """The median."""
    return statistics.median(values)


def p95(values: list[float]) -> float:
    """What one in twenty exceeds."""
    return statistics.quantiles(values, n=20)[-1]
