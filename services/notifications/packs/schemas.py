"""What this service reads of events about a booking's pack."""

from __future__ import annotations

import uuid
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from services.chassis.events.envelope import Payload, SealedText
from services.notifications.bookings.schemas import ContactPerson

News = Literal["new", "edition", "changed"]


class Change(BaseModel):
    """One thing in the pack that is another than before; ``said``: what is told of it."""

    model_config = ConfigDict(extra="ignore")

    kind: str
    title: dict[str, str]
    said: dict[str, str] = Field(default_factory=dict)


class PackTold(Payload):
    """A booking's pack is there, has a new edition, or something in it has changed."""

    subject_id: uuid.UUID
    version: int
    booking_id: uuid.UUID
    news: News
    contact: ContactPerson
    language: str
    district: str | None = None
    agreed_time: AwareDatetime
    timezone: str
    title: dict[str, str]
    url: SealedText
    items: int
    changes: list[Change] = Field(default_factory=list)


class PackContext(BaseModel):
    """What the message needs, kept sealed with its delivery. Times have offsets."""

    news: News
    name: str
    agreed_time: AwareDatetime
    timezone: str
    title: dict[str, str]
    url: str
    items: int
    changes: list[Change]
