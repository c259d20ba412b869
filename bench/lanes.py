"""An emergency's first message while half a million others wait: from "send" to the server's 250.

python -m bench lanes
"""

from __future__ import annotations

import os
import statistics
import time
import uuid
from pathlib import Path

import sqlalchemy as sa
from rich.table import Table

from bench.planning import AUDIENCE, fill
from services import house
from services.chassis.crypto import fingerprint
from services.chassis.database import utc_now
from services.chassis.migrate import migrate
from services.chassis.settings import settings
from services.chassis.stack import postgres, valkey
from services.notifications.broadcasts import sending
from services.notifications.contacts.models import Contact
from services.notifications.database import database
from services.notifications.delivery import lease
from services.notifications.delivery.models import Delivery
from tests.faults.posting import Crew, crew
from tests.notifications.broadcasting import approved, author
from tests.stack import eventually

QUEUED = 500_000
EMERGENCIES = 40
LIMIT = 10.0  # seconds, p99


def measure(folder: Path) -> Table:
    """Let :data:`QUEUED` bulk messages go out, and send emergencies all the while."""
    server = postgres.start(folder)
    queue = valkey.start(folder / "first-queue")
    os.environ |= {
        "LINGBAO_DATA_DIR": str(folder),
        "LINGBAO_DATABASE_URL": server.url,
        "LINGBAO_REDIS_URL": queue.url,
        "LINGBAO_BASE_URL": "http://127.0.0.1",
    }
    settings.cache_clear()
    try:
        migrate(database, house.migrations("notifications"))
        fill(QUEUED)
        with crew(folder) as working:
            working.start("worker notifications --lane urgent")
            _emergency(working)  # the first waits for the sender to be made
            idle = [_emergency(working) for _ in range(EMERGENCIES // 4)]
            bulk = sending.send(author(), approved(audience=AUDIENCE).id)
            # It begins once the worker has drawn up its recipients.
            eventually(lambda: len(working.post.taken) > EMERGENCIES, within=600)
            busy = [_emergency(working) for _ in range(EMERGENCIES)]
            left = _pending(bulk.id)
            claims = {lane: _claim(lane) for lane in ("urgent", "bulk")}
    finally:
        database.close()
        queue.stop()
        server.stop()
    table = Table("what", "median", "p99", "limit", title="An emergency's first message (s)")
    table.add_row("nothing else waits", *_row(idle), "")
    table.add_row(f"{left:,} wait in the bulk lane", *_row(busy), f"{LIMIT:.0f}")
    for lane, seconds in claims.items():
        table.add_row(f"one claim, {lane} lane", f"{seconds:.4f}", "", "")
    return table


def _emergency(working: Crew) -> float:
    """From the commit of "send" to the server's answer, for one address of its own."""
    address = f"{uuid.uuid4().hex}@example.org"
    hashed = fingerprint(address)
    with database.transaction() as session:
        session.add(
            Contact(
                source=f"import/{uuid.uuid4()}/1",
                language="zh-CN",
                email=address,
                email_hash=hashed,
                districts=["110119"],
                countries=[],
                topics=[],
                consents={},
                wants_broadcasts=False,
                reachable=True,
            )
        )
    broadcast = approved(urgency="emergency", audience={"districts": ["110119"]})
    sending.send(author(), broadcast.id)
    began = time.monotonic()
    eventually(lambda: working.post.to(address), within=60, every=0.005)
    took = time.monotonic() - began
    with database.transaction() as session:
        session.execute(sa.delete(Contact).where(Contact.email_hash == hashed))
    return took


def _pending(broadcast_id: uuid.UUID) -> int:
    query = sa.select(sa.func.count()).where(
        Delivery.broadcast_id == broadcast_id, Delivery.state == "pending"
    )
    with database.transaction() as session:
        return session.scalar(query) or 0


def _claim(lane: str) -> float:
    """The median time of a claim; what it took is given back when its lease runs out."""
    taken = []
    for _ in range(11):
        began = time.monotonic()
        lease.claim(lane, utc_now())
        taken.append(time.monotonic() - began)
    return statistics.median(taken)


def _row(values: list[float]) -> tuple[str, str]:
    return f"{statistics.median(values):.3f}", f"{statistics.quantiles(values, n=100)[-1]:.3f}"
