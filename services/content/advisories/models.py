"""The table of advisories."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.content.database import Base
from services.content.publication import STATUS_CHECK, Publication


class Advisory(Publication, Base):
    """One advisory for a country, or for a region of it.

    ``announcements`` lists what was told to the world so far, oldest first, as
    ``{"version", "kind", "at"}``: a CAP message refers to those before it.
    """

    __tablename__ = "advisories"
    __table_args__ = (
        sa.CheckConstraint(STATUS_CHECK, "status"),
        sa.CheckConstraint("level IN ('blue', 'yellow', 'orange', 'red')", "level"),
        sa.CheckConstraint("word IN ('take-care', 'travel-with-caution', 'do-not-travel')", "word"),
        sa.CheckConstraint("valid_until IS NULL OR valid_until > valid_from", "valid"),
        sa.Index("ix_advisories_status_country", "status", "country"),
    )

    country: Mapped[str]
    region: Mapped[dict[str, str]]
    level: Mapped[str]
    word: Mapped[str]
    headline: Mapped[dict[str, str]]
    text: Mapped[dict[str, str]]
    advice: Mapped[dict[str, str]]
    source_url: Mapped[str | None]
    valid_from: Mapped[datetime]
    valid_until: Mapped[datetime | None]
    announcements: Mapped[list[dict[str, Any]]] = mapped_column(default=list)
