"""What staff wrote to the people of an activity, for as long as its deliveries need it."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.notifications.database import Base


class ActivityMessage(Base):
    """A message of staff to registrations of one activity.

    Attributes:
        message: its texts by language (:class:`..broadcasts.schemas.Message`).
        awaited: registrations that it is for and that have not been heard of yet: events about
            different subjects come in any order.
        planned: how many deliveries there are; ``suppressed`` of them go to dead addresses.
        no_address: registrations that gave no address for its channels.
        expires_at: from when on it would be of no use.
    """

    __tablename__ = "activity_messages"
    __table_args__ = (sa.Index("ix_activity_messages_awaited", "awaited", postgresql_using="gin"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    activity_id: Mapped[uuid.UUID]
    channels: Mapped[list[str]]
    message: Mapped[dict[str, Any]]
    awaited: Mapped[list[uuid.UUID]]
    planned: Mapped[int] = mapped_column(default=0)
    suppressed: Mapped[int] = mapped_column(default=0)
    no_address: Mapped[int] = mapped_column(default=0)
    expires_at: Mapped[datetime | None]
