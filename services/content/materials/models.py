"""The tables of materials: each as it is now, and every version that there was."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, column_property, mapped_column, relationship

from services.chassis.database import Sealed
from services.content.database import Base
from services.content.files.models import StoredFile
from services.content.publication import STATUS_CHECK, Publication


class Material(Publication, Base):
    """Something to read, watch or hand out.

    Attributes:
        district: the office that keeps it (GB/T 2260); ``None`` is the city's.
        countries: ISO 3166-1 alpha-2; without any it is for every destination.
        author: who stands for what it says, as readers are told: a person or an office.
        reviewed_on: the day on which somebody last checked that it is still right.
        review_by: the day by which that is to be done again.
        changes: what readers were last told has changed, and ``changed_at`` when.
    """

    __tablename__ = "materials"
    __table_args__ = (
        sa.CheckConstraint(STATUS_CHECK, "status"),
        sa.CheckConstraint(
            "kind IN ('book', 'brochure', 'video', 'case-study', 'slides', 'checklist')", "kind"
        ),
        sa.CheckConstraint("review_by > reviewed_on", "review"),
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
    author: Mapped[dict[str, str]]
    reviewed_on: Mapped[date | None]
    review_by: Mapped[date | None]
    changes: Mapped[dict[str, str]] = mapped_column(default=dict)
    changed_at: Mapped[datetime | None]

    if TYPE_CHECKING:
        cover: str | None  # reckoned, see below

    files: Mapped[list[StoredFile]] = relationship(
        primaryjoin=lambda: sa.and_(
            StoredFile.material_id == Material.id, StoredFile.removed_at.is_(None)
        ),
        order_by=(StoredFile.position, StoredFile.id),
        viewonly=True,
    )


class MaterialVersion(Base):
    """A material as it was after one change.

    Attributes:
        number: the material's version that this is.
        act: what was done: ``written``, ``changed``, ``published``, ``withdrawn``, ``restored``,
            ``files``, or ``kept`` for what was there before versions were.
        content: the fields of ``MaterialIn`` as JSON.
        files: name, media type, size and sha256 of each file there was.
        changes: what readers were told has changed; empty when nothing was said.
        public: whether it was in the library.
        author_name: which member of staff made the change.
    """

    __tablename__ = "material_versions"

    material_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("materials.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    act: Mapped[str]
    content: Mapped[dict[str, Any]]
    files: Mapped[list[dict[str, Any]]]
    changes: Mapped[dict[str, str]]
    public: Mapped[bool]
    author_name: Mapped[str] = mapped_column(Sealed)
    created_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())


# The first small picture among its files: the id of the file, and a sign that changes with it.
_COVER = (
    sa.select(sa.func.concat(StoredFile.id, "/", sa.func.right(StoredFile.cover_key, 12)))
    .where(
        StoredFile.material_id == Material.id,
        StoredFile.removed_at.is_(None),
        StoredFile.cover_key.is_not(None),
    )
    .order_by(StoredFile.role != "poster", StoredFile.position, StoredFile.id)
    .limit(1)
    .scalar_subquery()
)


sa.inspect(Material).add_property("cover", column_property(_COVER))
