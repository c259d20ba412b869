"""What a child process says: into its log file, and its last lines kept at hand."""

import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import IO

_LIMIT = 10 * 1024 * 1024
_TAIL = 40


class Output:
    """The log of one run of one process; the run before it is kept as ``….log.1``."""

    def __init__(self, path: Path, on_line: Callable[[str], None]) -> None:
        self._path = path
        self._on_line = on_line
        self._tail: deque[str] = deque(maxlen=_TAIL)
        self._thread: threading.Thread | None = None
        self._rotate()
        self._file = path.open("ab", buffering=0)
        self._written = 0

    def follow(self, stream: IO[bytes], name: str) -> None:
        """Copy ``stream`` to the log, line by line, in a thread, until the stream ends."""
        self._thread = threading.Thread(
            target=self._copy, args=(stream,), name=f"output of {name}", daemon=True
        )
        self._thread.start()

    def drained(self, timeout: float) -> None:
        """Wait at most ``timeout`` seconds until all that was said is written."""
        if self._thread is not None:
            self._thread.join(timeout)

    def tail(self) -> list[str]:
        """The last lines, oldest first, without empty ones."""
        return list(self._tail)

    def _copy(self, stream: IO[bytes]) -> None:
        with stream:
            for raw in stream:
                self._write(raw)
                line = raw.decode("utf-8", "replace").rstrip()
                if line:
                    self._tail.append(line)
                    self._on_line(line)
        self._file.close()

    def _write(self, raw: bytes) -> None:
        try:
            self._file.write(raw)
        except OSError as error:
            # A full disk must not stop the reading: a process whose output nobody reads stands
            # still. The line is still kept in the tail and still looked at.
            self._tail.append(f"(not written to the log: {error.strerror})")
            return
        self._written += len(raw)
        if self._written > _LIMIT:
            self._file.close()
            self._rotate()
            self._file = self._path.open("ab", buffering=0)
            self._written = 0

    def _rotate(self) -> None:
        if self._path.exists() and self._path.stat().st_size:
            self._path.replace(self._path.with_name(self._path.name + ".1"))
