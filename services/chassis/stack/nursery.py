"""Python processes that start at once: forked from one that has imported the program already.

Importing the web framework, the ORM and the queue takes seconds of processor time. A dozen
processes that each do so keep a small machine busy for half a minute; forked from a process that
did it once, they begin within milliseconds and share its memory. It is the standard library's
*fork server*: single-threaded, so that nothing is held half-way at the fork.
"""

from __future__ import annotations

import ctypes
import multiprocessing
import multiprocessing.forkserver
import os
import runpy
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import IO

from setproctitle import setproctitle

_PR_SET_PDEATHSIG = 1


class Forked:
    """A process of the nursery, with the part of ``subprocess.Popen`` that a Child uses."""

    def __init__(
        self, process: multiprocessing.context.ForkServerProcess, stdout: IO[bytes]
    ) -> None:
        self._process = process
        self.stdout = stdout
        self.pid: int = process.pid or 0

    def poll(self) -> int | None:
        """The exit status, negative for a signal; ``None`` while it runs."""
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        """The exit status; raises ``subprocess.TimeoutExpired`` when it does not come in time."""
        self._process.join(timeout)
        code = self._process.exitcode
        if code is None:
            raise subprocess.TimeoutExpired(self._process.name, timeout or 0)
        return code

    def send_signal(self, number: int) -> None:
        """Send a signal; nothing happens to a process that has ended."""
        if self.poll() is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)


class Nursery:
    """Forks ``python -m MODULE ARGUMENT…`` from a process that has imported ``preload``."""

    def __init__(self, preload: Sequence[str]) -> None:
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(list(preload))

    def warm(self) -> None:
        """Start the process that the others come from; it imports while the caller goes on."""
        multiprocessing.forkserver.ensure_running()

    def spawn(
        self, argv: Sequence[str], env: Mapping[str, str], cwd: Path | None, at_death: int
    ) -> Forked:
        """Start ``argv`` (an interpreter, ``-m``, a module, its arguments).

        Args:
            env: the whole environment of the new process.
            at_death: the signal that it gets when the nursery ends (Linux), or 0.
        """
        reader, writer = self._context.Pipe(duplex=False)
        process = self._context.Process(
            target=_become,
            args=(list(argv[2:]), dict(env), str(cwd) if cwd else None, writer, at_death),
            daemon=True,
        )
        process.start()
        writer.close()
        stdout = os.fdopen(os.dup(reader.fileno()), "rb")
        reader.close()
        return Forked(process, stdout)


def _become(
    command: list[str], env: dict[str, str], cwd: str | None, writer: Connection, at_death: int
) -> None:
    """In the new process: take on environment, output, folder and name, and run the module."""
    module, *arguments = command
    # Before the environment is replaced: the name is written over where it lay in memory.
    setproctitle(" ".join(["lingbao", *arguments]))
    os.setsid()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if at_death and sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, at_death, 0, 0, 0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(writer.fileno(), 1)
    os.dup2(writer.fileno(), 2)
    os.close(nothing)
    writer.close()
    os.environ.clear()
    os.environ.update(env)
    if cwd:
        os.chdir(cwd)
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)
