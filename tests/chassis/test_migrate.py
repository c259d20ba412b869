"""Migrations: twice, by two processes at once, and always what the models say."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from services import house
from services.chassis.database import Database, database_url
from services.chassis.migrate import create_database, differences, migrate
from services.chassis.settings import SettingsError, settings

FRESH = "fresh"


def models(service: str) -> sa.MetaData:
    house.tables(service)  # imports every model
    return importlib.import_module(f"services.{service}.database").Base.metadata


def drop() -> None:
    server = sa.create_engine(
        database_url(FRESH).set(database="postgres"), isolation_level="AUTOCOMMIT"
    )
    with server.connect() as connection:
        connection.execute(sa.text(f'DROP DATABASE IF EXISTS "lingbao_{FRESH}" WITH (FORCE)'))
    server.dispose()


@pytest.fixture
def fresh() -> Iterator[Database]:
    """A database that is not there yet."""
    drop()
    database = Database(FRESH, {})
    yield database
    database.close()
    drop()


def tables(database: Database) -> set[str]:
    return set(sa.inspect(database.engine).get_table_names())


def test_a_database_is_created_once(fresh: Database) -> None:
    assert create_database(FRESH) is True
    assert create_database(FRESH) is False


@pytest.mark.parametrize("service", house.SERVICES)
def test_migrating_again_changes_nothing(fresh: Database, service: str) -> None:
    migrate(fresh, house.migrations(service))
    first = tables(fresh)
    assert {"outbox", "inbox", "alembic_version", "alembic_version_chassis"} < first
    migrate(fresh, house.migrations(service))
    assert tables(fresh) == first
    assert differences(fresh, models(service)) == []


@pytest.mark.parametrize("service", house.SERVICES)
def test_the_tables_are_what_the_models_say(service: str) -> None:
    assert differences(house.database(service), models(service)) == []


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE outbox DROP COLUMN attempts",
        "ALTER TABLE outbox ADD COLUMN more integer",
        "ALTER TABLE outbox ALTER COLUMN attempts TYPE bigint",
        "ALTER TABLE outbox ALTER COLUMN attempts DROP NOT NULL",
        "DROP INDEX ix_outbox_due",
        "DROP TABLE inbox",
        "CREATE TABLE nobodys (id integer)",
    ],
)
def test_a_difference_is_seen(fresh: Database, change: str) -> None:
    """The control: it does not say that all is well whatever it is shown."""
    migrate(fresh, house.migrations("identity"))
    with fresh.engine.begin() as connection:
        connection.execute(sa.text(change))
    assert differences(fresh, models("identity")) != []


PROCESS = f"""
from services import house
from services.chassis.database import Database
from services.chassis.migrate import migrate
migrate(Database({FRESH!r}, {{}}), house.migrations("registration"))
"""


def test_processes_that_start_at_once_all_succeed(fresh: Database) -> None:
    running = [
        subprocess.Popen(
            [sys.executable, "-c", PROCESS], env=os.environ.copy(), stderr=subprocess.PIPE
        )
        for _ in range(3)
    ]
    for process in running:
        _, errors = process.communicate(timeout=120)
        assert process.returncode == 0, errors.decode()
    assert differences(fresh, models("registration")) == []


def test_a_failed_migration_leaves_nothing_behind(
    fresh: Database, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("migrations")
    (folder / "versions").mkdir()
    (folder / "versions" / "0001_breaks.py").write_text(
        "from alembic import op\n"
        "revision, down_revision = 'x1', None\n"
        "def upgrade():\n"
        "    op.execute('CREATE TABLE halfway (id integer)')\n"
        "    op.execute('SELECT nonsense')\n"
    )
    with pytest.raises(sa.exc.ProgrammingError):
        migrate(fresh, folder)
    assert tables(fresh) == set()


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("postgresql://nobody@127.0.0.1:1/postgres", "127.0.0.1:1 does not answer"),
        ("postgresql://nobody:wrong@{host}/postgres", "does not answer as it should"),
    ],
)
def test_a_server_that_does_not_answer_is_said_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch, url: str, says: str
) -> None:
    known = database_url(FRESH)
    monkeypatch.setenv("LINGBAO_DATABASE_URL", url.format(host=f"{known.host}:{known.port}"))
    settings.cache_clear()
    try:
        with pytest.raises(SettingsError, match=says) as caught:
            create_database(FRESH)
        assert "wrong" not in str(caught.value)
    finally:
        monkeypatch.undo()
        settings.cache_clear()


def test_a_user_who_may_not_create_is_told_so(
    monkeypatch: pytest.MonkeyPatch, fresh: Database
) -> None:
    url = database_url(FRESH)
    with house.database("identity").engine.begin() as connection:
        connection.execute(sa.text("CREATE ROLE bare LOGIN PASSWORD 'bare-password'"))
    plain = url.set(
        drivername="postgresql", username="bare", password="bare-password", database="postgres"
    )
    monkeypatch.setenv("LINGBAO_DATABASE_URL", plain.render_as_string(hide_password=False))
    settings.cache_clear()
    try:
        with pytest.raises(SettingsError, match="bare may not create it"):
            create_database(FRESH)
    finally:
        monkeypatch.undo()
        settings.cache_clear()
        with house.database("identity").engine.begin() as connection:
            connection.execute(sa.text("DROP ROLE bare"))
