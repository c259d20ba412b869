"""The supervisor: starts the stack's processes, keeps them running, stops them in order."""

import fcntl
import os
import signal
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType, TracebackType
from typing import Self

import psutil
from rich.console import Console

from services.chassis.stack import info as notes
from services.chassis.stack import leftovers, postgres, valkey
from services.chassis.stack.errors import StackError
from services.chassis.stack.folder import disk_errors, prepare
from services.chassis.stack.info import StackInfo, find_running
from services.chassis.stack.nursery import Nursery
from services.chassis.stack.process import Child, Kind, Process, describe_exit
from services.chassis.stack.progress import Progress

__all__ = ["Kind", "Process", "StackInfo", "Supervisor", "find_running"]

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_POLL = 0.1
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 30.0
# A process that has run this long is healthy: its next crash is met with the shortest pause.
_HEALTHY_AFTER = 60.0
_ALARMS_SHOWN, _ALARM_SECONDS = 5, 10.0


@dataclass
class _Watched:
    """A child under watch, and where it is in the round of crash, pause and new start."""

    child: Child
    pause: float = _FIRST_PAUSE
    again_at: float | None = None
    returning: bool = False


class Supervisor:
    """Runs a stack on one data folder, as a context manager, from the main thread.

    Inside the block SIGINT, SIGTERM and SIGHUP end the block (as KeyboardInterrupt, which does
    not leave it); whatever ends it, every child is stopped: front, webs, beat, workers,
    development mail, broker, database. A second signal stops the rest by force.

        with Supervisor(data_dir) as stack:
            database_url = stack.postgres()
            stack.start([Process(…), …])
            stack.announce(…)
            stack.watch()
    """

    def __init__(
        self, data_dir: Path, console: Console | None = None, nursery: Nursery | None = None
    ) -> None:
        self._nursery = nursery
        self.progress = Progress(console)
        self._given = data_dir
        self._watched: list[_Watched] = []
        self._info: StackInfo | None = None
        self._lock: int | None = None
        self._before: dict[int, Callable[[int, FrameType | None], object] | int | None] = {}
        self._asked = 0
        self._uninterrupted = False
        self._alarms: dict[str, list[float]] = {}
        self._alarm_lock = threading.Lock()

    # --- the block -------------------------------------------------------------------------

    def __enter__(self) -> Self:
        """Take the data folder. Raises StackError when another stack has it."""
        self.data_dir = prepare(self._given)
        self._take_lock()
        for number in _SIGNALS:
            self._before[number] = signal.signal(number, self._signalled)
        for name in leftovers.end_leftovers(self.data_dir):
            self.progress.warn(f"Ended {name}, left over from a run that was killed.")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        self._uninterrupted = True
        try:
            self.stop()
        finally:
            for number, handler in self._before.items():
                signal.signal(number, handler)
            if self._lock is not None:
                os.close(self._lock)
                self._lock = None
        return kind is not None and issubclass(kind, KeyboardInterrupt)

    def _take_lock(self) -> None:
        path = self.data_dir / "run" / "lock"
        with disk_errors(path):
            lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            # Held by the open file, so it is free again however this process ends.
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            running = find_running(self.data_dir)
            where = f" at {running.base_url} (process {running.supervisor_pid})" if running else ""
            raise StackError(
                f"Lingbao already runs from {self.data_dir}{where}; use that one, stop it first, "
                "or choose another folder with LINGBAO_DATA_DIR."
            ) from None
        self._lock = lock

    def _signalled(self, number: int, frame: FrameType | None) -> None:
        self._asked += 1
        if not self._uninterrupted:
            raise KeyboardInterrupt

    # --- starting --------------------------------------------------------------------------

    def postgres(self) -> str:
        """Start the embedded PostgreSQL; return its URL."""
        with self.progress.step("PostgreSQL"):
            server = postgres.start(self.data_dir)
            self._adopt(server.child)
        for notice in server.notices:
            self.progress.warn(notice)
        return server.url

    def valkey(self) -> str:
        """Start the embedded Redis-protocol server; return its URL."""
        with self.progress.step("Valkey (Redis protocol)"):
            server = valkey.start(self.data_dir)
            self._adopt(server.child)
        return server.url

    def start(self, processes: Sequence[Process]) -> None:
        """Start ``processes`` side by side, in the order of their kinds, and wait for them all.

        Raises StackError for the first that ends, or does not become ready in its time.
        """
        pending = [
            self._spawn(process) for process in sorted(processes, key=lambda item: item.kind)
        ]
        began = time.monotonic()
        total = len(pending)
        with self.progress.waiting(f"Starting {total} processes"):
            while pending:
                for child in list(pending):
                    if child.is_ready():
                        pending.remove(child)
                        self.progress.done(child.process.name, time.monotonic() - began)
                    else:
                        child.refuse_late()
                time.sleep(0.03)

    def run(self, process: Process) -> None:
        """Run a process that ends by itself, and wait for its end.

        Raises StackError, with its last words, when it fails or does not end within
        ``ready_within``.
        """
        child = self._spawn(process)
        try:
            ended = child.wait_stopped(process.ready_within)
        finally:
            self._watched = [watched for watched in self._watched if watched.child is not child]
        if not ended:
            child.kill()
        if child.returncode != 0:
            raise StackError(
                f"{process.name} did not succeed ({describe_exit(child.returncode)})"
                f"{child.last_words()}; its log is {child.log_path}."
            )

    def announce(
        self,
        *,
        base_url: str,
        database_url: str,
        redis_url: str,
        smtp_url: str,
        environment: dict[str, str] | None = None,
    ) -> StackInfo:
        """Leave the note by which other commands find this stack; return what it says."""
        info = StackInfo(
            supervisor_pid=os.getpid(),
            started=psutil.Process().create_time(),
            base_url=base_url,
            database_url=database_url,
            redis_url=redis_url,
            smtp_url=smtp_url,
            environment=environment or {},
        )
        self._info = info
        self._note()
        return info

    def _spawn(self, process: Process) -> Child:
        log = self.data_dir / "logs" / f"{process.name.replace(' ', '-')}.log"
        child = Child(process, log, nursery=self._nursery)
        # A signal between the start of a process and the note of it would leave it behind.
        self._uninterrupted = True
        try:
            child.spawn()
            self._adopt(child)
        finally:
            self._uninterrupted = False
        if self._asked:
            raise KeyboardInterrupt
        return child

    def _adopt(self, child: Child) -> None:
        child.on_alarm = self._alarm
        self._watched.append(_Watched(child))
        self._note()

    def _note(self) -> None:
        """Write down which children run now."""
        children = [watched.child for watched in self._watched]
        leftovers.remember(self.data_dir, children)
        if self._info is not None:
            pids = {child.process.name: child.pid for child in children if child.running}
            self._info = replace(self._info, pids=pids)
            notes.write(self.data_dir, self._info)

    def _alarm(self, process: Process, line: str) -> None:
        """Show a line, unless the same process has just had its say: a storm is in the log."""
        now = time.monotonic()
        with self._alarm_lock:
            recent = [at for at in self._alarms.get(process.name, []) if now - at < _ALARM_SECONDS]
            self._alarms[process.name] = [*recent, now][-_ALARMS_SHOWN - 1 :]
        if len(recent) < _ALARMS_SHOWN:
            self.progress.alarm(process.name, line)
        elif len(recent) == _ALARMS_SHOWN:
            self.progress.alarm(process.name, f"… more in {self.data_dir / 'logs'}")

    # --- watching --------------------------------------------------------------------------

    def watch(self) -> None:
        """Keep every process running until a signal asks to stop; starts crashed ones again."""
        while True:
            for watched in self._watched:
                self._look_at(watched)
            time.sleep(_POLL)

    def _look_at(self, watched: _Watched) -> None:
        child, name, now = watched.child, watched.child.process.name, time.monotonic()
        if watched.again_at is not None:
            if now >= watched.again_at:
                self._start_again(watched)
        elif not child.running:
            if now - child.started_at > _HEALTHY_AFTER:
                watched.pause = _FIRST_PAUSE
            self.progress.warn(
                f"{name} stopped unexpectedly ({describe_exit(child.returncode)}); starting it "
                f"again in {watched.pause:.1f} s. Its log: {child.log_path}"
            )
            child.kill()  # Whatever it had started must not meet its successor.
            watched.again_at = now + watched.pause
            watched.pause = min(watched.pause * 2, _LONGEST_PAUSE)
        elif watched.returning and child.is_ready():
            watched.returning = False
            self.progress.say(f"{name} is back.")

    def _start_again(self, watched: _Watched) -> None:
        watched.again_at = None
        watched.returning = True
        self._uninterrupted = True
        try:
            watched.child.spawn()
            self._note()
        finally:
            self._uninterrupted = False
        if self._asked:
            raise KeyboardInterrupt

    # --- stopping --------------------------------------------------------------------------

    def stop(self) -> None:
        """Stop every child, kind by kind, the last started first; safe to call again."""
        notes.note_path(self.data_dir).unlink(missing_ok=True)
        alive = [watched.child for watched in self._watched if watched.child.pid]
        if alive:
            self.progress.say("Stopping…")
        hurried = self._asked + 1
        for kind in sorted(Kind, reverse=True):
            group = [child for child in alive if child.process.kind == kind]
            for child in group:
                child.ask_to_stop()
            self._await_end(group, hurried)
            for child in group:
                if child.running:
                    self.progress.warn(f"{child.process.name} did not end in time; ended by force.")
                child.kill()
        self._watched.clear()
        leftovers.forget(self.data_dir)
        if alive:
            self.progress.say("Everything is stopped.")

    def _await_end(self, group: Sequence[Child], hurried: int) -> None:
        deadline = time.monotonic() + max((c.process.stop_within for c in group), default=0.0)
        while any(child.running for child in group):
            if time.monotonic() > deadline or self._asked >= hurried:
                return
            time.sleep(0.02)
