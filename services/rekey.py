"""``lingbao rekey``: everything encrypted, rewritten under the newest key.

A sealed column ``x`` may have a keyed hash beside it in ``x_hash``; both move together. So a hash
never stands without its text.

Two things keep the old key, which stays configured for them: events in the outbox, gone a week
after they were confirmed, and what was signed for others: API keys, and links in messages.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services import house
from services.chassis.crypto import fingerprints, is_current
from services.chassis.database import Database, Sealed

BATCH = 500


def rekey() -> Iterator[str]:
    """Rewrite every service's sealed columns, in batches that a break leaves whole.

    Yields:
        A line for each column that had something to rewrite.

    Raises:
        SealError: something is under a key that is not configured.
    """
    for service in house.SERVICES:
        database = house.database(service)
        for table in house.tables(service):
            for column in table.columns:
                if isinstance(column.type, Sealed):
                    count = _rewrite(database, table, column)
                    if count:
                        yield f"{service}: {table.name}.{column.name}: {count}"


def _rewrite(database: Database, table: sa.Table, column: sa.Column[str]) -> int:
    keys = list(table.primary_key.columns)
    beside = table.columns.get(f"{column.name}_hash")
    stored = sa.null() if beside is None else beside
    rewritten = 0
    last: tuple[object, ...] | None = None
    while True:
        query = (
            sa.select(*keys, column, sa.type_coerce(column, sa.Text), stored)
            .where(column.is_not(None))
            .order_by(*keys)
            .limit(BATCH)
            .with_for_update()
        )
        if last is not None:
            query = query.where(sa.tuple_(*keys) > sa.tuple_(*map(sa.literal, last)))
        with database.transaction() as session:
            rows = session.execute(query).all()
            for *place, plain, sealed, mark in rows:
                last = tuple(place)
                row = [key == value for key, value in zip(keys, place, strict=True)]
                changed = False
                if not is_current(sealed):
                    session.execute(sa.update(table).where(*row).values({column: plain}))
                    changed = True
                if beside is not None and (newer := _newer_hash(plain, mark)):
                    changed |= _move(session, sa.update(table).where(*row).values({beside: newer}))
                rewritten += changed
        if len(rows) < BATCH:
            return rewritten


def _newer_hash(plain: str, mark: str | None) -> str | None:
    """The newest hash of a text, if ``mark`` is an older one: as it stands, or without its case."""
    for form in (plain, plain.casefold()):
        newest, *older = fingerprints(form)
        if mark in older:
            return newest
    return None


def _move(session: Session, update: sa.Update) -> bool:
    """Whether a hash could be changed.

    Where hashes are unique and another row has the newest one already, the address came again
    under the new key: that row says the same, and this one may keep the hash it has.
    """
    with contextlib.suppress(sa.exc.IntegrityError), session.begin_nested():
        session.execute(update)
        return True
    return False
