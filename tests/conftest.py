"""What every test stands on: servers of its own, migrated databases, callers with roles.

Each test process (pytest-xdist) starts a private PostgreSQL and a private Redis-protocol server in
a temporary folder: a copy of one that was prepared once for all of them (tests/prepared.py).
Sockets to the outside are closed.
"""

from __future__ import annotations

import os
import shutil
import socket
import uuid
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa
import structlog
from starlette.testclient import TestClient
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from services import house
from services.chassis import auth, ratelimit
from services.chassis.events import Envelope, consume
from services.chassis.events.outbox import confirm
from services.chassis.events.relay import claim
from services.chassis.i18n import DEFAULT_LANGUAGE, speaking, words_of
from services.chassis.settings import settings
from services.chassis.stack import postgres, valkey
from services.chassis.tables import OutboxRow
from tests import prepared
from tests.sink import SmtpSink

TEST_KEYS = "test-key-of-the-suite-0123456789abcdef,older-key-of-the-suite-0123456789abcdef"


# What starts houses of its own takes longest: it comes first, and each of these stays with one test
# process, so that its house and what is in it are made once.
TOGETHER = ("tests/journeys/test_pages.py", "tests/journeys/", "tests/faults/", "tests/deploy/")


def _together(nodeid: str) -> str:
    """What stays with one process: one of :data:`TOGETHER`, else a file's tests."""
    file = nodeid.partition("::")[0]
    return next((place for place in TOGETHER if file.startswith(place)), file)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    def rank(item: pytest.Item) -> int:
        place = _together(item.nodeid)
        return TOGETHER.index(place) if place in TOGETHER else len(TOGETHER)

    items.sort(key=rank)


class _Together(LoadScopeScheduling):
    def _split_scope(self, nodeid: str) -> str:
        return _together(nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    """With ``--dist loadscope --no-loadscope-reorder``: in the order of above."""
    return _Together(config, log)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="many rounds of each fault instead of one")


@pytest.fixture
def rounds(request: pytest.FixtureRequest) -> int:
    """How often a fault is made: once in the suite, often in `make faults`."""
    return 10 if request.config.getoption("--long") else 1


@pytest.fixture(scope="session", autouse=True)
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """PostgreSQL, the Redis protocol and SMTP, for real; the settings point at them."""
    folder = prepared.copy(tmp_path_factory, tmp_path_factory.mktemp("servers") / "data")
    for name in [name for name in os.environ if name.startswith("LINGBAO_")]:
        del os.environ[name]
    # The default prints every local variable of a traceback, which takes seconds.
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback),
        ]
    )
    os.environ["LINGBAO_DATA_DIR"] = str(folder)
    os.environ["LINGBAO_SECRET_KEYS"] = TEST_KEYS
    os.environ["LINGBAO_BASE_URL"] = "http://testserver"
    database_server = postgres.start(folder)
    queue_server = valkey.start(folder)
    sink = SmtpSink()
    sink.start()
    try:
        os.environ["LINGBAO_DATABASE_URL"] = database_server.url
        os.environ["LINGBAO_REDIS_URL"] = queue_server.url
        os.environ["LINGBAO_SMTP_URL"] = sink.url
        os.environ["LINGBAO_SMS_PROVIDER"] = "none"
        settings.cache_clear()
        _SINK.append(sink)
        yield
    finally:
        for name in house.SERVICES:
            house.database(name).close()
        sink.stop()
        queue_server.stop()
        database_server.stop()
        shutil.rmtree(folder, ignore_errors=True)


_SINK: list[SmtpSink] = []


@pytest.fixture(autouse=True)
def only_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reaches outside this machine."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family != socket.AF_UNIX and address[0] not in ("127.0.0.1", "::1", "localhost"):
            raise AssertionError(f"A test tried to reach {address[0]}.")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


