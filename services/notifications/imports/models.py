"""A list of contacts that was handed in, and its rows for as long as they wait."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Any, Literal, get_args

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.chassis.database import Sealed, new_id
from services.notifications.database import Base

Status = Literal[
    "reading", "refused", "waiting", "taking", "done", "undoing", "undone", "discarded"
]
Work = Literal["read", "take", "undo"]
Verdict = Literal["good", "problem", "duplicate"]


class ContactImport(Base):
    """One file. Its rows (:class:`ContactImportRow`) are deleted after a day, this record stays.

    Attributes:
        district: whose list it is (GB/T 2260); ``None`` for the city's.
        status: ``reading`` or ``refused`` (it could not be read), ``waiting`` for somebody to take
            it in, ``taking``, ``done``, ``undoing``, ``undone`` (its contacts were taken out again)
            or ``discarded`` (nothing was written, and nothing will be).
        rows_read: how far the worker has come, of ``rows_in_file`` (0 until the file is open).
        attempts: how often the present work was begun.
        refusal: why the last work on it failed: a sentence with its values, said in either
            language (:func:`.reading.refusal`).
        file_name: as it was called; ``None`` once there is no contact of the list
            (:mod:`.retention`).
        heads: the headings as JSON, in the order of the columns; ``None`` once the rows are
            deleted.
        columns: what each column holds, by the names of :data:`.heads.FIELDS`; ``""`` for nothing.
        total: rows with anything in them; ``good``, ``problems`` and ``duplicates`` add up to it.
        basis: on what ground we may write to these people, by the names of :data:`.basis.BASES`.
        version: which form or list they agreed on; ``agreed_on`` when.
        written: how many contacts it made.
    """

    __tablename__ = "contact_imports"
    __table_args__ = (
        sa.Index("ix_contact_imports_made_at", "made_at"),
        sa.CheckConstraint(f"status IN {get_args(Status)}", name="status_known"),
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
    rows_read: Mapped[int] = mapped_column(default=0, server_default="0")
    rows_in_file: Mapped[int] = mapped_column(default=0, server_default="0")
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    refusal: Mapped[dict[str, Any] | None]
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


class ContactImportJob(Base):
    """Work on a list that is to be done; the row goes with the commit of the work.

    Whoever works holds the row locked, in one transaction with everything that is written. A worker
    that is killed leaves the row as it was, and nothing of what it wrote.

    Attributes:
        kind: ``read``, ``take`` or ``undo``.
        due_at: from when on it may be begun (UTC).
        by: who asked for it, for the audit trail (:class:`Principal` as JSON).
        file: the bytes, as :func:`.crypto.encode` writes them; ``None`` where the rows are parked
            already.
    """

    __tablename__ = "contact_import_jobs"
    __table_args__ = (
        sa.Index("ix_contact_import_jobs_due_at", "due_at"),
        sa.CheckConstraint(f"kind IN {get_args(Work)}", name="kind_known"),
    )

    import_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("contact_imports.id", ondelete="CASCADE"), primary_key=True
    )
    kind: Mapped[str]
    due_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())
    by: Mapped[str] = mapped_column(Sealed)
    file: Mapped[str | None] = mapped_column(Sealed)
