"""The table of materials."""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.content.database import Base
from services.content.publication import STATUS_CHECK, Publication


class Material(Publication, Base):
    """Something to read, watch or hand out.

    ``district`` is the office that keeps it (GB/T 2260); ``None`` is the city's. Without
    ``countries`` it is for every destination.
    """

    __tablename__ = "materials"
    __table_args__ = (
        sa.CheckConstraint(STATUS_CHECK, "status"),
        sa.CheckConstraint(
            "kind IN ('book', 'brochure', 'video', 'case-study', 'slides', 'checklist')", "kind"
        ),
        sa.Index("ix_materials_countries", "countries", postgresql_using="gin"),
    )

    slug: Mapped[str] = mapped_column(unique=True)
    district: Mapped[str | None]
    kind: Mapped[str]
    title: Mapped[dict[str, str]]
    summary: Mapped[dict[str, str]]
    body: Mapped[dict[str, str]]
    topics: Mapped[list[str]]
    countries: Mapped[list[str]]
    audience: Mapped[list[str]]
    reviewed_on: Mapped[date | None]
