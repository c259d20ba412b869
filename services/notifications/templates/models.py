"""A template and its versions: what is saved once is never changed, only followed by another."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.chassis.database import Sealed, new_id
from services.notifications.database import Base


class Template(Base):
    """Named texts that broadcasts begin with.

    Attributes:
        name: how staff find it; one of its kind in an office, archived ones aside.
        district: whose it is (GB/T 2260); ``None`` for the city's, which every office may use.
        version: the number of the newest version.
        archived_at: since when it is not offered any more (UTC).
    """

    __tablename__ = "templates"
    __table_args__ = (
        sa.Index(
            "uq_templates_name",
            sa.text("coalesce(district, '')"),
            "name",
            unique=True,
            postgresql_where=sa.text("archived_at IS NULL"),
        ),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str]
    district: Mapped[str | None]
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    archived_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())


class TemplateVersion(Base):
    """What a template said at one time.

    Attributes:
        number: counted from 1.
        message: the texts by language (:class:`..broadcasts.schemas.Message`).
        note: what was changed and why, in the words of whoever saved it.
        restored_from: the number of the version that was taken up again.
    """

    __tablename__ = "template_versions"
    __table_args__ = (sa.UniqueConstraint("template_id", "number", name="uq_template_versions"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    template_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("templates.id"))
    number: Mapped[int]
    message: Mapped[dict[str, Any]]
    note: Mapped[str]
    restored_from: Mapped[int | None]
    author_kind: Mapped[str]
    author_id: Mapped[uuid.UUID]
    author_name: Mapped[str] = mapped_column(Sealed)
    created_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())
