"""What registration says about packs: it alone knows whom a booking's pack is for."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import ClassVar, Literal

from pydantic import BaseModel

from services.chassis.events import Event
from services.chassis.events.envelope import SealedText
from services.registration.bookings.events import ContactState


class ChangeState(BaseModel):
    """One thing in a pack that is another than before; ``said``: what is told of it."""

    kind: str
    title: dict[str, str]
    said: dict[str, str] = {}


class BookingPack(Event):
    """A booking's pack is there, has a new edition, or something in it has changed: ``news``.

    ``changes`` says what, for a new edition and for a change.
    """

    type: ClassVar[str] = "booking.pack.v1"
    subject_kind: ClassVar[str] = "booking_pack"

    booking_id: uuid.UUID
    news: Literal["new", "edition", "changed"]
    contact: ContactState
    language: str
    district: str
    agreed_time: datetime
    timezone: str
    title: dict[str, str]
    url: SealedText
    items: int
    changes: list[ChangeState]
