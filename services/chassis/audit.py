"""The audit trail: who did what to what, written with the change and told to identity."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import ClassVar

from sqlalchemy.orm import Session

from services.chassis.auth import Principal
from services.chassis.database import new_id, utc_now
from services.chassis.events.envelope import Event, SealedText
from services.chassis.events.outbox import publish


class AuditRecorded(Event):
    """A member of staff or a program changed something. ``detail`` has no personal data."""

    type: ClassVar[str] = "audit.recorded.v1"
    subject_kind: ClassVar[str] = "audit"

    actor_kind: str
    actor_id: uuid.UUID
    actor_name: SealedText
    actor_role: str
    district: str | None
    action: str
    target: str
    detail: str
    at: datetime


def record(
    session: Session,
    principal: Principal,
    action: str,
    target: str,
    *,
    district: str | None,
    detail: str = "",
) -> None:
    """Note an act of staff, in the transaction of the change.

    Args:
        action: what was done, like an event: ``activity.published``.
        target: what it was done to: ``activity/0198…``.
        district: whose it is; ``None`` for the city's.
        detail: a short fact such as a reason; no personal data.
    """
    publish(
        session,
        AuditRecorded(
            subject_id=new_id(),
            version=1,
            actor_kind=principal.kind,
            actor_id=principal.id,
            actor_name=principal.name,
            actor_role=principal.role,
            district=district,
            action=action,
            target=target,
            detail=detail,
            at=utc_now(),
        ),
    )
