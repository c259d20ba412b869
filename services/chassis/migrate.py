"""Migrations: creates a service's database where it may, then brings its tables up to date."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext

from services.chassis.database import ChassisBase, Database, database_url
from services.chassis.settings import SettingsError

if TYPE_CHECKING:
    from sqlalchemy import MetaData

CHASSIS_MIGRATIONS = Path(__file__).parent / "migrations"
# Two processes may start at once; the second waits and then finds nothing to do.
_LOCK = 0x11B0


def create_database(service: str) -> bool:
    """Create the service's database when it is missing.

    Returns:
        Whether it was created.

    Raises:
        SettingsError: the server does not answer, or the user may not create it.
    """
    url = database_url(service)
    server = sa.create_engine(
        url.set(database="postgres"),
        isolation_level="AUTOCOMMIT",
        connect_args={"connect_timeout": 5},
        poolclass=sa.NullPool,
    )
    try:
        with server.connect() as connection:
            if connection.scalar(
                sa.text("SELECT 1 FROM pg_database WHERE datname = :name"), {"name": url.database}
            ):
                return False
            try:
                connection.execute(sa.text(f'CREATE DATABASE "{url.database}"'))
            except sa.exc.ProgrammingError as error:
                if "already exists" in str(error.orig):
                    return False
                raise SettingsError(
                    f"The database {url.database} does not exist and the user {url.username} may "
                    f"not create it. Create it, or grant CREATEDB."
                ) from error
            except sa.exc.IntegrityError:
                return False  # another process created it in this very moment
            return True
    except sa.exc.OperationalError as error:
        raise SettingsError(
            f"PostgreSQL at {url.host}:{url.port or 5432} does not answer as it should: "
            f"{str(error.orig).strip().splitlines()[0]} Check LINGBAO_DATABASE_URL."
        ) from error


def migrate(database: Database, folder: Path) -> None:
    """Bring the chassis's tables and then the service's own up to the newest revision.

    Args:
        database: the service's database; created when it is missing.
        folder: the service's ``migrations`` folder, of Alembic revisions.

    Raises:
        SettingsError: as :func:`create_database`.
    """
    create_database(database.service)
    with database.engine.begin() as connection:
        connection.execute(sa.text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        for place, table in (
            (CHASSIS_MIGRATIONS, "alembic_version_chassis"),
            (folder, "alembic_version"),
        ):
            config = Config()
            config.set_main_option("script_location", str(CHASSIS_MIGRATIONS))
            config.set_main_option("version_locations", str(place / "versions"))
            config.set_main_option("path_separator", "os")
            config.attributes["connection"] = connection
            config.attributes["version_table"] = table
            command.upgrade(config, "head")


def differences(database: Database, own: MetaData) -> list[object]:
    """What the migrated database and the models disagree about; empty when all is well."""
    merged = sa.MetaData()
    for metadata in (ChassisBase.metadata, own):
        for table in metadata.tables.values():
            table.to_metadata(merged)
    with database.engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "compare_type": True,
                "include_name": lambda name, kind, _parents: (
                    not (kind == "table" and str(name).startswith("alembic_version"))
                ),
            },
        )
        return list(compare_metadata(context, merged))
