"""What identity does when a service tells of an act of staff: it keeps it."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from services.chassis.events.envelope import Envelope, Payload, SealedText
from services.identity.audit.models import AuditEntry


class ActOfStaff(Payload):
    """What the trail keeps of ``audit.recorded.v1``."""

    subject_id: uuid.UUID
    actor_kind: str
    actor_id: uuid.UUID
    actor_name: SealedText
    actor_role: str
    district: str | None
    action: str
    target: str
    detail: str
    at: datetime


def keep(session: Session, act: ActOfStaff, envelope: Envelope) -> None:
    """Add an entry. One that is there already stays as it is."""
    values = act.model_dump(exclude={"subject_id"})
    session.execute(
        postgresql.insert(AuditEntry)
        .values(id=act.subject_id, service=envelope.publisher, **values)
        .on_conflict_do_nothing()
    )
