"""What this service reads when somebody asks for the links to their registrations again."""

from __future__ import annotations

import uuid

from pydantic import AwareDatetime, BaseModel, ConfigDict

from services.chassis.events.envelope import Payload, SealedText


class LinkOf(BaseModel):
    """One registration and the link to it. Times have their offset."""

    model_config = ConfigDict(extra="ignore")

    title: dict[str, str]
    starts_at: AwareDatetime
    timezone: str
    status: str
    manage_url: SealedText


class LinkAsked(Payload):
    """Somebody asked for their links by an address; ``items`` are all that it has."""

    subject_id: uuid.UUID
    language: str
    email: SealedText | None = None
    phone: SealedText | None = None
    items: list[LinkOf]


class LinksContext(BaseModel):
    """What the message needs, kept sealed with its delivery."""

    items: list[LinkOf]
