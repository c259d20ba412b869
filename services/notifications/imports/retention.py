"""How long what stood in a list is kept: its rows for a day, its file's name as its contacts."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.notifications.database import database
from services.notifications.imports import taking
from services.notifications.imports.models import (
    ContactImport,
    ContactImportJob,
    ContactImportRow,
)

KEEP_ROWS: Final = timedelta(days=1)


def forget_old(now: datetime) -> int:
    """Delete what was parked for longer than :data:`KEEP_ROWS`; the record of it stays.

    Staff know a list by its file's name, and a person may be named in it: it stays for as long as
    there is a contact that the list made.

    Returns:
        How many lists' rows that concerned.
    """
    with database.transaction() as session:
        number = _forget_rows(session, now)
        _forget_names(session)
        return number


def _forget_rows(session: Session, now: datetime) -> int:
    due = session.scalars(
        sa.select(ContactImport)
        .where(
            ContactImport.made_at < now - KEEP_ROWS,
            sa.or_(
                ContactImport.heads.is_not(None),
                sa.and_(ContactImport.file_name.is_not(None), ContactImport.status != "done"),
            ),
            ContactImport.status != "taking",  # its rows go as soon as they are contacts
        )
        .with_for_update(skip_locked=True)
    ).all()
    for found in due:
        if found.status in ("waiting", "reading"):
            found.status = "discarded"
        if found.status != "done":
            found.file_name = None
    session.flush()
    if due:
        forget_rows(session, [found.id for found in due])
    return len(due)


def _forget_names(session: Session) -> None:
    """The names of lists of which no contact is left."""
    named = sa.select(ContactImport).where(
        ContactImport.status == "done",
        ContactImport.file_name.is_not(None),
        ContactImport.heads.is_(None),
    )
    for found in session.scalars(named.with_for_update(skip_locked=True)).all():
        left = sa.select(sa.exists().where(taking.contacts_of(found)))
        if not session.scalar(left):
            found.file_name = None


def forget_rows(session: Session, identifiers: Sequence[uuid.UUID]) -> None:
    """Delete what lists hold of their files but the name, and what was still to be read of them."""
    session.execute(sa.delete(ContactImportRow).where(ContactImportRow.import_id.in_(identifiers)))
    session.execute(
        sa.delete(ContactImportJob).where(
            ContactImportJob.import_id.in_(identifiers), ContactImportJob.kind == "read"
        )
    )
    session.execute(
        sa.update(ContactImport)
        .where(ContactImport.id.in_(identifiers))
        .values(heads=None)
        .execution_options(synchronize_session="fetch")
    )
