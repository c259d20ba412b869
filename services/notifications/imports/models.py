"""A list of contacts that was handed in, and its rows for as long as they wait."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Literal

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.chassis.database import Sealed, new_id
from services.notifications.database import Base

Status = Literal["waiting", "done", "undone", "discarded"]
Verdict = Literal["good", "problem", "duplicate"]


class ContactImport(Base):
    """One file. Its rows (:class:`ContactImportRow`) are deleted after a day, this record stays.

    Attributes:
        district: whose list it is (GB/T 2260); ``None`` for the city's.
        status: ``waiting`` for somebody to take it in, ``done``, ``undone`` (its contacts were
            taken out again) or ``discarded`` (nothing was written, and nothing will be).
        file_name: as it was called; ``None`` once the rows are deleted.
        heads: the headings as JSON, in the order of the columns; ``None`` likewise.
        columns: what each column holds, by the names of :data:`.heads.FIELDS`; ``""`` for nothing.
        total: rows with anything in them; ``good``, ``problems`` and ``duplicates`` add up to it.
        basis: on what ground we may write to these people, by the names of :data:`.basis.BASES`.
        version: which form or list they agreed on; ``agreed_on`` when.
        written: how many contacts it made.
    """

    __tablename__ = "contact_imports"
    __table_args__ = (
        sa.Index("ix_contact_imports_made_at", "made_at"),
        sa.CheckConstraint(
            "status IN ('waiting', 'done', 'undone', 'discarded')", name="status_known"
        ),
        sa.CheckConstraint("good + problems + duplicates = total", name="adds_up"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    district: Mapped[str | None]
    status: Mapped[str] = mapped_column(default="waiting", server_default="waiting")
    file_name: Mapped[str | None] = mapped_column(Sealed)
    heads: Mapped[str | None] = mapped_column(Sealed)
    columns: Mapped[list[str]]
    total: Mapped[int] = mapped_column(default=0, server_default="0")
    good: Mapped[int] = mapped_column(default=0, server_default="0")
    problems: Mapped[int] = mapped_column(default=0, server_default="0")
    duplicates: Mapped[int] = mapped_column(default=0, server_default="0")
    basis: Mapped[str | None]
    version: Mapped[str | None]
    agreed_on: Mapped[date | None]
    written: Mapped[int] = mapped_column(default=0, server_default="0")
    made_by_name: Mapped[str] = mapped_column(Sealed)
    made_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())
    confirmed_by_name: Mapped[str | None] = mapped_column(Sealed)
    confirmed_at: Mapped[datetime | None]
    undone_by_name: Mapped[str | None] = mapped_column(Sealed)
    undone_at: Mapped[datetime | None]


class ContactImportRow(Base):
    """One row of a file, as it waits.

    Attributes:
        number: of the row in the file, from 1, as a spreadsheet program counts them.
        verdict: ``good``, ``problem`` (left out, with the reason) or ``duplicate`` (left out: it
            says nothing that is not known already).
        content: what stood there and what was understood (:class:`.rows.Row` as JSON).
    """

    __tablename__ = "contact_import_rows"
    __table_args__ = (sa.Index("ix_contact_import_rows_verdict", "import_id", "verdict", "number"),)

    import_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("contact_imports.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(primary_key=True)
    verdict: Mapped[str]
    content: Mapped[str] = mapped_column(Sealed)
