"""CAP messages for tests, and a server that has some."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

CAP = "urn:oasis:names:tc:emergency:cap:1.2"
SENDER = "warnings@example.org"


def moment(**later: float) -> str:
    """A time from now as CAP writes it."""
    return (datetime.now(UTC) + timedelta(**later)).strftime("%Y-%m-%dT%H:%M:%S-00:00")


def info(**changes: str) -> str:
    """The part of a message in one language; ``area`` replaces what is said of its place."""
    values = {
        "language": "en",
        "category": "Met",
        "event": "Flood",
        "urgency": "Expected",
        "severity": "Severe",
        "certainty": "Likely",
        "expires": moment(days=5),
        "headline": "Floods in the south",
        "description": "Rivers rise.\nRoads are closed.",
        "instruction": "Stay away from rivers.",
        "web": "https://example.org/floods",
        "area": geocoded("TH"),
    } | changes
    return (
        "<info>"
        + "".join(
            f"<{name}>{value}</{name}>"
            for name, value in values.items()
            if name != "area" and value
        )
        + values["area"]
        + "</info>"
    )


def geocoded(*codes: str) -> str:
    """Areas by their codes."""
    return "".join(
        f"<area><areaDesc>Area {code}</areaDesc><geocode><valueName>ISO 3166-2</valueName>"
        f"<value>{code}</value></geocode></area>"
        for code in codes
    )


def alert(*infos: str, head: str = "", **changes: str) -> bytes:
    """A whole message; ``head`` is put in before the infos."""
    values = {
        "identifier": "floods-1",
        "sender": SENDER,
        "sent": moment(hours=-1),
        "status": "Actual",
        "msgType": "Alert",
        "scope": "Public",
    } | changes
    inside = "".join(f"<{name}>{value}</{name}>" for name, value in values.items() if value)
    return f'<alert xmlns="{CAP}">{inside}{head}{"".join(infos or (info(),))}</alert>'.encode()


def references(sent: str, identifier: str = "floods-1") -> str:
    """How a later message names an earlier one."""
    return f"{SENDER},{identifier},{sent}"


@dataclass
class Server:
    """A server of somebody else's alerts.

    Attributes:
        answers: by path, ``(status, headers, body)``; anything else is 404.
        asked: the paths and headers that it was asked for.
    """

    url: str
    answers: dict[str, tuple[int, dict[str, str], bytes]] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def atom(self, *entries: tuple[str, str], etag: str = '"1"') -> None:
        """A feed at ``/feed``, with an address and a time for each entry."""
        inside = "".join(
            f"<entry><id>{where}</id><title>t</title><updated>{when}</updated>"
            f'<link rel="alternate" type="text/html" href="/html"/>'
            f'<link type="application/cap+xml" href="{where}"/></entry>'
            for where, when in entries
        )
        body = f'<feed xmlns="http://www.w3.org/2005/Atom">{inside}</feed>'.encode()
        self.answers["/feed"] = (200, {"ETag": etag, "Last-Modified": "x"}, body)

    def paths(self) -> list[str]:
        """What it was asked for since the last time."""
        found = [path for path, _headers in self.asked]
        self.asked.clear()
        return found


@contextmanager
def serving() -> Iterator[Server]:
    """A server on this machine."""

    class Talk(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            made.asked.append((self.path, headers))
            status, given, body = made.answers.get(self.path, (404, {}, b""))
            if status == 200 and headers.get("if-none-match") == given.get("ETag", ""):
                status, body = 304, b""
            self.send_response(status)
            for name, value in given.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Talk)
    made = Server(f"http://127.0.0.1:{server.server_address[1]}")
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
