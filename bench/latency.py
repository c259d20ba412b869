"""From a registration's answer to its mail's acceptance by the SMTP server, one at a time."""

from __future__ import annotations

import statistics
import time
import uuid
from datetime import UTC, datetime

from rich.table import Table

from tests.faults.conftest import lecture, register
from tests.stack import Stack

PEOPLE = 40
LIMIT = 0.5  # seconds, median


def measure(stack: Stack) -> Table:
    """Register :data:`PEOPLE` people; compare the answers' times with the inbox's."""
    activity = lecture(stack, stack.key("city-editor"), capacity=None)
    answering, waiting = [], []
    for _ in range(PEOPLE):
        email = f"{uuid.uuid4().hex}@example.com"
        began = time.monotonic()
        status, answer = register(stack, activity["id"], email)
        committed = datetime.now(UTC)
        answering.append(time.monotonic() - began)
        assert status == 201, answer
        received = datetime.fromisoformat(stack.mail(email)["received_at"])
        waiting.append((received - committed).total_seconds())
        time.sleep(0.1)
    table = Table("what", "median", "p95", "limit", "ratio", title="One registration, idle machine")
    table.add_row("answer (s)", *_row(answering), "", "")
    table.add_row(
        "answer → mail accepted (s)",
        *_row(waiting),
        f"{LIMIT}",
        f"{statistics.median(waiting) / LIMIT:.2f}",
    )
    return table


def _row(values: list[float]) -> tuple[str, str]:
    return f"{statistics.median(values):.3f}", f"{statistics.quantiles(values, n=20)[-1]:.3f}"
