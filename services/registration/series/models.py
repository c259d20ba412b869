"""Series: their table."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import func
from sqlalchemy.orm import Mapped, mapped_column

from services.chassis.database import new_id, utc_now
from services.chassis.settings import settings
from services.registration.database import Base


class Series(Base):
    """What the occurrences of one lecture have in common.

    An occurrence is an activity with this ``series_id``: its place, its seats and its state are
    its own. ``district`` says whose the series is; an occurrence may take place in another.
    """

    __tablename__ = "series"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    version: Mapped[int] = mapped_column(default=1)
    slug: Mapped[str] = mapped_column(unique=True)
    title: Mapped[dict[str, str]]
    summary: Mapped[dict[str, str]]
    district: Mapped[str]
    created_by: Mapped[uuid.UUID]
    created_at: Mapped[datetime] = mapped_column(default=utc_now, server_default=func.now())

    @property
    def url(self) -> str:
        """The absolute address of its public page."""
        return f"{settings().public_url}/series/{self.slug}"
