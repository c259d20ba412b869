"""What registration says when somebody has lost their links."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from pydantic import BaseModel

from services.chassis.events import Event
from services.chassis.events.envelope import SealedText


class LinkItem(BaseModel):
    """One registration: what it is for, how it stands, and the link to it."""

    title: dict[str, str]
    starts_at: datetime
    timezone: str
    status: str
    manage_url: SealedText


class LinkAsked(Event):
    """Somebody asked for the links to their registrations; either address is null."""

    type: ClassVar[str] = "link.asked.v1"
    subject_kind: ClassVar[str] = "link"

    language: str
    email: SealedText | None
    phone: SealedText | None
    items: list[LinkItem]


PUBLISHES: tuple[type[Event], ...] = (LinkAsked,)
