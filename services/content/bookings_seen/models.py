"""The table of bookings that this service has heard of."""

from __future__ import annotations

import uuid
from datetime import date, datetime

from sqlalchemy.orm import Mapped, mapped_column

from services.content.database import Base


class BookingSeen(Base):
    """A booking as its latest event told it, without anybody's name: who asks, nobody here needs.

    Attributes:
        agreed_time: when the session is; ``None`` unless it is agreed.
    """

    __tablename__ = "bookings_seen"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    version: Mapped[int]
    kind: Mapped[str]
    status: Mapped[str]
    organisation_kind: Mapped[str]
    district: Mapped[str | None]
    agreed_time: Mapped[datetime | None]
    timezone: Mapped[str]
    headcount: Mapped[int]
    destinations: Mapped[list[str]]
    departs_on: Mapped[date | None]
    topics: Mapped[list[str]]
