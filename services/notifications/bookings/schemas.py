"""What this service reads of events about bookings."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from services.chassis.events.envelope import Payload, SealedText


class Organisation(BaseModel):
    """Who asks; ``kind`` is ``school``, ``enterprise`` or ``community``."""

    model_config = ConfigDict(extra="ignore")

    name: SealedText
    kind: str
    district: str | None = None


class ContactPerson(BaseModel):
    """Whom to write to."""

    model_config = ConfigDict(extra="ignore")

    name: SealedText
    email: SealedText | None = None
    phone: SealedText | None = None


class BookingTold(Payload):
    """A session was asked for, other times were proposed, or it was agreed, declined, withdrawn."""

    subject_id: uuid.UUID
    version: int
    kind: Literal["school_session", "enterprise_visit"]
    status: str
    organisation: Organisation
    contact: ContactPerson
    language: str
    proposed_times: list[AwareDatetime] = Field(default_factory=list)
    agreed_time: AwareDatetime | None = None
    timezone: str
    duration_minutes: int = 120
    answer: SealedText | None = None
    headcount: int | None = None
    destinations: list[str] = Field(default_factory=list)
    departs_on: date | None = None
    returns_on: date | None = None
    topics: list[str] = Field(default_factory=list)
    manage_url: SealedText


class BookingContext(BaseModel):
    """What a message about a booking needs, kept sealed with its delivery. Times have offsets."""

    version: int
    kind: Literal["school_session", "enterprise_visit"]
    organisation: str
    name: str
    proposed_times: list[AwareDatetime]
    agreed_time: AwareDatetime | None
    timezone: str
    duration_minutes: int = 120
    answer: str | None
    headcount: int | None
    destinations: list[str]
    manage_url: str
