"""Ending what a supervisor that was killed has left behind."""

import json
import os
import signal
from collections.abc import Iterable
from pathlib import Path

import psutil

from services.chassis.stack.folder import write_private
from services.chassis.stack.info import is_process
from services.chassis.stack.process import Child


def _path(data_dir: Path) -> Path:
    return data_dir / "run" / "pids.json"


def remember(data_dir: Path, children: Iterable[Child]) -> None:
    """Note the running children, in their order of starting."""
    kept = []
    for child in children:
        try:
            began = psutil.Process(child.pid).create_time() if child.running else None
        except psutil.NoSuchProcess:
            continue
        if began is not None:
            signal_number = int(child.process.stop_signal)
            kept.append([child.process.name, child.pid, began, signal_number])
    write_private(_path(data_dir), json.dumps(kept) + "\n")


def forget(data_dir: Path) -> None:
    """Everything has been stopped."""
    _path(data_dir).unlink(missing_ok=True)


def end_leftovers(data_dir: Path, seconds: float = 10.0) -> list[str]:
    """End the noted processes that still live, the last started first; return their names.

    On Linux there are mostly none: the kernel tells children when their parent dies. Each gets
    ``seconds`` to end politely.
    """
    try:
        noted = json.loads(_path(data_dir).read_text(encoding="utf-8"))
        entries = [(str(n), int(p), float(b), int(s)) for n, p, b, s in noted]
    except (FileNotFoundError, ValueError, TypeError):
        return []
    ended = []
    for name, pid, began, number in reversed(entries):
        if is_process(pid, began):
            _end(pid, number, seconds)
            ended.append(name)
    forget(data_dir)
    return ended


def _end(pid: int, number: int, seconds: float) -> None:
    try:
        process = psutil.Process(pid)
        process.send_signal(number)
        process.wait(timeout=seconds)
    except psutil.NoSuchProcess:
        return
    except psutil.TimeoutExpired:
        try:
            # A child leads its own group; what it started goes with it.
            os.killpg(pid, signal.SIGKILL)
        except ProcessLookupError:
            return
