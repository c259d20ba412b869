"""The note a running stack leaves in its data folder, so that other commands find it."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

import psutil

from services.chassis.stack.folder import write_private


@dataclass(frozen=True)
class StackInfo:
    """A running stack. The URLs contain passwords: the note is for its owner's eyes (0600).

    ``started`` is the supervisor's creation time in seconds since 1970, which tells it from
    another process that was given the same number later. ``environment`` holds further
    ``LINGBAO_…`` settings that a command must share with the stack.
    """

    supervisor_pid: int
    started: float
    base_url: str
    database_url: str
    redis_url: str
    smtp_url: str
    pids: dict[str, int] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)


def note_path(data_dir: Path) -> Path:
    """Where the note lies."""
    return data_dir / "run" / "stack.json"


def write(data_dir: Path, info: StackInfo) -> None:
    """Leave the note, in place of an earlier one."""
    write_private(note_path(data_dir), json.dumps(asdict(info), indent=2) + "\n")


def find_running(data_dir: Path) -> StackInfo | None:
    """The stack that runs on ``data_dir`` now; None when there is none, or it was killed."""
    try:
        info = StackInfo(**json.loads(note_path(data_dir).read_text(encoding="utf-8")))
    except (FileNotFoundError, NotADirectoryError, ValueError, TypeError):
        return None  # No note, or one of another release.
    return info if is_process(info.supervisor_pid, info.started) else None


def is_process(pid: int, started: float) -> bool:
    """Whether process ``pid`` lives and is the one that began at ``started``."""
    try:
        process = psutil.Process(pid)
        return (
            abs(process.create_time() - started) < 1.0 and process.status() != psutil.STATUS_ZOMBIE
        )
    except psutil.NoSuchProcess:
        return False
