"""The whole house, started as a user starts it: `lingbao up`, on a folder and port of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from services.chassis.stack.info import StackInfo, find_running
from services.chassis.stack.ports import free_port

ROOT = Path(__file__).resolve().parents[1]
T = TypeVar("T")


# Seconds: so long that a busy machine never fails a test, which waits no longer than it must.
PATIENCE = 60.0


def eventually(look: Callable[[], T], within: float = PATIENCE, every: float = 0.1) -> T:
    """The first truthy thing that ``look`` finds; AssertionError when there is none in time."""
    deadline = time.monotonic() + within
    while True:
        if found := look():
            return found
        assert time.monotonic() < deadline, f"nothing within {within} s"
        time.sleep(every)


@dataclass
class Stack:
    """A running house."""

    url: str
    data_dir: Path
    process: subprocess.Popen[bytes]
    keys: dict[str, str] = field(default_factory=dict)

    @property
    def info(self) -> StackInfo:
        """Where its servers are, and the process id of each part."""
        found = find_running(self.data_dir)
        assert found is not None
        return found

    @property
    def password(self) -> str:
        """Of every sample member of staff."""
        return (self.data_dir / "staff-password").read_text().strip()

    def lingbao(self, *arguments: str, given: str = "") -> str:
        """What a command prints on standard output; it finds the stack by its folder."""
        done = subprocess.run(
            [sys.executable, "-m", "services", *arguments],
            cwd=ROOT,
            env=environment(self.data_dir),
            input=given,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def key(self, role: str) -> str:
        """The API key of a role: made when it is first asked for, as an operator makes one."""
        if role not in self.keys:
            made = self.lingbao("apikey", "create", f"test {role}", "--role", role)
            self.keys[role] = made.strip()
        return self.keys[role]

    def call(
        self, method: str, path: str, body: Any = None, key: str | None = None, **headers: str
    ) -> tuple[int, Any]:
        """A JSON call through the front: the status and the decoded answer."""
        request = urllib.request.Request(self.url + path, method=method)
        if body is not None:
            request.data = json.dumps(body).encode()
            request.add_header("Content-Type", "application/json")
        if key:
            request.add_header("Authorization", f"Bearer {key}")
        for name, value in headers.items():
            request.add_header(name.replace("_", "-"), value)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read() or b"null")

    def inbox(self, to: str) -> list[dict[str, Any]]:
        """Mails and text messages to one address, newest first."""
        _, found = self.call("GET", "/dev/inbox.json?" + urllib.parse.urlencode({"to": to}))
        return list(found["items"])

    def mail(self, to: str, word: str = "", within: float = PATIENCE) -> dict[str, Any]:
        """The newest message to an address with ``word`` in its subject or text, awaited."""
        return eventually(
            lambda: next(
                (item for item in self.inbox(to) if word in item["subject"] + item["text"]), None
            ),
            within,
        )

    def kill(self, name: str) -> None:
        """End one part at once, as a power failure would."""
        os.kill(self.info.pids[name], signal.SIGKILL)


def environment(data_dir: Path, **more: str) -> dict[str, str]:
    """An environment without the settings of whoever runs the tests."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith("LINGBAO_")}
    return {**kept, "LINGBAO_DATA_DIR": str(data_dir), **more}


@contextmanager
def running(data_dir: Path, **more: str) -> Iterator[Stack]:
    """Start the house, and stop it as Ctrl-C would. Its output is in ``data_dir/../up.log``."""
    port = free_port()
    log = data_dir.parent / f"{data_dir.name}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "services", "up"],
            cwd=ROOT,
            env=environment(data_dir, LINGBAO_PORT=str(port), **more),
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    stack = Stack(f"http://127.0.0.1:{port}", data_dir, process)
    try:
        deadline = time.monotonic() + 120
        while find_running(data_dir) is None:
            said = log.read_text("utf-8", "replace")[-3000:]
            assert process.poll() is None, said
            assert time.monotonic() < deadline, said
            time.sleep(0.1)
        yield stack
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
