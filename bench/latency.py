"""From a registration's answer to its mail's acceptance by the SMTP server, one at a time.

First in an idle house, then while a bulk broadcast is being sent by the same machine.
"""

from __future__ import annotations

import os
import time
import uuid
from datetime import UTC, datetime

import sqlalchemy as sa
from rich.table import Table

from bench.load import Measured
from bench.planning import AUDIENCE, fill
from services.chassis.settings import settings
from services.notifications.broadcasts import sending
from services.notifications.database import database
from services.notifications.delivery.models import Delivery
from tests.faults.conftest import lecture, register
from tests.notifications.broadcasting import approved, author
from tests.stack import Stack, eventually

PEOPLE = 100
BROADCAST = 20_000
LIMIT = 0.5  # seconds, median


def measure(stack: Stack) -> Table:
    """Register :data:`PEOPLE` people each time; compare the answers' times with the inbox's."""
    activity = lecture(stack, stack.key("city-editor"), capacity=None)
    idle = _register(stack, activity["id"])
    _begin_broadcast(stack)
    busy = _register(stack, activity["id"])
    left = _pending()
    table = Table("what", "p50", "p99", "limit", "ratio of p50", title="One registration")
    for name, (answers, waits) in (("idle", idle), ("while a broadcast goes", busy)):
        table.add_row(f"{name}: answer (s)", *_row(answers), "", "")
        ratio = f"{waits.at(0.5) / LIMIT:.2f}"
        table.add_row(f"{name}: answer → mail accepted (s)", *_row(waits), f"{LIMIT}", ratio)
    table.caption = f"At the end {left:,} of the broadcast's {BROADCAST:,} mails were still to go."
    return table


def _register(stack: Stack, activity_id: str) -> tuple[Measured, Measured]:
    answers, waits = [], []
    for _ in range(PEOPLE):
        email = f"{uuid.uuid4().hex}@example.com"
        began = time.monotonic()
        status, answer = register(stack, activity_id, email)
        committed = datetime.now(UTC)
        answers.append(time.monotonic() - began)
        assert status == 201, answer
        received = datetime.fromisoformat(stack.mail(email)["received_at"])
        waits.append((received - committed).total_seconds())
        time.sleep(0.1)
    return Measured(sorted(answers), sum(answers)), Measured(sorted(waits), sum(waits))


def _begin_broadcast(stack: Stack) -> None:
    """In the house's own database, by its own use cases; its workers send."""
    os.environ |= {
        "LINGBAO_DATA_DIR": str(stack.data_dir),
        "LINGBAO_DATABASE_URL": stack.info.database_url,
        "LINGBAO_REDIS_URL": stack.info.redis_url,
        "LINGBAO_BASE_URL": stack.url,
    }
    settings.cache_clear()
    fill(BROADCAST)
    sending.send(author(), approved(audience=AUDIENCE).id)
    eventually(_pending, within=120)  # its recipients are drawn up


def _pending() -> int:
    query = sa.select(sa.func.count()).where(Delivery.lane == "bulk", Delivery.state == "pending")
    with database.transaction() as session:
        found = session.scalar(query) or 0
    database.close()
    return found


def _row(values: Measured) -> tuple[str, str]:
    return f"{values.at(0.5):.3f}", f"{values.at(0.99):.3f}"
