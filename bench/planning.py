"""A broadcast to a million addresses: the approval's answer, drawing them up, and the memory of it.

The limit is PostgreSQL alone: as many rows of the same table, with its indexes, made of nothing.

    python -m bench planning
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
import uuid
from pathlib import Path

import sqlalchemy as sa
from rich.table import Table

from services import house
from services.chassis.auth import Principal
from services.chassis.crypto import seal
from services.chassis.migrate import migrate
from services.chassis.stack import postgres
from services.notifications.broadcasts import audience, freezing, reading, writing
from services.notifications.broadcasts.models import Broadcast
from services.notifications.broadcasts.schemas import BroadcastIn
from services.notifications.database import database
from tests.stack import ROOT, environment

SIZES = (10_000, 1_000_000)
ADDRESS = "somebody.with.a.name@example.com"
AUDIENCE = {"districts": ["110102"], "countries": ["TH"], "topics": ["travel"]}

# One in five lives elsewhere; of the others some have stopped broadcasts and some addresses died.
_CONTACTS = """
INSERT INTO contacts (id, source, language, email, email_hash, districts, countries, topics,
                      consents, wants_broadcasts, reachable)
SELECT uuidv7(), 'import/bench/' || n, CASE WHEN n % 5 = 0 THEN 'en' ELSE 'zh-CN' END, :address,
       md5(n::text) || md5((n + 1)::text),
       CASE WHEN n % 5 = 1 THEN ARRAY['110105'] ELSE ARRAY['110102'] END,
       ARRAY['TH', 'JP'], ARRAY['travel'], '{}', true, true
FROM generate_series(1, :contacts) AS n
"""
_STOPPED = """
INSERT INTO {table} (channel, address_hash, address{more})
SELECT 'email', email_hash, email{value} FROM contacts
WHERE right(source, 2) = :ending
"""
_PLAIN = """
INSERT INTO plain (id, lane, kind, channel, dedupe_key, contact_id, broadcast_id, address,
                   address_hash, language, state, due_at, planned_at)
SELECT uuidv7(), 'bulk', 'broadcast', 'email', 'broadcast/' || CAST(:id AS text) || '/email/'
       || md5(n::text) || md5((n + 1)::text), uuidv7(), :id, :address,
       md5(n::text) || md5((n + 1)::text), 'zh-CN', 'pending', now(), now()
FROM generate_series(1, :rows) AS n
"""


def measure(folder: Path) -> Table:
    """Plan audiences of :data:`SIZES` on a PostgreSQL of their own."""
    server = postgres.start(folder)
    try:
        rows = [_measured(folder, server.url, size) for size in SIZES]
    finally:
        server.stop()
    table = Table(
        "messages",
        "preview (s)",
        "approval's answer (s)",
        "drawn up (s)",
        "PostgreSQL alone (s)",
        "ratio",
        "peak memory (MB)",
        title="Planning a broadcast from a filter",
    )
    for row in rows:
        table.add_row(
            f"{row['planned']:,}",
            f"{row['preview']:.1f}",
            f"{row['answer']:.1f}",
            f"{row['frozen']:.1f}",
            f"{row['plain']:.1f}",
            f"{row['frozen'] / row['plain']:.1f}",
            f"{row['before']:.0f} → {row['after']:.0f}",
        )
    return table


def _measured(folder: Path, url: str, size: int) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, "-m", "bench.planning", str(size)],
        env=environment(
            folder, LINGBAO_DATABASE_URL=url, LINGBAO_ROUTINE_CAP="3", LINGBAO_BASE_URL="http://x"
        ),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    # Before it stands that there is no queue that a worker could be woken by.
    return dict(json.loads(done.stdout.splitlines()[-1]))


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _staff() -> Principal:
    identifier = uuid.uuid4()
    return Principal("staff", identifier, identifier, "bench", "city-admin", None)


def fill(size: int) -> None:
    """Contacts of whom ``size`` are reached by :data:`AUDIENCE`, in an otherwise empty database."""
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as server:
        server.execute(sa.text("SET statement_timeout = 0"))
        for table in ("deliveries", "broadcasts", "contacts", "unsubscribes", "suppressions"):
            server.execute(sa.text(f"TRUNCATE {table} CASCADE"))
        contacts = round(size / (0.8 * 0.98))
        server.execute(sa.text(_CONTACTS), {"address": seal(ADDRESS), "contacts": contacts})
        stopped = _STOPPED.format(table="unsubscribes", more="", value="")
        server.execute(sa.text(stopped), {"ending": "22"})
        dead = _STOPPED.format(table="suppressions", more=", reason", value=", 'bounced'")
        server.execute(sa.text(dead), {"ending": "33"})
        server.execute(sa.text("VACUUM ANALYZE"))


def main(size: int) -> None:
    """One audience in a process of its own, whose peak memory is then its alone."""
    migrate(database, house.migrations("notifications"))
    fill(size)
    wanted = BroadcastIn.model_validate(
        {
            "title": "bench",
            "urgency": "routine",
            "channels": ["email"],
            "audience": AUDIENCE,
            "message": {"zh-CN": {"subject": "洪水", "body": "请远离河岸。"}},
        }
    )
    writer = _staff()
    broadcast = writing.create(writer, wanted)
    before = _peak()
    began = time.monotonic()
    with database.transaction() as session:
        stored = session.get_one(Broadcast, broadcast.id)
        audience.count(session, audience.Rules.of(stored))
    preview = time.monotonic() - began
    writing.submit(writer, broadcast.id)
    began = time.monotonic()
    approved = writing.approve(_staff(), broadcast.id)
    answer = time.monotonic() - began
    assert freezing.work("bulk") == approved.freezing
    frozen = time.monotonic() - began
    after = _peak()
    planned = reading.read(writer, broadcast.id).counts.total
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as server:
        server.execute(sa.text("SET statement_timeout = 0"))
        server.execute(sa.text("CREATE TABLE plain (LIKE deliveries INCLUDING ALL)"))
        began = time.monotonic()
        values = {"id": uuid.uuid4(), "address": seal(ADDRESS), "rows": planned}
        server.execute(sa.text(_PLAIN), values)
        plain = time.monotonic() - began
        server.execute(sa.text("DROP TABLE plain"))
    figures = {
        "planned": planned,
        "preview": preview,
        "answer": answer,
        "frozen": frozen,
        "plain": plain,
        "before": before,
        "after": after,
    }
    sys.stdout.write(json.dumps(figures))


if __name__ == "__main__":
    main(int(sys.argv[1]))
