"""The table of activities that this service has heard of."""

from __future__ import annotations

import uuid
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.content.database import Base


class ActivitySeen(Base):
    """An activity as its latest event told it; nothing here is decided by this service."""

    __tablename__ = "activities_seen"
    __table_args__ = (
        sa.Index("ix_activities_seen_countries", "countries", postgresql_using="gin"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    version: Mapped[int]
    kind: Mapped[str]
    status: Mapped[str]
    title: Mapped[dict[str, str]]
    summary: Mapped[dict[str, str]] = mapped_column(default=dict, server_default="{}")
    district: Mapped[str | None]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    timezone: Mapped[str]
    topics: Mapped[list[str]]
    countries: Mapped[list[str]]
    url: Mapped[str]
