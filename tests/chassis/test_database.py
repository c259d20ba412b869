"""The pool of connections."""

from __future__ import annotations

import psycopg
import sqlalchemy as sa

from services.chassis.database import Database
from tests.stack import eventually


def own_number(database: Database) -> int:
    """The server's number of the connection that a transaction gets."""
    with database.transaction() as session:
        return session.scalars(sa.text("SELECT pg_backend_pid()")).one()


def test_a_kept_connection_that_the_server_closed_is_left_for_another() -> None:
    database = Database("registration", {})
    try:
        closed = own_number(database)
        url = database.engine.url.set(drivername="postgresql")
        with psycopg.connect(url.render_as_string(hide_password=False), autocommit=True) as other:
            other.execute("SELECT pg_terminate_backend(%s)", (closed,))
            alive = "SELECT count(*) FROM pg_stat_activity WHERE pid = %s"
            eventually(lambda: other.execute(alive, (closed,)).fetchone() == (0,))
        assert own_number(database) != closed
    finally:
        database.close()


def test_a_statement_at_once_is_a_transaction_of_its_own() -> None:
    database = Database("registration", {})
    try:
        with database.at_once() as connection:
            connection.execute(sa.text("CREATE TEMPORARY TABLE seen (number int)"))
            connection.execute(sa.text("INSERT INTO seen VALUES (1)"))
        # The pool's only connection, again in transactions: what one rolls back is gone.
        with database.engine.connect() as connection:
            assert connection.scalar(sa.text("SELECT count(*) FROM seen")) == 1
            connection.execute(sa.text("INSERT INTO seen VALUES (2)"))
        with database.engine.connect() as connection:
            assert connection.scalar(sa.text("SELECT count(*) FROM seen")) == 1
    finally:
        database.close()
