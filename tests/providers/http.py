"""What the providers that are called by HTTP have in common."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal

Way = Literal["take", "no-number", "busy", "take-and-stall", "stall"]
# Longer than the senders under test wait.
STALL_SECONDS = 2.0


class _Server(ThreadingHTTPServer):
    request_queue_size = 64


@dataclass(frozen=True)
class Taken:
    """One message that a provider took: to whom (as it was written), and what."""

    to: str
    text: str
    reference: str


@dataclass
class Provider:
    """A server in a thread; ``ways`` says for each number how it behaves, ``take`` for others.

    Attributes:
        calls: the names of the calls that came, whether or not they were genuine.
        records: whether it finds what it took when it is asked.
    """

    taken: list[Taken] = field(default_factory=list)
    ways: dict[str, Way] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    records: bool = True
    url: str = ""
    _server: ThreadingHTTPServer | None = None

    def start(self) -> None:
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers.get("content-length") or 0)
                body = self.rfile.read(length)
                headers = {name.lower(): value for name, value in self.headers.items()}
                status, answer = provider.answer(self.path, headers, body)
                try:
                    self.send_response(status)
                    self.send_header("Content-Type", "application/json")
                    self.send_header("Content-Length", str(len(answer)))
                    self.end_headers()
                    self.wfile.write(answer)
                except OSError:
                    self.close_connection = True  # who asked has gone

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

        self._server = _Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self) -> None:
        assert self._server is not None
        self._server.shutdown()
        self._server.server_close()

    def clear(self) -> None:
        self.taken.clear()
        self.ways.clear()
        self.calls.clear()
        self.records = True

    def answer(self, path: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        raise NotImplementedError

    def stalled(self, numbers: list[str]) -> None:
        if any(self.ways.get(number) in ("stall", "take-and-stall") for number in numbers):
            time.sleep(STALL_SECONDS)
