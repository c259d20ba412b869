"""``lingbao up``: embedded parts where no URL is set, migrations, sample data, every process."""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import redis
from rich.console import Console
from rich.table import Table

from services import house
from services.chassis.settings import SettingsError, settings
from services.chassis.stack import caddy, ports
from services.chassis.stack.errors import StackError
from services.chassis.stack.folder import kept_secret
from services.chassis.stack.nursery import Nursery
from services.chassis.stack.supervisor import Kind, Process, Supervisor

LOOPBACK = "127.0.0.1"


def up() -> None:
    """Start everything and stay until told to stop.

    Raises:
        SettingsError, StackError: with a sentence that says what to do.
    """
    given = settings()
    if given.environment == "production":
        raise SettingsError(
            "`lingbao up` is for development; in production each process is started by "
            "docker-compose.yml or your own orchestrator."
        )
    ports.require_free(given.port)
    if given.redis_url is not None:
        _must_answer(given.redis_url)
    nursery = Nursery(house.MODULES)
    nursery.warm()
    with Supervisor(given.data_dir, nursery=nursery) as stack:
        data_dir = stack.data_dir.resolve()
        environment = {
            "LINGBAO_DATA_DIR": str(data_dir),
            "LINGBAO_DATABASE_URL": given.database_url or stack.postgres(),
            "LINGBAO_REDIS_URL": given.redis_url or stack.valkey(),
            "LINGBAO_BASE_URL": given.public_url,
            "LINGBAO_SECRET_KEYS": ",".join(given.secret_keys),
        }
        inbox, reached = _devmail()
        # The inbox takes whatever no other server was named for: mail, text messages, or both.
        mail = inbox if reached.keys() - os.environ.keys() else None
        for name, value in reached.items():
            os.environ.setdefault(name, value)
        os.environ.update(environment)
        settings.cache_clear()
        with stack.progress.step("Databases"):
            stack.run(_once("migrate"))
        with stack.progress.step("Sample data"):
            stack.run(_once("seed"))
        upstreams = {name: f"{LOOPBACK}:{ports.free_port()}" for name in house.SERVICES}
        processes = [*_processes(data_dir, upstreams), *([mail] if mail else [])]
        routes = dict(upstreams)
        if mail:
            routes["devmail"] = f"{LOOPBACK}:{_port_of(mail, '--http-port')}"
        processes.append(caddy.process(data_dir, given.port, routes))
        stack.start(processes)
        stack.announce(
            base_url=given.public_url,
            database_url=environment["LINGBAO_DATABASE_URL"],
            redis_url=environment["LINGBAO_REDIS_URL"],
            smtp_url=settings().smtp_url or "",
            environment={
                name: os.environ[name]
                for name in ("LINGBAO_SMS_URL", "LINGBAO_SMS_TOKEN", "LINGBAO_SECRET_KEYS")
                if name in os.environ
            },
        )
        _welcome(Console(), given.public_url, data_dir, has_inbox=mail is not None)
        stack.watch()


def _must_answer(redis_url: str) -> None:
    """Refuse to start on a queue that is not there; later, its absence is only waited out."""
    try:
        with redis.Redis.from_url(redis_url, socket_timeout=3, socket_connect_timeout=3) as client:
            client.ping()
    except redis.RedisError as error:
        where = urlsplit(redis_url)
        raise StackError(
            f"The Redis server at {where.hostname}:{where.port or 6379} does not answer "
            f"({error}); start it, or correct or unset LINGBAO_REDIS_URL."
        ) from error


def _devmail() -> tuple[Process, dict[str, str]]:
    """The development inbox, and the settings by which everybody reaches it."""
    smtp_port, http_port = ports.free_port(), ports.free_port()
    own = {
        "LINGBAO_SMTP_URL": f"smtp://{LOOPBACK}:{smtp_port}?starttls=never",
        "LINGBAO_SMS_URL": f"http://{LOOPBACK}:{http_port}/dev/sms",
        "LINGBAO_SMS_TOKEN": secrets.token_urlsafe(24),
    }
    process = Process(
        name="devmail",
        argv=_lingbao("devmail", "--smtp-port", str(smtp_port), "--http-port", str(http_port)),
        ready=lambda: ports.answers(http_port) and ports.answers(smtp_port),
        kind=Kind.MAIL,
        preloaded=True,
    )
    return process, own


def _port_of(process: Process, option: str) -> str:
    return process.argv[process.argv.index(option) + 1]


def _lingbao(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "services", *arguments]


def _processes(data_dir: Path, upstreams: dict[str, str]) -> Iterator[Process]:
    """Every service's web process and workers, and one beat."""
    for name in house.SERVICES:
        port = upstreams[name].rpartition(":")[2]
        yield Process(
            name=f"web {name}",
            argv=_lingbao("web", name, "--port", port),
            ready=f"http://{upstreams[name]}/readyz",
            kind=Kind.WEB,
            preloaded=True,
        )
        for lane in (None, *house.LANES.get(name, ())):
            title = f"worker {name}" + (f" {lane}" if lane else "")
            yield Process(
                name=title,
                argv=_lingbao("worker", name, *(["--lane", lane] if lane else [])),
                ready=data_dir / "run" / f"{title.replace(' ', '-')}.ready",
                kind=Kind.WORKER,
                preloaded=True,
            )
    yield Process(
        name="beat",
        argv=_lingbao("beat"),
        ready=data_dir / "run" / "beat.ready",
        kind=Kind.BEAT,
        preloaded=True,
    )


def _once(command: str) -> Process:
    """A command that ends by itself."""
    return Process(name=command, argv=_lingbao(command), preloaded=True)


def _welcome(console: Console, url: str, data_dir: Path, *, has_inbox: bool) -> None:
    from services.sample import PASSWORD_FILE, STAFF_TO_TRY

    password = kept_secret(data_dir / PASSWORD_FILE)
    table = Table(show_header=False, box=None, padding=(0, 2))
    table.add_row("Residents", f"{url}/")
    table.add_row("Staff", f"{url}/staff")
    for email, role in STAFF_TO_TRY:
        table.add_row("", f"{email}  ({role})")
    table.add_row("", f"password for each: {password}")
    if has_inbox:
        table.add_row("Mail and SMS", f"{url}/dev/inbox")
    table.add_row("Data", str(data_dir))
    console.print()
    console.print(table)
    console.print("\nCtrl-C stops everything; the next run goes on with the same data.\n")
