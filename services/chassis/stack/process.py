"""One process of the stack: what it should be (Process) and the one that runs (Child)."""

import http.client
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path
from urllib.parse import urlsplit

from services.chassis.stack.errors import StackError
from services.chassis.stack.folder import disk_errors
from services.chassis.stack.nursery import Forked, Nursery
from services.chassis.stack.output import Output

ALARM = re.compile(
    r'"level":\s*"(?:error|critical|fatal|panic)"'
    r"|\b(?:ERROR|CRITICAL|FATAL|PANIC)\b|^Traceback"
)

Ready = str | Path | Callable[[], bool]
"""When a process is ready: a URL answers 200, a file exists, or a function says so."""


class Kind(IntEnum):
    """What a process is for, in the order of starting; stopping goes the other way."""

    DATABASE = 0
    BROKER = 1
    MAIL = 2
    WORKER = 3
    BEAT = 4
    WEB = 5
    FRONT = 6


@dataclass(frozen=True)
class Account:
    """The user and group a process runs as, when that is not the caller's."""

    uid: int
    gid: int


@dataclass(frozen=True)
class Process:
    """A process to run.

    ``env`` is added to the caller's environment. When ``ready`` is a file, its name is given to
    the process in ``LINGBAO_READY_FILE``, and the process makes that file when it can work.
    Times are in seconds. Lines of output that match ``alarm`` are shown on the console; all of
    them are in the log.
    """

    name: str
    argv: Sequence[str]
    env: Mapping[str, str] = field(default_factory=dict)
    ready: Ready | None = None
    kind: Kind = Kind.WEB
    cwd: Path | None = None
    ready_within: float = 60.0
    stop_signal: signal.Signals = signal.SIGTERM
    stop_within: float = 10.0
    alarm: re.Pattern[str] | None = ALARM
    account: Account | None = None
    preloaded: bool = False
    """Whether ``argv`` is ``python -m …`` of what the nursery has imported: see nursery.py."""


class Child:
    """A Process that has been started, with its log at ``log_path``.

    Start it from a thread that lives as long as the child should: on Linux the kernel ends the
    child when the *thread* that started it ends. From any thread but the main one that guard is
    left out.
    """

    def __init__(
        self,
        process: Process,
        log_path: Path,
        on_alarm: Callable[[Process, str], None] | None = None,
        nursery: Nursery | None = None,
    ) -> None:
        self.process = process
        self._nursery = nursery
        self.log_path = log_path
        self.on_alarm = on_alarm
        self.started_at = 0.0
        self._popen: subprocess.Popen[bytes] | Forked | None = None
        self._output: Output | None = None

    @property
    def pid(self) -> int:
        """The process id; 0 before the first start."""
        return self._popen.pid if self._popen is not None else 0

    @property
    def returncode(self) -> int | None:
        """The exit status, negative for a signal; None while it runs."""
        return self._popen.poll() if self._popen is not None else None

    @property
    def running(self) -> bool:
        """Whether the process has been started and has not ended."""
        return self._popen is not None and self._popen.poll() is None

    def spawn(self) -> None:
        """Start the process (again). It is not ready yet: see is_ready and wait_ready."""
        process = self.process
        env = {**os.environ, **process.env}
        if isinstance(process.ready, Path):
            process.ready.unlink(missing_ok=True)
            env["LINGBAO_READY_FILE"] = str(process.ready)
        guarded = threading.current_thread() is threading.main_thread()
        with disk_errors(self.log_path):
            self._output = Output(self.log_path, self._heard)
        at_death = int(process.stop_signal) if guarded else 0
        popen = (
            self._nursery.spawn(process.argv, env, process.cwd, at_death)
            if process.preloaded and self._nursery is not None
            else self._execute(env, at_death)
        )
        self.started_at = time.monotonic()
        self._popen = popen
        if popen.stdout is not None:
            self._output.follow(popen.stdout, process.name)

    def _execute(self, env: dict[str, str], at_death: int) -> subprocess.Popen[bytes]:
        account = self.process.account
        return subprocess.Popen(  # noqa: S603 - the caller names the program
            [
                *(sys.executable, "-I", "-S", str(Path(__file__).with_name("child.py"))),
                str(os.getpid()),
                str(at_death),
                "-" if account is None else f"{account.uid}:{account.gid}",
                *self.process.argv,
            ],
            env=env,
            cwd=self.process.cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            # Its own session: Ctrl-C in the terminal reaches the supervisor alone, which then
            # stops everything in the right order.
            start_new_session=True,
        )

    def _heard(self, line: str) -> None:
        alarm = self.process.alarm
        if self.on_alarm is not None and alarm is not None and alarm.search(line):
            self.on_alarm(self.process, line)

    def is_ready(self) -> bool:
        """Whether the process can do its work now."""
        ready = self.process.ready
        if not self.running:
            return False
        if ready is None:
            return True
        if isinstance(ready, Path):
            return ready.exists()
        if isinstance(ready, str):
            return _answers_200(ready)
        return ready()

    def wait_ready(self) -> None:
        """Wait until it is ready; raise StackError when it ends before that, or takes too long."""
        while not self.is_ready():
            self.refuse_late()
            time.sleep(0.02)

    def refuse_late(self) -> None:
        """Raise StackError when the process has ended, or has used up its time to be ready."""
        if not self.running:
            raise StackError(
                f"{self.process.name} ended while starting ({describe_exit(self.returncode)})"
                f"{self.last_words()}; its log is {self.log_path}."
            )
        limit = self.process.ready_within
        if time.monotonic() - self.started_at > limit:
            raise StackError(
                f"{self.process.name} did not answer within {limit:g} seconds; "
                f"its log, {self.log_path}, may say why."
            )

    def last_words(self) -> str:
        """``: “the last line of its output”``, or nothing when it was silent."""
        if self._output is None:
            return ""
        self._output.drained(1.0)
        said = self._output.tail()
        return f": “{said[-1][:300].rstrip('.')}”" if said else ""

    def tail(self) -> list[str]:
        """The last lines this run has written, oldest first."""
        return self._output.tail() if self._output is not None else []

    def ask_to_stop(self) -> None:
        """Send the polite signal; nothing happens to a process that has ended."""
        if self._popen is not None:
            self._popen.send_signal(self.process.stop_signal)

    def wait_stopped(self, timeout: float) -> bool:
        """Wait at most ``timeout`` seconds for the end; return whether it came."""
        if self._popen is None:
            return True
        try:
            self._popen.wait(timeout=max(timeout, 0.0))
        except subprocess.TimeoutExpired:
            return False
        return True

    def kill(self) -> None:
        """End the process, and whatever it started in its session, at once."""
        if self._popen is None:
            return
        # Gone already; macOS says "not permitted" of a group of zombies.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._popen.pid, signal.SIGKILL)
        self._popen.wait()
        if self._output is not None:
            self._output.drained(1.0)

    def stop(self) -> bool:
        """Stop politely within ``stop_within`` seconds, else by force; return if it was polite."""
        self.ask_to_stop()
        polite = self.wait_stopped(self.process.stop_within)
        # Also after a polite end: what the process itself started may have outlived it.
        self.kill()
        return polite


def describe_exit(code: int | None) -> str:
    """An exit status in words."""
    if code is None:
        return "still running"
    if code < 0:
        try:
            return f"signal {signal.Signals(-code).name}"
        except ValueError:
            return f"signal {-code}"
    return f"exit status {code}"


def _answers_200(url: str) -> bool:
    # http.client and not a client library: proxies in the environment must not be asked for
    # an address on this machine.
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port or 80, timeout=2)
    try:
        connection.request("GET", parts.path or "/")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
