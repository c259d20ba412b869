"""The front: who answers which address, what may be seen from outside, and what is said when a
service is away. A real Caddy with the real Caddyfile, before small real HTTP servers."""

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx2
import pytest

from services.chassis.stack import caddy
from services.chassis.stack.errors import StackError
from services.chassis.stack.ports import free_port
from services.chassis.stack.process import Child

SERVICES = ("registration", "content", "notifications", "identity")
FIRST_SEEN = threading.Event()


def upstream(name: str) -> ThreadingHTTPServer:
    """A server that says its name, the path and who asked; ``/api/x/stream`` drips two events."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            stream = self.path.endswith("/stream")
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream" if stream else "application/json")
            self.end_headers()
            if stream:
                self.wfile.write(b"data: one\n\n")
                self.wfile.flush()
                # What holds the first back gives both at once, in the end.
                FIRST_SEEN.wait(60)
                self.wfile.write(b"data: two\n\n")
                return
            told = {
                "service": name,
                "path": self.path,
                "for": self.headers.get("X-Forwarded-For"),
                "padding": "x" * 2000,
            }
            self.wfile.write(json.dumps(told).encode())

        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            if len(self.rfile.read(length)) == length:
                self.do_GET()

        def log_message(self, *args: object) -> None:
            """Keep the test's output quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


class Front:
    def __init__(
        self,
        folder: Path,
        names: tuple[str, ...],
        caddyfile: Path = caddy.CADDYFILE,
        metrics_from: str = "private_ranges",
    ) -> None:
        self.servers = {name: upstream(name) for name in names}
        away = {name: f"127.0.0.1:{free_port()}" for name in SERVICES if name not in names}
        here = {
            name: f"127.0.0.1:{server.server_address[1]}" for name, server in self.servers.items()
        }
        self.port = free_port()
        process = caddy.process(folder, self.port, {**away, **here}, caddyfile)
        process = replace(process, env={**process.env, "LINGBAO_METRICS_FROM": metrics_from})
        self.child = Child(process, folder / "logs" / "front.log")
        self.child.spawn()
        self.child.wait_ready()
        self.web = httpx2.Client(base_url=f"http://127.0.0.1:{self.port}", trust_env=False)

    def close(self) -> None:
        self.web.close()
        self.child.stop()
        for server in self.servers.values():
            server.shutdown()
            server.server_close()


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    front = Front(tmp_path_factory.mktemp("front"), (*SERVICES, "devmail"))
    yield front
    front.close()


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    """As in production: no development mail, and here only one service is up."""
    folder = tmp_path_factory.mktemp("alone")
    front = Front(folder, ("registration",), metrics_from="192.0.2.1/32")
    yield front
    front.close()


@pytest.mark.parametrize(
    ("path", "service"),
    [
        *((path, "registration") for path in ("/", "/activities", "/activities/a-b", "/bookings")),
        *((path, "registration") for path in ("/registrations/token", "/privacy", "/static/x.css")),
        *((path, "registration") for path in ("/staff/activities/1", "/staff/today/registration")),
        *((path, "registration") for path in ("/api/registration/v1/activities", "/nowhere")),
        *((path, "content") for path in ("/library", "/advisories/TH", "/quizzes", "/questions")),
        *((path, "content") for path in ("/orders", "/api/content/v1/materials")),
        *((path, "content") for path in ("/staff/advisories", "/staff/today/content")),
        *((path, "notifications") for path in ("/preferences/token", "/subscribe", "/unsubscribe")),
        *(
            (path, "notifications")
            for path in ("/answer/x", "/subscribe", "/staff/broadcasts/1", "/staff/senders")
        ),
        *((path, "notifications") for path in ("/api/notifications/v1/broadcasts",)),
        *((path, "identity") for path in ("/staff", "/staff/sign-in", "/staff/session/renew")),
        *((path, "identity") for path in ("/staff/apikeys", "/api/identity/readyz")),
        *((path, "devmail") for path in ("/dev/inbox", "/dev/sms")),
    ],
)
def test_who_answers(front: Front, path: str, service: str) -> None:
    answer = front.web.get(path)
    assert answer.status_code == 200
    assert (answer.json()["service"], answer.json()["path"]) == (service, path)


def test_the_callers_address_is_told_and_cannot_be_made_up(front: Front) -> None:
    answer = front.web.get("/", headers={"X-Forwarded-For": "203.0.113.9"})
    assert answer.json()["for"] == "127.0.0.1"


def test_it_answers_on_loopback_by_any_name(front: Front) -> None:
    assert front.web.get("/", headers={"Host": f"localhost:{front.port}"}).status_code == 200


def test_answers_are_compressed(front: Front) -> None:
    answer = front.web.get("/", headers={"Accept-Encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip"
    assert "server" not in answer.headers or answer.headers["server"] != "Caddy"


def test_events_are_not_held_back(front: Front) -> None:
    FIRST_SEEN.clear()
    with front.web.stream("GET", "/api/notifications/stream") as answer:
        first = next(answer.iter_raw())
        FIRST_SEEN.set()
    assert first == b"data: one\n\n"


def test_metrics_are_open_to_this_machine_and_closed_by_the_setting(
    front: Front, alone: Front
) -> None:
    assert front.web.get("/api/identity/metrics").status_code == 200
    assert alone.web.get("/api/registration/metrics").status_code == 404
    assert alone.web.get("/api/registration/readyz").status_code == 200


def test_the_development_inbox_is_not_there_unless_it_runs(alone: Front) -> None:
    for path in ("/dev", "/dev/", "/dev/inbox", "/dev/sms", "/%64ev/inbox", "//dev/inbox"):
        answer = alone.web.get(path)
        assert answer.status_code == 404 or answer.json()["service"] == "registration", path
    assert alone.web.get("/dev/inbox").status_code == 404


def test_a_service_that_is_away_is_a_page_in_two_languages(alone: Front) -> None:
    answer = alone.web.get("/library")
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "这一页暂时打不开" in answer.text
    assert "not available just now" in answer.text
    assert "<script" not in answer.text
    assert not answer.text.startswith("\t")
    assert alone.web.get("/").status_code == 200


def test_a_program_gets_problem_details_instead(alone: Front) -> None:
    answer = alone.web.get("/api/content/v1/materials")
    assert (answer.status_code, answer.json()["status"]) == (503, 503)
    assert answer.headers["content-type"] == "application/problem+json"
    assert "retry-after" in answer.headers


def test_a_body_without_end_is_refused(front: Front) -> None:
    answer = front.web.post("/bookings", content=b"x" * 26_000_000)
    assert answer.status_code == 413


def test_no_log_keeps_a_key_that_is_in_an_address(tmp_path: Path) -> None:
    # At its most talkative, which is more than the file asks for.
    talkative = tmp_path / "Caddyfile"
    talkative.write_text(caddy.CADDYFILE.read_text().replace("level WARN", "level DEBUG"))
    front = Front(tmp_path, ("registration",), talkative)
    try:
        front.web.get("/preferences/a-secret-token?and=more")
        front.web.get("/api/notifications/v1/x/a-secret-token")
        front.web.get("/registrations/a-secret-token", headers={"Cookie": "a-secret-token"})
    finally:
        front.close()
    log = front.child.log_path.read_text()
    assert '"/preferences"' in log
    assert '"/registrations"' in log
    assert "a-secret-token" not in log
    assert "and=more" not in log


def test_a_taken_port_is_one_sentence(front: Front, tmp_path: Path) -> None:
    with pytest.raises(StackError, match=f"Port {front.port} is taken"):
        caddy.process(tmp_path, front.port, {})
