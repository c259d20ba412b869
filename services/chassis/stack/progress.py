"""Saying on the console what is being done: a spinner on a terminal, plain lines elsewhere."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape

_SHOWN = 240


class Progress:
    """One line for each step that is done, with the seconds it took."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console if console is not None else Console(highlight=False)
        utf8 = self.console.encoding.lower().startswith("utf")
        self._tick = "✓" if utf8 else "ok"
        self._bar = "│" if utf8 else "|"

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        """Show ``title`` while the block runs, and its time when it has succeeded."""
        began = time.monotonic()
        if self.console.is_terminal:
            with self.console.status(escape(title)):
                yield
        else:
            yield
        self.done(title, time.monotonic() - began)

    @contextmanager
    def waiting(self, title: str) -> Iterator[None]:
        """Show ``title`` while the block runs, on a terminal; the block prints its own lines."""
        if self.console.is_terminal:
            with self.console.status(escape(title)):
                yield
        else:
            yield

    def done(self, title: str, seconds: float) -> None:
        """Say that ``title`` is done."""
        self.console.print(f"  [green]{self._tick}[/] {escape(title)} [dim]{seconds:.1f} s[/]")

    def say(self, sentence: str) -> None:
        """A sentence for the person at the console."""
        self.console.print(escape(sentence))

    def warn(self, sentence: str) -> None:
        """A sentence about something that went wrong and is being dealt with."""
        self.console.print(f"[yellow]{escape(sentence)}[/]")

    def alarm(self, name: str, line: str) -> None:
        """A line of a child's output that speaks of an error."""
        text = _readable(line)
        if len(text) > _SHOWN:
            text = text[:_SHOWN] + "…"
        self.console.print(f"[red]{escape(name)} {self._bar}[/] {escape(text)}")


def _readable(line: str) -> str:
    """The message of a structured (JSON) log line; another line as it is."""
    if not line.startswith("{"):
        return line
    try:
        record = json.loads(line)
    except ValueError:
        return line
    message = record.get("event") or record.get("msg") or record.get("message")
    if not isinstance(message, str):
        return line
    cause = record.get("error")
    return f"{message}: {cause}" if isinstance(cause, str) and cause else message
