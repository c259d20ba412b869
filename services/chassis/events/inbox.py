"""Consuming: the handler's work and the note that it was done are one transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from services.chassis.database import Database
from services.chassis.events.envelope import Envelope, Payload
from services.chassis.tables import InboxRow, SubjectSeen

P = TypeVar("P", bound=Payload)


@dataclass(frozen=True)
class Subscription(Generic[P]):
    """What a service does when it hears a type of event.

    Attributes:
        reads: the part of the payload that this service needs.
        handler: called as ``handler(session, payload, envelope)`` inside the transaction.
    """

    reads: type[P]
    handler: Callable[[Session, P, Envelope], None]


Handlers = Mapping[str, Subscription[Any]]


def consume(database: Database, handlers: Handlers, envelope: Envelope) -> bool:
    """Handle an event once.

    Returns:
        Whether the handler ran: not when the event was handled before, and not when a later
        version of its subject was.

    Raises:
        KeyError: the service does not handle this type.
        pydantic.ValidationError: the payload lacks what this service reads. Nothing is noted, so
            the event stays unconfirmed and is seen in the metrics.
    """
    subscription = handlers[envelope.type]
    with database.transaction() as session:
        if not _first_time(session, envelope):
            return False
        if not _newest(session, envelope):
            session.execute(
                sa.update(InboxRow).where(InboxRow.id == envelope.id).values(stale=True)
            )
            return False
        payload = envelope.read(subscription.reads)
        subscription.handler(session, payload, envelope)
    return True


def _first_time(session: Session, envelope: Envelope) -> bool:
    inserted = session.execute(
        postgresql.insert(InboxRow)
        .values(id=envelope.id, type=envelope.type, stale=False)
        .on_conflict_do_nothing()
        .returning(InboxRow.id)
    )
    return inserted.first() is not None


def _newest(session: Session, envelope: Envelope) -> bool:
    """Move the subject's version forward; its row stays locked, so one subject goes in order."""
    insert = postgresql.insert(SubjectSeen).values(
        source=envelope.source, subject=envelope.subject, version=envelope.sequence
    )
    moved = session.execute(
        insert.on_conflict_do_update(
            index_elements=[SubjectSeen.source, SubjectSeen.subject],
            set_={"version": insert.excluded.version},
            where=SubjectSeen.version < insert.excluded.version,
        ).returning(SubjectSeen.version)
    )
    return moved.first() is not None
