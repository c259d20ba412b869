"""What staff wrote to the people of an activity."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.chassis.database import Sealed, new_id
from services.registration.database import Base


class ActivityMessage(Base):
    """One message that was sent.

    Attributes:
        statuses: how those whom it was for stood; empty when they were chosen one by one.
        message: its texts by language (:class:`.schemas.Message`).
        reached: to how many registrations it went; ``left_out`` are those of the chosen that have
            no address for its channels, or none that is known to be theirs.
    """

    __tablename__ = "activity_messages"
    __table_args__ = (
        sa.Index("ix_activity_messages_activity_id_sent_at", "activity_id", "sent_at"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    activity_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("activities.id"))
    statuses: Mapped[list[str]]
    channels: Mapped[list[str]]
    message: Mapped[dict[str, Any]]
    reached: Mapped[int]
    left_out: Mapped[int]
    sent_by: Mapped[uuid.UUID]
    sent_by_name: Mapped[str] = mapped_column(Sealed)
    sent_at: Mapped[datetime]
