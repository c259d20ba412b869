"""A data folder as ``lingbao up`` leaves it: databases migrated, sample data loaded.

Made once for a run of the tests, whatever the number of its processes, and copied by whoever
starts servers or a house: a copy takes a blink, making it anew takes many seconds. The settings of
its database server travel with it. They trade what a power cut would leave of the data for speed.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from services import house, sample
from services.chassis.migrate import migrate
from services.chassis.settings import settings
from services.chassis.stack import postgres

# What makes a commit wait for the disk. Processes that are killed lose nothing by it.
_HASTE = ("fsync", "synchronous_commit", "full_page_writes")


def copy(temporary: pytest.TempPathFactory, place: Path) -> Path:
    """Put a prepared data folder at ``place``, where nothing is yet; returns ``place``."""
    place.parent.mkdir(parents=True, exist_ok=True)
    # Not shutil: the database's files belong to an account of their own when root runs the tests.
    subprocess.run(["cp", "-a", str(_prepared(temporary)), str(place)], check=True)
    return place


def _prepared(temporary: pytest.TempPathFactory) -> Path:
    """The folder, made by the first test process that asks; the others wait for it."""
    own = temporary.getbasetemp()
    shared = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    folder = shared / "prepared"
    with (shared / "prepared.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            unfinished = shared / "prepared.new"
            shutil.rmtree(unfinished, ignore_errors=True)
            _make(unfinished)
            unfinished.rename(folder)
    return folder


def _make(folder: Path) -> None:
    server = postgres.start(folder)
    try:
        with psycopg.connect(server.url, autocommit=True) as connection:
            for name in _HASTE:
                connection.execute(f"ALTER SYSTEM SET {name} = off")
            connection.execute("SELECT pg_reload_conf()")
        with _pointed_at({"LINGBAO_DATA_DIR": str(folder), "LINGBAO_DATABASE_URL": server.url}):
            for name in house.SERVICES:
                migrate(house.database(name), house.migrations(name))
            sample.load()
    finally:
        server.stop()
    # Each copy looks for a port of its own.
    for kept in (folder / "run").glob("*.port"):
        kept.unlink()


@contextmanager
def _pointed_at(values: Mapping[str, str]) -> Iterator[None]:
    """This process's settings are these, and no others, meanwhile."""
    before = dict(os.environ)
    try:
        for name in [name for name in os.environ if name.startswith("LINGBAO_")]:
            del os.environ[name]
        os.environ.update(values)
        settings.cache_clear()
        yield
    finally:
        for name in house.SERVICES:
            house.database(name).close()
        os.environ.clear()
        os.environ.update(before)
        settings.cache_clear()
