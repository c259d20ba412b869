"""A registration's answer with Redis there and with Redis stopped, in one run."""

from __future__ import annotations

import statistics
import time
import uuid
from pathlib import Path

from rich.table import Table

from services.chassis.stack import valkey
from tests.faults.conftest import lecture, register
from tests.stack import Stack, running

PEOPLE = 40


def measure(folder: Path) -> Table:
    """Start a house on a queue of its own, and stop that queue half-way."""
    queue = valkey.start(folder / "queue")
    try:
        with running(folder / "data", LINGBAO_REDIS_URL=queue.url) as stack:
            activity = lecture(stack, stack.key("city-editor"), capacity=None)
            there = _answers(stack, activity["id"])
            queue.stop()
            away = _answers(stack, activity["id"])
    finally:
        queue.stop()
    table = Table("Redis", "median (s)", "ratio", title="A registration's answer without Redis")
    table.add_row("there", f"{there:.3f}", "1")
    table.add_row("stopped", f"{away:.3f}", f"{away / there:.2f}")
    return table


def _answers(stack: Stack, activity_id: str) -> float:
    taken = []
    for _ in range(PEOPLE):
        began = time.monotonic()
        status, answer = register(stack, activity_id, f"{uuid.uuid4().hex}@example.com")
        taken.append(time.monotonic() - began)
        assert status == 201, answer
    return statistics.median(taken)
