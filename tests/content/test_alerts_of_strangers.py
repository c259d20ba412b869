"""Alerts and feeds of strangers: whatever they say, nothing stops and no page falls over."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from services.chassis.database import utc_now
from services.chassis.settings import settings
from services.content.alerts import cap, fetching, mapping, taking_in
from services.content.alerts.failures import Failed
from services.content.alerts.feed_format import entries
from services.content.alerts.fetching import Known
from services.content.alerts.xml_reading import parse
from tests.conftest import principal

SENT = "2026-11-20T08:00:00+08:00"


def message(
    *,
    sent: str = SENT,
    identifier: str = "a",
    kind: str = "Alert",
    head: str = "",
    info: str = "",
    area: str = "",
) -> bytes:
    """A CAP message that is right, but for what is given."""
    return (
        f'<alert xmlns="{cap.NAMESPACE}"><identifier>{identifier}</identifier>'
        f"<sender>office.example</sender><sent>{sent}</sent><status>Actual</status>"
        f"<msgType>{kind}</msgType><scope>Public</scope>{head}<info><category>Geo</category>"
        "<event>Flood</event><urgency>Expected</urgency><severity>Minor</severity>"
        f"<certainty>Likely</certainty>{info}<area><areaDesc>Thailand</areaDesc>{area}</area>"
        "</info></alert>"
    ).encode()


@pytest.mark.parametrize(
    ("given", "where"),
    [
        ({"sent": "0001-01-01T00:00:00+14:00"}, "sent"),
        ({"sent": "9999-12-31T23:59:59-12:00"}, "sent"),
        ({"area": "<altitude>nan</altitude>"}, "info[1]/area[1]/altitude"),
        (
            {"kind": "Update", "head": "<references>x,y,2026-13-45T99:00:00+08:00</references>"},
            "references",
        ),
    ],
)
def test_what_no_database_and_no_calendar_takes_is_a_fault(given, where):
    with pytest.raises(cap.NotCap) as refused:
        cap.read(parse(message(**given)))
    assert [fault.where for fault in refused.value.faults] == [where]


@pytest.mark.parametrize("name", ["onset", "expires"])
@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"])
def test_a_time_far_away_still_makes_a_draft(name, moment):
    alert = cap.read(parse(message(info=f"<{name}>{moment}</{name}>")))
    (content,) = mapping.contents(alert)
    assert 2000 <= content.valid_from.year <= 2100
    mapping.warnings(alert, utc_now())


def test_more_references_than_a_query_takes(web):
    many = " ".join(f"s,{number},{SENT}" for number in range(30_000))
    body = message(kind="Update", head=f"<references>{many}</references>")
    assert taking_in.hand_in(principal("city-editor"), body).is_new


ATOM = (
    '<feed xmlns="http://www.w3.org/2005/Atom">'
    '<entry><id>1</id><updated>x</updated><link href="http://[bad"/></entry>'
    '<entry><id>2</id><updated>x</updated><link href="/two.cap"/></entry></feed>'
)


def test_a_link_that_is_none_keeps_nobody_from_the_others():
    found = entries(parse(ATOM.encode()), "https://office.example/feed")
    assert [one.url for one in found] == ["https://office.example/two.cap"]


@dataclass
class Office:
    """A server of alerts: what it has at each path, and what it was asked for."""

    home: str
    bodies: dict[str, bytes] = field(default_factory=dict)
    moved: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)


@pytest.fixture
def office(monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    class Talk(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            made.asked.append(self.path)
            if (there := made.moved.get(self.path)) is not None:
                self.send_response(302)
                self.send_header("Location", there)
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            body = made.bodies[self.path]
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    monkeypatch.setattr(settings(), "outgoing_allow", ["127.0.0.0/8"])
    server = ThreadingHTTPServer(("127.0.0.1", 0), Talk)
    made = Office(f"http://127.0.0.1:{server.server_address[1]}")
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield made
    server.shutdown()
    server.server_close()


def test_a_feed_without_times_is_read_to_its_end_and_then_left_in_peace(office):
    paths = [f"/{number}.cap" for number in range(40)]
    items = "".join(f"<item><link>{office.home}{path}</link></item>" for path in paths)
    office.bodies["/feed"] = f"<rss><channel>{items}</channel></rss>".encode()
    office.bodies |= {path: message(identifier=f"n{path[1:]}") for path in paths}
    first = fetching.fetch(Known(f"{office.home}/feed", None, None, {}))
    assert first is not None and first.more and len(first.alerts) == 25
    second = fetching.fetch(Known(f"{office.home}/feed", None, None, first.seen))
    assert second is not None and not second.more
    assert len(second.seen) == 40
    assert set(office.asked) == office.bodies.keys()


def test_a_redirect_to_nowhere_is_a_failure_like_others(office):
    office.moved["/feed"] = "http://[bad"
    with pytest.raises(Failed):
        fetching.fetch(Known(f"{office.home}/feed", None, None, {}))
