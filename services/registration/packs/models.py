"""The table of packs that registration has heard of."""

from __future__ import annotations

import uuid
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.registration.database import Base


class KnownPack(Base):
    """A pack of the content service, as it was last told.

    Attributes:
        items: how many things are in it.
        updated_at: when something in it last became another than before; ``None``: never.
    """

    __tablename__ = "known_packs"
    __table_args__ = (
        sa.Index("ix_known_packs_activity_id", "activity_id"),
        sa.Index("ix_known_packs_booking_id", "booking_id"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    version: Mapped[int]
    activity_id: Mapped[uuid.UUID | None]
    booking_id: Mapped[uuid.UUID | None]
    title: Mapped[dict[str, str]]
    url: Mapped[str]
    items: Mapped[int]
    updated_at: Mapped[datetime | None]
    withdrawn: Mapped[bool]
