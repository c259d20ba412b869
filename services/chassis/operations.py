"""What operators ask of a service: does it live, is it ready, its figures, its documents."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import redis
import sqlalchemy as sa
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from services.chassis.database import Database
from services.chassis.events.catalogue import asyncapi
from services.chassis.events.envelope import Event
from services.chassis.events.inbox import Handlers
from services.chassis.settings import settings
from services.chassis.tables import OutboxRow


class OutboxFigures(Collector):
    """How many events wait for confirmation, and for how long the oldest has."""

    def __init__(self, service: str, database: Database) -> None:
        self._service = service
        self._database = database

    def collect(self) -> Iterator[Metric]:
        """Ask the database."""
        with self._database.transaction() as session:
            waiting, oldest = session.execute(
                sa.select(sa.func.count(), seconds_since(sa.func.min(OutboxRow.created_at))).where(
                    OutboxRow.unconfirmed != []
                )
            ).one()
        for name, text, value in (
            ("lingbao_outbox_unconfirmed", "Events not yet confirmed by every subscriber", waiting),
            ("lingbao_outbox_oldest_seconds", "Age of the oldest of them", oldest),
        ):
            family = GaugeMetricFamily(name, text, labels=["service"])
            family.add_metric([self._service], float(value))
            yield family


def seconds_since(moment: sa.ColumnElement[datetime]) -> sa.ColumnElement[float]:
    """In SQL: how many seconds ago a moment was; 0 for none."""
    return sa.func.coalesce(sa.func.extract("epoch", sa.func.now() - moment), 0)


def probes(service: str, database: Database, collectors: Sequence[Collector]) -> APIRouter:
    """``/healthz``, ``/readyz`` and ``/metrics``, the last with the figures of ``collectors``."""
    router = APIRouter(tags=["operations"])
    stored = CollectorRegistry()
    for collector in (OutboxFigures(service, database), *collectors):
        stored.register(collector)

    @router.get("/healthz")
    def healthz() -> dict[str, str]:
        """The process lives."""
        return {"status": "ok", "service": service}

    @router.get("/readyz")
    def readyz() -> JSONResponse:
        """The database and the broker answer; 503 with which does not."""
        parts = {"database": _database_answers(database), "broker": _broker_answers()}
        ready = all(parts.values())
        words = {name: "ok" if well else "no answer" for name, well in parts.items()}
        return JSONResponse(
            {"status": "ok" if ready else "not ready", **words}, 200 if ready else 503
        )

    @router.get("/metrics")
    def metrics() -> Response:
        """Figures for Prometheus: requests of this process, and what this service has stored."""
        figures = generate_latest()
        # Without the database those are left out: the others are wanted then most of all.
        with contextlib.suppress(sa.exc.OperationalError, sa.exc.TimeoutError):
            figures += generate_latest(stored)
        return Response(figures, media_type=CONTENT_TYPE_LATEST)

    return router


def router(
    service: str,
    database: Database,
    publishes: Sequence[type[Event]],
    handlers: Handlers,
    collectors: Sequence[Collector],
) -> APIRouter:
    """The probes and the generated documents, under ``/api/{service}``."""
    router = APIRouter(tags=["operations"])
    router.include_router(probes(service, database, collectors))

    @router.get("/asyncapi.json", include_in_schema=False)
    def events() -> dict[str, Any]:
        """The events that this service says and hears (AsyncAPI 3.0)."""
        return asyncapi(service, publishes, handlers)

    @router.get("/docs", include_in_schema=False)
    def docs(request: Request) -> HTMLResponse:
        """The API as a page, made from its OpenAPI document."""
        found: HTMLResponse = request.app.state.pages.render(
            request, "api.html", document=request.app.openapi(), service=service
        )
        return found

    return router


def _database_answers(database: Database) -> bool:
    try:
        with database.engine.connect() as connection:
            connection.execute(sa.text("SELECT 1"))
    except sa.exc.SQLAlchemyError:
        return False
    return True


def _broker_answers() -> bool:
    url = settings().redis_url
    if url is None:
        return False
    try:
        with redis.Redis.from_url(url, socket_timeout=1, socket_connect_timeout=1) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False
