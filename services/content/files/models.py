"""The tables of files."""

from __future__ import annotations

import uuid
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.chassis.database import new_id
from services.content.database import Base


class StoredFile(Base):
    """A file of a material: its place there, and the bytes that are in it now.

    The id stays when its bytes are replaced, so a link that somebody kept leads to the new ones.

    Attributes:
        parent_id: the video that captions or a poster belong to.
        position: its place among the files of its material, from 1.
        name: what it is called when it is downloaded, with the ending of its type.
        title: what a page calls it; empty: the name.
        language: of what is in it (BCP 47), where that is one language.
        media_type: what its content is; never what the uploader said.
        sha256: of its bytes, in hexadecimal.
        key: where the store has its bytes.
        transcript: what captions say, as plain text.
        cover_key: where the store has its small picture.
        cover_tries: how often one was begun to be made; it is not tried for ever.
        cover_begun_at: since when a worker is making one; ``None``: none is.
        stored_at: when these bytes came.
        removed_at: since when it is out of its material; it can be brought back for a while.
    """

    __tablename__ = "stored_files"
    __table_args__ = (
        sa.CheckConstraint(
            "role IN ('document', 'video', 'audio', 'picture', 'archive', 'captions', 'poster')",
            "role",
        ),
        sa.CheckConstraint("(role IN ('captions', 'poster')) = (parent_id IS NOT NULL)", "parent"),
        sa.CheckConstraint("size >= 0", "size"),
        sa.Index("ix_stored_files_material_id", "material_id"),
        # What the worker has to make covers for.
        sa.Index(
            "ix_stored_files_coverless",
            "id",
            postgresql_where=sa.text("cover_key IS NULL AND cover_tries < 3"),
        ),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    material_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("materials.id"))
    parent_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("stored_files.id"))
    role: Mapped[str]
    position: Mapped[int]
    name: Mapped[str]
    title: Mapped[dict[str, str]]
    language: Mapped[str | None]
    media_type: Mapped[str]
    size: Mapped[int] = mapped_column(sa.BigInteger)
    sha256: Mapped[str]
    key: Mapped[str]
    transcript: Mapped[str | None]
    cover_key: Mapped[str | None]
    cover_tries: Mapped[int] = mapped_column(default=0)
    cover_begun_at: Mapped[datetime | None]
    stored_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())
    removed_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())


class Blob(Base):
    """A key that bytes are, or were to be, kept under.

    It is written down before the bytes are, so that whatever is left over when something fails
    half-way is known without looking through the store.
    """

    __tablename__ = "blobs"

    key: Mapped[str] = mapped_column(primary_key=True)
    created_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())
