"""Publishing: one row, in the transaction of the change that the event tells of."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.chassis.database import Database, utc_now
from services.chassis.events.envelope import Envelope, Event
from services.chassis.tables import OutboxRow
from services.chassis.telemetry import current_request_id

KEEP_CONFIRMED = timedelta(days=7)


def publish(session: Session, event: Event) -> uuid.UUID:
    """Write ``event`` to the outbox of the session's service; it goes out after the commit.

    Returns:
        The event's id. An event that nobody subscribes to is kept as a record all the same.
    """
    row = row_of(session.info["database"], event)
    session.execute(_INSERT, row)
    identifier: uuid.UUID = row["id"]
    return identifier


_INSERT = sa.insert(cast("sa.Table", OutboxRow.__table__))


def row_of(database: Database, event: Event) -> dict[str, Any]:
    """The outbox row of an event, for a statement that inserts it with the change it tells of."""
    envelope = Envelope.wrap(
        event, service=database.service, at=utc_now(), request_id=current_request_id()
    )
    return {
        "id": envelope.id,
        "type": envelope.type,
        "envelope": envelope.model_dump(mode="json", exclude_none=True),
        "unconfirmed": list(database.subscriptions.get(event.type, ())),
    }


def confirm(session: Session, event_id: uuid.UUID, subscriber: str) -> None:
    """Note that ``subscriber`` has handled the event. Saying it twice changes nothing."""
    session.execute(
        sa.update(OutboxRow)
        .where(OutboxRow.id == event_id)
        .values(unconfirmed=sa.func.array_remove(OutboxRow.unconfirmed, subscriber))
    )


def forget_confirmed(session: Session) -> int:
    """Delete what everybody confirmed more than :data:`KEEP_CONFIRMED` ago.

    Returns:
        How many rows went.
    """
    gone = session.execute(
        sa.delete(OutboxRow)
        .where(OutboxRow.unconfirmed == [], OutboxRow.created_at < utc_now() - KEEP_CONFIRMED)
        .returning(OutboxRow.position)
    )
    return len(gone.all())
