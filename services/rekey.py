"""``lingbao rekey``: everything encrypted, rewritten under the newest key.

A sealed column ``x`` may have a keyed hash beside it in ``x_hash``; both move together. Events in
the outbox keep the key they were sealed under: they are gone a week after they were confirmed, so
an old key stays configured for that long.
"""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from services import house
from services.chassis.crypto import fingerprint, fingerprints, is_current
from services.chassis.database import Database, Sealed

BATCH = 500


def rekey() -> Iterator[str]:
    """Rewrite every service's sealed columns, in batches that a break leaves whole.

    Yields:
        A line for each column that had something to rewrite.
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
                if is_current(sealed):
                    continue
                changes = {column.name: plain}
                # A hash that stands for something else than this very text is left as it is.
                if beside is not None and mark in fingerprints(plain):
                    changes[beside.name] = fingerprint(plain)
                session.execute(
                    sa.update(table)
                    .where(*(key == value for key, value in zip(keys, place, strict=True)))
                    .values(changes)
                )
                rewritten += 1
        if len(rows) < BATCH:
            return rewritten
