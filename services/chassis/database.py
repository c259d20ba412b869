"""One database per service: engine, transactions, column types.

A use case opens its own transaction with ``with database.transaction() as session``; it is
committed before the function returns, so an answer never speaks of what is not yet stored.
"""

from __future__ import annotations

import functools
import os
import select
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
import uuid_utils
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import make_url
from sqlalchemy.orm import DeclarativeBase, Session

from services.chassis.crypto import seal, unseal
from services.chassis.settings import SettingsError, settings

# One web process answers at most this many requests at once from its thread pool.
POOL_SIZE = 20

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


# A forked process must not go on with the random numbers of the one it came from.
os.register_at_fork(after_in_child=uuid_utils.reseed_rng)


def new_id() -> uuid.UUID:
    """A fresh UUIDv7 (RFC 9562): unique, and sorted by the time it was made."""
    return uuid.UUID(bytes=uuid_utils.uuid7().bytes)


def utc_now() -> datetime:
    """The present moment in UTC, with its zone."""
    return datetime.now(UTC)


class Sealed(sa.types.TypeDecorator[str]):
    """A text column that is encrypted in the database and plain in Python."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: sa.Dialect) -> str | None:
        return None if value is None else seal(value)

    def process_result_value(self, value: str | None, dialect: sa.Dialect) -> str | None:
        return None if value is None else unseal(value)


# What an annotation of a mapped column means in PostgreSQL, for every service's own base class.
COLUMN_TYPES: dict[Any, Any] = {
    datetime: sa.DateTime(timezone=True),
    uuid.UUID: sa.Uuid(),
    dict[str, Any]: postgresql.JSONB(),
    dict[str, str]: postgresql.JSONB(),
    list[dict[str, Any]]: postgresql.JSONB(),
    list[str]: postgresql.ARRAY(sa.Text()),
    list[uuid.UUID]: postgresql.ARRAY(sa.Uuid()),
}


def metadata() -> sa.MetaData:
    """Fresh metadata whose constraints have predictable names."""
    return sa.MetaData(naming_convention=NAMING)


class ChassisBase(DeclarativeBase):
    """The tables that the chassis keeps in every service's database."""

    metadata = metadata()
    type_annotation_map = COLUMN_TYPES


def database_url(service: str) -> sa.URL:
    """Where a service's own database is, on the configured server.

    Raises:
        SettingsError: no server is configured or embedded.
    """
    server = settings().database_url
    if server is None:
        raise SettingsError(
            "No database is configured. Start everything with `make run`, or set "
            "LINGBAO_DATABASE_URL to a PostgreSQL server."
        )
    return make_url(server).set(drivername="postgresql+psycopg", database=f"lingbao_{service}")


class Database:
    """A service's own database. Connects when it is first used.

    Args:
        service: the service's name.
        subscriptions: event type to the names of the services that hear it.
    """

    def __init__(self, service: str, subscriptions: Mapping[str, Sequence[str]]) -> None:
        self.service = service
        self.subscriptions = subscriptions

    @functools.cached_property
    def engine(self) -> sa.Engine:
        """The connection pool of this process."""
        engine = sa.create_engine(
            database_url(self.service),
            pool_size=POOL_SIZE,
            max_overflow=0,
            pool_timeout=10,
            pool_recycle=1800,
            hide_parameters=True,  # they are personal data, and errors are logged
            connect_args={
                "connect_timeout": 5,
                "application_name": f"lingbao-{self.service}",
                "options": "-c timezone=UTC -c lock_timeout=10s -c statement_timeout=60s "
                "-c idle_in_transaction_session_timeout=60s",
            },
        )
        sa.event.listen(engine, "checkout", _must_be_silent)
        return engine

    @contextmanager
    def at_once(self) -> Iterator[sa.Connection]:
        """A connection on which each statement is a transaction of its own.

        For what is one statement anyway: neither its beginning nor its end is a message to the
        server and back.
        """
        with self.engine.connect() as connection:
            yield connection.execution_options(isolation_level="AUTOCOMMIT")

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """A session in one transaction: committed at the end, rolled back on any error.

        What was handed to :func:`after_commit` runs once the commit stands.
        """
        with Session(self.engine, expire_on_commit=False) as session:
            session.info["database"] = self
            with session.begin():
                yield session
        for act in session.info.get("after_commit", ()):
            act()

    def close(self) -> None:
        """Give back every connection; the next use connects anew (after a fork, in tests)."""
        if "engine" in self.__dict__:
            self.engine.dispose()
            del self.__dict__["engine"]


def _must_be_silent(connection: Any, _record: object, _proxy: object) -> None:  # noqa: ANN401
    """Leave a kept connection that the server has closed meanwhile; the pool takes another.

    A closed connection has something to read (its end) while nobody asked for anything. To look
    costs a microsecond, where a ping costs three messages to the server and back.
    """
    waiting = select.poll()
    waiting.register(connection.fileno(), select.POLLIN)
    if waiting.poll(0):
        raise sa.exc.DisconnectionError("The server has closed a kept connection.")


def after_commit(session: Session, act: Callable[[], None]) -> None:
    """Have ``act`` called once the session's transaction has been committed, and only then.

    Use it for hints alone (waking a worker): a process may end between the commit and the call,
    so whatever must happen is a row that a sweeper finds.
    """
    session.info.setdefault("after_commit", []).append(act)
