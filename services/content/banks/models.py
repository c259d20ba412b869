"""The tables of question banks."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.chassis.database import new_id, utc_now
from services.content.database import Base


class Bank(Base):
    """A collection of items that quizzes draw from.

    ``district`` is the office that keeps it (GB/T 2260); ``None`` is the city's. Every office may
    draw from the city's banks. ``version`` rises with each change of the bank or of an item.
    """

    __tablename__ = "banks"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    version: Mapped[int] = mapped_column(default=1)
    district: Mapped[str | None]
    name: Mapped[dict[str, str]]
    about: Mapped[dict[str, str]]
    created_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())

    def touch(self) -> None:
        """Count one more change."""
        self.version += 1
        self.updated_at = utc_now()


class Item(Base):
    """One question of a bank, in one language or both.

    ``name`` is its short name for staff, unique in the bank; GIFT calls it the title, and a second
    language finds the item by it. The shape of ``content`` goes by the kind, see
    :mod:`services.content.banks.schemas`. A ``retired`` item is drawn no more; the papers that
    have it keep it.
    """

    __tablename__ = "bank_items"
    __table_args__ = (
        sa.CheckConstraint(
            "kind IN ('single', 'multiple', 'true-false', 'matching', 'short-answer', 'ordering')",
            "kind",
        ),
        sa.UniqueConstraint("bank_id", "name"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    bank_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("banks.id"))
    version: Mapped[int] = mapped_column(default=1)
    name: Mapped[str]
    kind: Mapped[str]
    text: Mapped[dict[str, str]]
    content: Mapped[dict[str, Any]]
    explanation: Mapped[dict[str, str]]
    source: Mapped[str | None]
    tags: Mapped[list[str]]
    retired: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())


class BankImport(Base):
    """A file that was handed in and waits for somebody to say that its items be taken.

    It holds no personal data, and is deleted a day later or when it was taken.
    """

    __tablename__ = "bank_imports"
    __table_args__ = (sa.CheckConstraint("format IN ('gift', 'json')", "format"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    bank_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("banks.id", ondelete="CASCADE"))
    format: Mapped[str]
    language: Mapped[str | None]
    text: Mapped[str]
    file_name: Mapped[str]
    made_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())
