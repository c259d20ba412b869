"""Following feeds: only what is new, only outside, and why it fails in a sentence."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from services.chassis.database import utc_now
from services.chassis.settings import settings
from services.content.alerts import following
from services.content.alerts.models import CapFeed
from services.content.database import database
from tests.content.alerting import Server, alert, info, moment, references, serving

API = "/api/content/v1"
FEEDS = f"{API}/alert-feeds"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setattr(settings(), "outgoing_allow", ["127.0.0.0/8"])
    with serving() as made:
        yield made


@dataclass
class Office:
    """A city office that follows feeds."""

    web: TestClient
    key: Callable[..., dict[str, str]]
    server: Server

    def follow(self, path: str = "/feed", **changes: Any) -> str:
        """A feed of the server; its id."""
        body = {"name": "泰国气象厅", "url": f"{self.server.url}{path}"} | changes
        made = self.web.post(FEEDS, json=body, headers=self.key("city-editor"))
        assert made.status_code == 201, made.text
        return str(made.json()["id"])

    def ask(self) -> dict[str, Any]:
        """Have every feed asked now; the first of them afterwards."""
        with database.transaction() as session:
            session.execute(sa.update(CapFeed).values(due_at=utc_now()))
        assert following.follow_due() >= 1
        headers = self.key("viewer") | {"Accept-Language": "en"}
        found: dict[str, Any] = self.web.get(FEEDS, headers=headers).json()["items"][0]
        return found

    def drafts(self) -> list[dict[str, Any]]:
        """The drafts of advisories."""
        query = {"status": "draft", "limit": 100}
        answer = self.web.get(f"{API}/advisories", params=query, headers=self.key("viewer"))
        found: list[dict[str, Any]] = answer.json()["items"]
        return found

    def headlines(self) -> list[str]:
        return sorted(one["headline"]["en"] for one in self.drafts())

    def alerts(self, **query: str) -> list[dict[str, Any]]:
        answer = self.web.get(f"{API}/alerts", params=query, headers=self.key("viewer"))
        found: list[dict[str, Any]] = answer.json()["items"]
        return found


@pytest.fixture
def office(web: TestClient, key: Callable[..., dict[str, str]], server: Server) -> Office:
    return Office(web, key, server)


def cap_at(server, path, data):
    server.answers[path] = (200, {}, data)


def test_new_alerts_become_drafts_and_old_ones_are_not_asked_again(office, server):
    sent = moment(hours=-2)
    cap_at(server, "/1.cap", alert(sent=sent))
    cap_at(server, "/2.cap", alert(info(headline="Mild", severity="Minor"), identifier="b"))
    cap_at(server, "/3.cap", alert(identifier="c", sent="2019-01-01T00:00:00+07:00"))
    cap_at(server, "/4.cap", alert(identifier="d", status="Test"))
    cap_at(server, "/5.cap", alert(info(headline="No country", area=""), identifier="e"))
    server.atom(*((f"/{number}.cap", "1") for number in range(1, 6)))
    office.follow(country="VN")
    feed = office.ask()
    assert (feed["failing"], feed["failures"], feed["taken"]) == (None, 0, 5)
    assert office.headlines() == ["Floods in the south", "No country"]
    states = [one["state"] for one in office.alerts()]
    assert sorted(states) == ["done", "done", "set-aside", "set-aside", "set-aside"]
    # A machine is nobody's second person, so what is grave takes two people.
    here = f"{API}/advisories/{office.drafts()[0]['id']}"
    one, other = office.key("city-editor"), office.key("city-editor")
    assert office.web.post(f"{here}/publish", headers=one).status_code == 409
    assert office.web.post(f"{here}/publish", headers=other).status_code == 200

    server.paths()
    assert office.ask()["taken"] == 5
    assert server.asked[0][1]["if-none-match"] == '"1"'
    assert server.paths() == ["/feed"]
    update = alert(
        info(severity="Extreme"),
        identifier="f",
        msgType="Update",
        head=f"<references>{references(sent)}</references>",
    )
    cap_at(server, "/6.cap", update)
    server.atom(("/6.cap", "1"), *((f"/{number}.cap", "1") for number in range(1, 6)), etag='"2"')
    assert office.ask()["taken"] == 6
    assert server.paths() == ["/feed", "/6.cap"]
    assert [one["message"] for one in office.alerts(state="open")] == ["Update"]
    assert len(office.drafts()) == 1


def test_a_tag_that_no_header_can_carry_is_not_sent_back(server, office):
    cap_at(server, "/1.cap", alert())
    server.atom(("/1.cap", "1"), etag='"é"')
    office.follow()
    for _ in range(2):
        feed = office.ask()
        assert (feed["failing"], feed["taken"]) == (None, 1)


@pytest.mark.parametrize("kind", ["rss", "inline", "single", "moved"])
def test_alerts_come_in_many_ways(server, office, kind):
    cap_at(server, "/a.xml", alert())
    where = "/feed"
    if kind == "rss":
        item = f"<item><title>t</title><link>{server.url}/a.xml</link><pubDate>1</pubDate></item>"
        cap_at(server, "/feed", f'<rss version="2.0"><channel>{item}</channel></rss>'.encode())
    elif kind == "inline":
        entry = f"<entry><id>x</id><content>{alert().decode()}</content></entry>"
        body = f'<feed xmlns="http://www.w3.org/2005/Atom">{entry}</feed>'
        cap_at(server, "/feed", body.encode())
    elif kind == "single":
        where = "/a.xml"
    else:
        server.answers["/feed"] = (302, {"Location": "/a.xml"}, b"")
    office.follow(where)
    assert office.ask()["failing"] is None
    assert office.ask()["taken"] == 1
    assert office.headlines() == ["Floods in the south"]


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ((404, {}, b""), "There is nothing at this address any more"),
        ((403, {}, b""), "does not let us read it"),
        ((500, {}, b""), "answered with an error (500)"),
        ((200, {}, b"<html></html>"), "neither a feed (Atom, RSS) nor a CAP alert"),
        ((200, {}, b"<!DOCTYPE html><html></html>"), "declares a document type"),
        ((200, {}, b"x" * 4_200_000), "larger than we read"),
        ((302, {"Location": "/feed"}, b""), "It has moved to"),
        ((302, {"Location": "file:///etc/passwd"}, b""), "It has moved to file:///etc/passwd"),
    ],
)
def test_a_failure_is_a_sentence_and_is_asked_less_often(server, office, answer, sentence):
    server.answers["/feed"] = answer
    office.follow()
    first = office.ask()
    assert sentence in first["failing"]
    second = office.ask()
    assert second["failures"] == 2
    waits = utc_now() + following.EVERY * 3
    assert second["due_at"] > waits.isoformat()
    server.atom()
    assert (office.ask()["failing"], office.ask()["failures"]) == (None, 0)


def test_one_bad_alert_keeps_nobody_from_the_others(server, office):
    cap_at(server, "/bad.cap", alert(info(severity="Awful")))
    cap_at(server, "/good.cap", alert())
    server.atom(("/bad.cap", "1"), ("/away.cap", "1"), ("/good.cap", "1"))
    office.follow()
    feed = office.ask()
    assert "/bad.cap info[1]/severity" in feed["failing"]
    assert (feed["failures"], office.headlines()) == (0, ["Floods in the south"])
    # What could not be reached is asked again, what was wrong is not.
    cap_at(server, "/away.cap", alert(info(headline="Back"), identifier="back"))
    server.paths()
    assert office.ask()["failing"] is None
    assert server.paths() == ["/feed", "/away.cap"]
    assert "Back" in office.headlines()


def test_more_than_fits_comes_with_the_next(server, office, monkeypatch):
    monkeypatch.setattr("services.content.alerts.fetching.MOST_AT_ONCE", 2)
    for number in range(3):
        cap_at(server, f"/{number}.cap", alert(identifier=str(number)))
    server.atom(*((f"/{number}.cap", "1") for number in range(3)))
    office.follow()
    assert office.ask()["taken"] == 2
    assert office.ask()["taken"] == 3
    assert len(office.drafts()) == 3


def test_feeds_lead_outside_alone(office, monkeypatch):
    monkeypatch.setattr(settings(), "outgoing_allow", [])
    editor = office.key("city-editor") | {"Accept-Language": "en"}
    body = {"name": "x", "url": "http://127.0.0.1:1/feed"}
    for url in (body["url"], "http://2130706433/", "file:///etc/passwd", "http://[::1]/"):
        refused = office.web.post(FEEDS, json=body | {"url": url}, headers=editor)
        assert refused.status_code == 422
        assert refused.json()["errors"][0]["field"] == "url"
    # A name that leads inside passes the form, and no connection is made.
    made = office.web.post(FEEDS, json=body | {"url": "http://localhost:1/feed"}, headers=editor)
    assert made.status_code == 201
    assert following.follow_due() == 1
    failing = office.web.get(FEEDS, headers=editor).json()["items"][0]["failing"]
    assert failing == "The address leads inside our own network, where calls must not go."


def test_a_feed_is_changed_switched_off_and_given_up(office, client, staff, server):
    server.atom()
    identifier = office.follow()
    editor = office.key("city-editor")
    again = office.web.post(FEEDS, json={"name": "y", "url": f"{server.url}/feed"}, headers=editor)
    assert again.json()["errors"][0]["field"] == "url"
    office.ask()
    assert following.follow_due() == 0
    assert following.claim(utc_now() + timedelta(hours=1)) is not None
    browser = client(
        "content", cookies=staff("city-editor"), headers={"Origin": "http://testserver"}
    )
    place = "/staff/advisories/feeds"
    for language in ("en", "zh-CN"):
        assert "泰国气象厅" in browser.get(place, params={"lang": language}).text
        for page in ("new", f"{identifier}/edit", f"{identifier}/remove"):
            assert browser.get(f"{place}/{page}").status_code == 200
    typed = {"name": "气象厅", "url": f"{server.url}/other", "least_level": "red", "country": "TH"}
    assert browser.post(f"{place}/{identifier}/edit", data=typed).status_code == 303
    refused = browser.post(f"{place}/{identifier}/edit", data=typed | {"url": "ftp://x"})
    assert (refused.status_code, 'value="ftp://x"' in refused.text) == (422, True)
    assert browser.post(f"{place}/{identifier}/switch", data={"to": "off"}).status_code == 303
    assert browser.post(f"{place}/{identifier}/ask").status_code == 303
    assert following.follow_due() == 0
    assert browser.post(f"{place}/{identifier}/switch", data={"to": "on"}).status_code == 303
    assert following.follow_due() == 1
    assert browser.post(f"{place}/{identifier}/remove").status_code == 303
    assert office.web.get(FEEDS, headers=editor).json()["items"] == []
    other = {"name": "z", "url": "https://example.org/feed", "least_level": "blue"}
    assert browser.post(f"{place}/new", data=other).status_code == 303
