"""The relay: hands outbox rows to the queue, and again while they stay unconfirmed.

It polls. ``LISTEN``/``NOTIFY`` would save a few milliseconds and takes a lock that makes commits
queue up behind one another; a query on a partial index twenty times a second costs next to nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
import structlog

from services.chassis.database import Database
from services.chassis.tables import OutboxRow

log = structlog.get_logger(__name__)

POLL_SECONDS = 0.05
BATCH = 200
# A consumer confirms within milliseconds; what it has not by then was lost, or it is busy.
RESEND_AFTER = timedelta(seconds=15)
RESEND_AT_MOST = timedelta(minutes=10)

# Hands one envelope to one subscriber's queue; raises when the queue cannot be reached.
Send = Callable[[str, dict[str, Any]], None]


# Written out as the partial index has it: with a parameter in its place, a prepared statement
# could not know that the index serves.
_DUE = (OutboxRow.due_at <= sa.func.now(), sa.text("unconfirmed <> '{}'"))


@dataclass(frozen=True)
class Claimed:
    """A row that this relay is about to send."""

    position: int
    envelope: dict[str, Any]
    unconfirmed: list[str]


def claim(database: Database, limit: int = BATCH) -> list[Claimed]:
    """Take the rows that are due, oldest first, and set when each is due again.

    Several relays may run: a row locked by one is passed over by the others.
    """
    due = (
        sa.select(OutboxRow.position)
        .where(*_DUE)
        .order_by(OutboxRow.position)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    wait = sa.func.least(RESEND_AFTER * (OutboxRow.attempts + 1), RESEND_AT_MOST)
    with database.transaction() as session:
        rows = session.execute(
            sa.update(OutboxRow)
            .where(OutboxRow.position.in_(due))
            .values(attempts=OutboxRow.attempts + 1, due_at=sa.func.now() + wait)
            .returning(OutboxRow.position, OutboxRow.envelope, OutboxRow.unconfirmed)
        ).all()
    return sorted(
        (Claimed(row.position, row.envelope, row.unconfirmed) for row in rows),
        key=lambda row: row.position,
    )


def put_back(database: Database, positions: list[int]) -> None:
    """Make rows due again at once: the queue did not take them."""
    with database.transaction() as session:
        session.execute(
            sa.update(OutboxRow)
            .where(OutboxRow.position.in_(positions))
            .values(attempts=OutboxRow.attempts - 1, due_at=sa.func.now())
        )


def relay_once(database: Database, send: Send) -> int:
    """Send everything that is due now.

    Returns:
        How many rows were handed over.

    Raises:
        Whatever ``send`` raises; the rows it did not take are due again.
    """
    rows = claim(database)
    for index, row in enumerate(rows):
        try:
            for subscriber in row.unconfirmed:
                send(subscriber, row.envelope)
        except Exception:
            put_back(database, [left.position for left in rows[index:]])
            raise
    return len(rows)


_ANYTHING_DUE = sa.select(sa.exists().where(*_DUE))


class Relay(threading.Thread):
    """Runs :func:`relay_once` until told to stop, waiting longer while the queue is away."""

    def __init__(self, database: Database, send: Send, beat: Callable[[], None]) -> None:
        """``beat`` is called about once a second while the relay is well."""
        super().__init__(name=f"relay-{database.service}", daemon=True)
        self._database = database
        self._send = send
        self._beat = beat
        self._stopping = threading.Event()

    def run(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            try:
                self._look_and_send()
                if failures:
                    log.info("relay.recovered", service=self._database.service)
                failures = 0
            except Exception as error:  # noqa: BLE001 - the relay outlives every outage
                failures += 1
                if failures == 1:
                    log.warning(
                        "relay.waiting", service=self._database.service, reason=repr(error)[:200]
                    )
                self._stopping.wait(min(0.2 * failures, 2.0))

    def _look_and_send(self) -> None:
        """For about a second: look whether anything is due, and send it.

        Looking is one round trip on a connection of its own, twenty times a second; claiming
        takes a transaction, and happens only when there is something to claim.
        """
        with self._database.engine.connect() as connection:
            looking = connection.execution_options(isolation_level="AUTOCOMMIT")
            for _ in range(round(1 / POLL_SECONDS)):
                if looking.scalar(_ANYTHING_DUE):
                    while relay_once(self._database, self._send) == BATCH:
                        pass
                if self._stopping.wait(POLL_SECONDS):
                    return
        self._beat()

    def stop(self) -> None:
        """Ask the relay to end and wait until it has (two seconds at most)."""
        self._stopping.set()
        self.join(timeout=2)
