"""What the audit trail shows, and which part of it."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict

from services.chassis.fields import BlankIsNone, SingleLine


class AuditFilter(BaseModel):
    """Which entries are shown. Days are on the city's clock, both included."""

    actor: Annotated[uuid.UUID | None, BlankIsNone] = None
    action: Annotated[SingleLine | None, BlankIsNone] = None
    since: Annotated[date | None, BlankIsNone] = None
    until: Annotated[date | None, BlankIsNone] = None


class AuditOut(BaseModel):
    """One entry."""

    model_config = ConfigDict(from_attributes=True)

    id: uuid.UUID
    at: datetime
    service: str
    actor_kind: str
    actor_id: uuid.UUID
    actor_name: str
    actor_role: str
    district: str | None
    action: str
    target: str
    detail: str
