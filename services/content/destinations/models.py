"""The table of China's embassies and consulates, as staff keep it."""

from __future__ import annotations

import uuid
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.chassis.database import new_id
from services.content.database import Base


class Mission(Base):
    """An embassy or consulate of China abroad and how it is reached.

    ``serves`` is the part of the country that a consulate is there for; ``help_phone`` answers day
    and night in emergencies, ``office_phone`` in office hours (both E.164). Somebody compared all
    of it with ``source_url`` on ``checked_on``.
    """

    __tablename__ = "missions"
    __table_args__ = (
        sa.CheckConstraint(
            "kind IN ('embassy', 'consulate-general', 'consulate', 'office')", "kind"
        ),
        sa.Index("ix_missions_country", "country"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    version: Mapped[int] = mapped_column(default=1)
    country: Mapped[str]
    kind: Mapped[str]
    name: Mapped[dict[str, str]]
    serves: Mapped[dict[str, str]]
    address: Mapped[dict[str, str]]
    help_phone: Mapped[str | None]
    office_phone: Mapped[str | None]
    website: Mapped[str | None]
    source_url: Mapped[str]
    checked_on: Mapped[date]
    created_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())
