"""What goes in and comes out of certificates."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from services.chassis.fields import SingleLine
from services.registration.activities.events import ActivityState

Standing = Literal["valid", "revoked", "unknown"]


class Verified(BaseModel):
    """What anybody learns about a code; for one that we do not know every other part is null.

    ``name`` is masked, and null as well once the person's data was erased. ``minutes`` is how long
    the activity went on, null for one that was open for days.
    """

    result: Standing
    code: str = Field(description="The code as it was read, without spaces.")
    name: str | None = None
    title: dict[str, str] | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    timezone: str | None = None
    minutes: int | None = None
    issued_at: datetime | None = None


class OwnCertificate(BaseModel):
    """A certificate as its holder prints it. ``name`` is in full; times are UTC."""

    name: str
    activity: ActivityState
    code: str
    url: str
    issued_at: datetime
    valid: bool


class ListedCertificate(BaseModel):
    """A certificate as staff see it."""

    id: uuid.UUID
    registration_id: uuid.UUID
    name: str = Field(description="Empty when the person's data was erased.")
    code: str
    issued_at: datetime
    revoked_at: datetime | None
    revoked_reason: str | None


class RevokeIn(BaseModel):
    """Why a certificate holds no longer; for staff alone."""

    reason: Annotated[SingleLine, Field(min_length=1, max_length=200)]
