"""An entry of the audit trail."""

from __future__ import annotations

import uuid
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.chassis.database import Sealed
from services.identity.database import Base


class AuditEntry(Base):
    """Who did what to what, in which service. The database refuses to change or delete one.

    Attributes:
        id: the subject's id of the event that told of it.
        actor_kind: ``staff`` or ``key``.
        district: whose the target is; ``None`` for the city's.
        at: when it was done, by the clock of the service that did it.
    """

    __tablename__ = "audit_entries"
    __table_args__ = (
        sa.Index("ix_audit_entries_at_id", "at", "id"),
        sa.Index("ix_audit_entries_actor_id_at", "actor_id", "at"),
        sa.Index("ix_audit_entries_district_at", "district", "at"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    service: Mapped[str]
    actor_kind: Mapped[str]
    actor_id: Mapped[uuid.UUID]
    actor_name: Mapped[str] = mapped_column(Sealed)
    actor_role: Mapped[str]
    district: Mapped[str | None]
    action: Mapped[str] = mapped_column(index=True)
    target: Mapped[str]
    detail: Mapped[str]
