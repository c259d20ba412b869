"""The house: which services there are, and how each is reached. Only the command line knows it."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    import sqlalchemy as sa
    from fastapi import FastAPI

    from services.chassis.database import Database
    from services.chassis.worker import Tick, Worker

ROOT = Path(__file__).parent

# In the order of starting: who speaks of the others' things comes after them.
SERVICES = ("identity", "content", "registration", "notifications")

# Queues with a worker process of their own, beside each service's first one.
LANES = {"notifications": ("urgent", "bulk")}

# What every process imports sooner or later; see chassis/stack/nursery.py.
MODULES = (
    "services.cli",
    "services.chassis.serve",
    "services.chassis.devmail.run",
    "celery.bin.worker",
    "celery.worker",
    "celery.concurrency.thread",
    "celery.apps.worker",
    "kombu.transport.redis",
    *(f"services.{name}.{part}" for name in SERVICES for part in ("app", "worker")),
)


def app(service: str) -> FastAPI:
    """A service's web application."""
    return cast("FastAPI", importlib.import_module(f"services.{service}.app").app)


def worker(service: str) -> Worker:
    """A service's worker."""
    return cast("Worker", importlib.import_module(f"services.{service}.worker").worker)


def database(service: str) -> Database:
    """A service's own database."""
    return cast("Database", importlib.import_module(f"services.{service}.database").database)


def tables(service: str) -> list[sa.Table]:
    """Every table of a service: its own and the chassis's."""
    app(service)  # imports every model
    own = importlib.import_module(f"services.{service}.database").Base.metadata
    chassis = importlib.import_module("services.chassis.tables").ChassisBase.metadata
    return [*own.sorted_tables, *chassis.sorted_tables]


def migrations(service: str) -> Path:
    """The folder of a service's migrations."""
    return ROOT / service / "migrations"


def ticks() -> list[Tick]:
    """Every task that beat starts, of all services."""
    return [tick for service in SERVICES for tick in worker(service).ticks]
