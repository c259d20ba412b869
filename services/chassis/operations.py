"""What operators ask of a service: does it live, is it ready, its figures, its documents."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Any

import redis
import sqlalchemy as sa
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest

from services.chassis.database import Database
from services.chassis.events.catalogue import asyncapi
from services.chassis.events.envelope import Event
from services.chassis.events.inbox import Handlers
from services.chassis.settings import settings
from services.chassis.tables import OutboxRow


def probes(service: str, database: Database) -> APIRouter:
    """``/healthz``, ``/readyz`` and ``/metrics``."""
    router = APIRouter(tags=["operations"])

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
        """Figures for Prometheus: requests of this process, and the outbox of this service."""
        figures = generate_latest()
        # Without the database the outbox's are left out: the others are wanted then most of all.
        with contextlib.suppress(sa.exc.OperationalError, sa.exc.TimeoutError):
            figures += generate_latest(_outbox_figures(service, database))
        return Response(figures, media_type=CONTENT_TYPE_LATEST)

    return router


def router(
    service: str, database: Database, publishes: Sequence[type[Event]], handlers: Handlers
) -> APIRouter:
    """The probes and the generated documents, under ``/api/{service}``."""
    router = APIRouter(tags=["operations"])
    router.include_router(probes(service, database))

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


def _outbox_figures(service: str, database: Database) -> CollectorRegistry:
    """How many events wait for confirmation, and for how long the oldest has."""
    registry = CollectorRegistry()
    with database.transaction() as session:
        waiting, oldest = session.execute(
            sa.select(
                sa.func.count(),
                sa.func.coalesce(
                    sa.func.extract("epoch", sa.func.now() - sa.func.min(OutboxRow.created_at)), 0
                ),
            ).where(OutboxRow.unconfirmed != [])
        ).one()
    labels = {"service": service}
    for name, text, value in (
        ("lingbao_outbox_unconfirmed", "Events not yet confirmed by every subscriber", waiting),
        ("lingbao_outbox_oldest_seconds", "Age of the oldest of them", oldest),
    ):
        Gauge(name, text, list(labels), registry=registry).labels(**labels).set(float(value))
    return registry
