"""The table that everything public is found in."""

from __future__ import annotations

import uuid
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Mapped, mapped_column

from services.content.database import Base


class SearchEntry(Base):
    """One thing that may be found, as its room said it; ``id`` is the thing's own.

    ``search`` has the words of all its texts and names, ``heading`` those of its title alone; see
    ``service.py``. From ``until`` on it is not found any more.
    ``way`` is how the words were made.
    """

    __tablename__ = "search_entries"
    __table_args__ = (
        sa.Index("ix_search_entries_search", "search", postgresql_using="gin"),
        sa.Index("ix_search_entries_heading", "heading", postgresql_using="gin"),
        sa.Index("ix_search_entries_countries", "countries", postgresql_using="gin"),
        sa.Index("ix_search_entries_at", "at", "id"),
    )

    kind: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    title: Mapped[dict[str, str]]
    text: Mapped[dict[str, str]] = mapped_column(deferred=True)
    url: Mapped[str]
    countries: Mapped[list[str]]
    topics: Mapped[list[str]]
    audience: Mapped[list[str]]
    languages: Mapped[list[str]]
    at: Mapped[datetime]
    until: Mapped[datetime | None]
    way: Mapped[str]
    search: Mapped[str] = mapped_column(postgresql.TSVECTOR, deferred=True)
    heading: Mapped[str] = mapped_column(postgresql.TSVECTOR, deferred=True)
