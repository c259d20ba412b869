"""Registrations a second through HTTP, on one activity and on fifty, beside what bounds them.

Three ways, each in turn in every cell of the table, on one PostgreSQL:

* *bare*: the one statement that takes a seat and inserts, by psycopg, committed each time;
* *smallest*: a FastAPI application that does just that statement (:mod:`bench.smallest`);
* *Lingbao*: a registration with all that belongs to it.

Web processes alone: no worker relays or sends meanwhile. The caller shares the processors. The
three take turns in short rounds, so that what else the machine does meets all of them; and what
the web process itself computes for one answer is measured too, which no neighbour changes much.
"""

from __future__ import annotations

import itertools
import json
import os
import re
import secrets
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import psutil
import psycopg
from rich.table import Table

from bench import smallest
from bench.load import Measured, post
from services import house
from services.chassis.migrate import migrate
from services.chassis.settings import settings
from services.chassis.stack import postgres
from services.chassis.stack.ports import answers, free_port
from services.registration.database import database
from tests.registration.ground import an_activity
from tests.stack import ROOT, environment, eventually

CLIENTS = (1, 8, 32)
ACTIVITIES = (1, 50)
API = "/api/registration/v1"
ROUNDS = 3
SECONDS = 1.5  # of each way in each round


def measure(folder: Path) -> Table:
    """Start a PostgreSQL and the two applications, and call all three ways."""
    table = Table(
        "activities", "clients", "way", "per second", "of smallest", "processor ms", "p50 ms",
        "p95 ms", "p99 ms", "p99 / p50", title="A rush: registrations through HTTP",
    )  # fmt: skip
    with _ground(folder) as (url, lingbao, small):
        for many in ACTIVITIES:
            ids = [an_activity(capacity=None) for _ in range(many)]
            for clients in CLIENTS:
                found: dict[str, list[Measured]] = {"bare": [], "smallest": [], "Lingbao": []}
                for _ in range(ROUNDS):
                    found["bare"].append(_bare(url, ids, clients))
                    found["smallest"].append(_through(small, "", ids, clients))
                    found["Lingbao"].append(_through(lingbao, API, ids, clients))
                together = {way: Measured.together(rounds) for way, rounds in found.items()}
                for way, measured in together.items():
                    part = measured.rate / together["smallest"].rate
                    table.add_row(str(many), str(clients), way, *_row(measured, part))
    return table


def _row(found: Measured, part: float) -> Iterator[str]:
    yield f"{found.rate:.0f}"
    yield f"{part:.2f}"
    yield f"{found.computed / len(found.times) * 1000:.2f}" if found.computed else ""
    for share in (0.5, 0.95, 0.99):
        yield f"{found.at(share) * 1000:.1f}"
    yield f"{found.at(0.99) / found.at(0.5):.1f}"


def _through(web: Web, prefix: str, ids: list[uuid.UUID], clients: int) -> Measured:
    turn = itertools.cycle(ids)

    def request() -> tuple[str, bytes]:
        body = {"name": "王芳", "email": _address()}
        return f"{prefix}/activities/{next(turn)}/registrations", json.dumps(body).encode()

    post(web.port, request, clients, SECONDS / 5)  # connections, plans and caches are there
    before = web.computed()
    measured = post(web.port, request, clients, SECONDS)
    return replace(measured, computed=web.computed() - before)


def _bare(url: str, ids: list[uuid.UUID], clients: int) -> Measured:
    """The statement alone, on as many connections as there are clients."""
    statement = re.sub(r":(\w+)", r"%(\1)s", smallest.STATEMENT)
    turn = itertools.cycle(ids)
    times: list[float] = []
    ready = threading.Barrier(clients)

    def run() -> None:
        with psycopg.connect(url, autocommit=True) as connection:
            ready.wait()
            deadline = time.perf_counter() + SECONDS
            while time.perf_counter() < deadline:
                values = smallest.values(next(turn), "王芳", _address())
                sent = time.perf_counter()
                connection.execute(statement, values).fetchone()
                times.append(time.perf_counter() - sent)

    threads = [threading.Thread(target=run) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Measured(sorted(times), SECONDS)


def _address() -> str:
    return f"{secrets.token_hex(8)}@example.com"


@dataclass(frozen=True)
class Web:
    """A web process, and where it answers."""

    port: int
    process: psutil.Process

    def computed(self) -> float:
        """Seconds of a processor that it has used so far."""
        used = self.process.cpu_times()
        return float(used.user + used.system)


@contextmanager
def _ground(folder: Path) -> Iterator[tuple[str, Web, Web]]:
    """A migrated database and both applications."""
    before = dict(os.environ)
    with ExitStack() as stack:
        stack.callback(_restore, before)
        server = postgres.start(folder)
        stack.callback(server.stop)
        own = {
            "LINGBAO_DATABASE_URL": server.url,
            "LINGBAO_SECRET_KEYS": secrets.token_urlsafe(48),
        }
        os.environ.update(environment(folder, **own))
        settings.cache_clear()
        stack.callback(database.close)
        migrate(database, house.migrations("registration"))
        url = database.engine.url.render_as_string(hide_password=False)
        ports = free_port(), free_port()
        programs = (
            ("services", "web", "registration", "--port", str(ports[0])),
            ("bench.smallest", str(ports[1])),
        )
        webs = []
        for program, port in zip(programs, ports, strict=True):
            process = subprocess.Popen(
                [sys.executable, "-m", *program],
                cwd=ROOT,
                env=environment(folder, **own, BENCH_DATABASE_URL=url),
                stderr=subprocess.DEVNULL,
            )
            stack.callback(process.wait)
            stack.callback(process.terminate)
            eventually(lambda port=port: answers(port), within=60)  # type: ignore[misc]
            webs.append(Web(port, psutil.Process(process.pid)))
        lingbao, small = webs
        yield url.replace("+psycopg", ""), lingbao, small


def _restore(environ: dict[str, str]) -> None:
    os.environ.clear()
    os.environ.update(environ)
    settings.cache_clear()
