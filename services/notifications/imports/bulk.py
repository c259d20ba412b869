"""Many rows at once into a table: PostgreSQL's COPY, within the session's transaction."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, TypeVar, cast

import psycopg
import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Session

T = TypeVar("T")


def batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """The items in lists of at most ``size``, read as they are asked for."""
    rest = iter(items)
    while batch := list(islice(rest, size)):
        yield batch


def copy(
    session: Session,
    table: type[DeclarativeBase],
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
) -> None:
    """Append rows.

    Args:
        columns: what each place of a row holds; every other column gets the database's default.
        rows: values as psycopg takes them: sealed texts sealed already, JSON as text.
    """
    session.flush()
    connection = cast("psycopg.Connection[Any]", session.connection().connection.driver_connection)
    name = cast(sa.Table, table.__table__).name
    statement = psycopg.sql.SQL("COPY {} ({}) FROM STDIN").format(
        psycopg.sql.Identifier(name),
        psycopg.sql.SQL(", ").join(map(psycopg.sql.Identifier, columns)),
    )
    with connection.cursor() as cursor, cursor.copy(statement) as copying:
        for row in rows:
            copying.write_row(row)
