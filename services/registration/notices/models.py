"""Projections: the newest heard of each advisory and each material; and who was told of them."""

from __future__ import annotations

import uuid
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.chassis.i18n import lazy
from services.registration.database import Base


class KnownAdvisory(Base):
    """An advisory of the content service, as it was last told."""

    __tablename__ = "known_advisories"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    version: Mapped[int]
    country: Mapped[str] = mapped_column(index=True)
    region: Mapped[dict[str, str]]
    level: Mapped[str]
    word: Mapped[str]
    headline: Mapped[dict[str, str]]
    advice: Mapped[dict[str, str]]
    valid_from: Mapped[datetime]
    valid_until: Mapped[datetime | None]
    url: Mapped[str]
    withdrawn: Mapped[bool]


class AdvisoryTold(Base):
    """That the people of an activity were told of an advisory at one of its versions, and how many
    of them; whoever was told with an earlier activity is not counted again."""

    __tablename__ = "advisories_told"
    __table_args__ = (sa.Index("ix_advisories_told_activity_id", "activity_id"),)

    advisory_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    activity_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("activities.id", ondelete="CASCADE"), primary_key=True
    )
    level: Mapped[str]
    headline: Mapped[dict[str, str]]
    people: Mapped[int]
    told_at: Mapped[datetime]


class KnownMaterial(Base):
    """A material of the content service, as it was last told."""

    __tablename__ = "known_materials"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    version: Mapped[int]
    kind: Mapped[str]
    title: Mapped[dict[str, str]]
    summary: Mapped[dict[str, str]]
    topics: Mapped[list[str]]
    countries: Mapped[list[str]]
    url: Mapped[str]
    withdrawn: Mapped[bool]


WORD_NAMES = {
    "take-care": lazy("Take care"),
    "travel-with-caution": lazy("Travel with caution"),
    "do-not-travel": lazy("Do not travel for now"),
}
MATERIAL_KIND_NAMES = {
    "book": lazy("Book"),
    "brochure": lazy("Brochure"),
    "video": lazy("Video"),
    "case-study": lazy("Case study"),
    "slides": lazy("Slides"),
    "checklist": lazy("Checklist"),
}