# Rows are deleted rather than tables truncated: new files for sixty tables cost far more than a
# few rows. As a replica, so that neither foreign keys nor the audit trail's guard object.
EMPTY = """
DO $$
DECLARE
    name text;
BEGIN
    SET LOCAL session_replication_role = replica;
    FOR name IN
        SELECT tablename FROM pg_tables
        WHERE schemaname = 'public' AND tablename NOT LIKE 'alembic_version%'
    LOOP
        EXECUTE format('DELETE FROM %I', name);
    END LOOP;
END $$
"""


# The services whose database somebody has used since it was emptied: the others are empty still.
_USED: set[str] = set()
_WATCHED: weakref.WeakSet[sa.Engine] = weakref.WeakSet()


@pytest.fixture(autouse=True)
def clean(request: pytest.FixtureRequest) -> Iterator[None]:
    """Every table is empty before a test; the language is the default one."""
    for name in house.SERVICES:
        engine = house.database(name).engine
        if engine not in _WATCHED:
            _WATCHED.add(engine)
            sa.event.listen(engine, "checkout", lambda *_, used=name: _USED.add(used))
        elif name not in _USED:
            continue
        with engine.begin() as connection:
            connection.execute(sa.text(EMPTY))
        _USED.discard(name)
    _SINK[0].clear()
    ratelimit._limiter.cache_clear()
    with speaking(DEFAULT_LANGUAGE):
        yield


@pytest.fixture
def smtp() -> SmtpSink:
    """The SMTP server that the settings point at: what it took, and how to make it refuse."""
    return _SINK[0]


@pytest.fixture
def client() -> Callable[..., TestClient]:
    """``client("registration")``: a browser-like caller of one service's application."""

    def make(service: str, **options: Any) -> TestClient:
        return TestClient(house.app(service), follow_redirects=False, **options)

    return make


def principal(role: str, district: str | None = None, kind: str = "staff") -> auth.Principal:
    """A made-up caller."""
    identifier = uuid.uuid4()
    return auth.Principal(
        kind="staff" if kind == "staff" else "key",
        id=identifier,
        credential_id=uuid.uuid4() if kind == "staff" else identifier,
        name="测试员",
        role=role,
        district=district,
    )


@pytest.fixture
def key() -> Callable[..., dict[str, str]]:
    """``key("city-editor")``: the headers of a program with a fresh API key of that role."""

    def make(role: str, district: str | None = None) -> dict[str, str]:
        return {"Authorization": f"Bearer {auth.key_for(principal(role, district, 'key'))}"}

    return make


@pytest.fixture
def staff() -> Callable[..., dict[str, str]]:
    """``staff("city-editor")``: the cookies of a person who is signed in with that role."""

    def make(role: str, district: str | None = None) -> dict[str, str]:
        return {auth.SESSION_COOKIE: auth.credential_for(principal(role, district))}

    return make


@pytest.fixture
def outbox() -> Callable[[str], list[Envelope]]:
    """``outbox("registration")``: every event that a service has published, oldest first."""

    def read(service: str) -> list[Envelope]:
        with house.database(service).transaction() as session:
            rows = session.scalars(sa.select(OutboxRow).order_by(OutboxRow.position))
            return [Envelope.model_validate(row.envelope) for row in rows]

    return read


@pytest.fixture
def deliver() -> Callable[[], int]:
    """``deliver()``: carry every event to its subscribers, in this process, until all is quiet.

    What the relay, the queue and the workers do, one after the other. Returns how many handlers
    ran.
    """

    def pump() -> int:
        handled = 0
        while True:
            moved = 0
            for publisher in house.SERVICES:
                for row in claim(house.database(publisher)):
                    envelope = Envelope.model_validate(row.envelope)
                    for name in row.unconfirmed:
                        handlers = house.worker(name).handlers
                        with words_of(name):
                            handled += consume(house.database(name), handlers, envelope)
                        with house.database(publisher).transaction() as session:
                            confirm(session, envelope.id, name)
                    moved += 1
            if not moved:
                return handled

    return pump
