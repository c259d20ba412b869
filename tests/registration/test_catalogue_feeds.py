"""The programme for programs: calendar, news feed, structured data, the list for other sites."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any
from xml.etree import ElementTree as ET
from zoneinfo import ZoneInfo

import pytest
from icalendar import Calendar
from starlette.testclient import TestClient

from tests.registration.ground import an_activity, edit
from tests.registration.making import API, in_days, made

Key = Callable[..., dict[str, str]]
BEIJING = ZoneInfo("Asia/Shanghai")
ATOM = "{http://www.w3.org/2005/Atom}"
NASTY = "</script><b>&\"'\x0b]]> ,;\\"


@pytest.fixture
def browser(client: Callable[..., TestClient]) -> TestClient:
    return client("registration")


def calendar(browser: TestClient, **query: str) -> Any:
    answer = browser.get("/activities/calendar.ics", params=query)
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    return Calendar.from_ical(answer.content)


def feed(browser: TestClient, **query: str) -> ET.Element:
    answer = browser.get("/activities/feed.atom", params=query)
    assert answer.headers["content-type"] == "application/atom+xml"
    return ET.fromstring(answer.content)  # noqa: S314 - our own


def cancel(browser: TestClient, key: Key, activity: dict[str, Any], reason: str) -> None:
    answer = browser.post(
        f"{API}/activities/{activity['id']}/cancel",
        json={"reason": reason},
        headers=key("city-editor"),
    )
    assert answer.status_code == 200, answer.text


def test_a_calendar_says_all_that_a_program_shows(browser: TestClient, key: Key) -> None:
    activity = made(
        browser,
        key,
        starts_at="2027-04-18T14:00:00+08:00",
        ends_at="2027-04-18T16:00:00+08:00",
        latitude=39.88,
        longitude=116.38,
    )
    found = calendar(browser, lang="en")
    assert found["METHOD"] == "PUBLISH"
    assert found["REFRESH-INTERVAL"].dt == timedelta(hours=1)
    assert [zone["TZID"] for zone in found.walk("VTIMEZONE")] == ["Asia/Shanghai"]
    (event,) = found.walk("VEVENT")
    assert event["UID"] == f"{activity['id']}@lingbao"
    assert event["SUMMARY"] == "A safety lesson before you leave"
    assert event["DTSTART"].params["TZID"] == "Asia/Shanghai"
    assert event["DTSTART"].dt == datetime(2027, 4, 18, 6, tzinfo=UTC)
    assert (event["GEO"].latitude, event["GEO"].longitude) == (39.88, 116.38)
    assert event["URL"] == activity["url"]
    assert event["STATUS"] == "CONFIRMED"
    assert event["SEQUENCE"] == activity["version"]
    assert event["CATEGORIES"].cats == ["Lecture", "Travelling"]


def test_a_calendar_follows_a_change_and_a_cancellation(browser: TestClient, key: Key) -> None:
    activity = made(browser, key)
    (first,) = calendar(browser).walk("VEVENT")
    cancel(browser, key, activity, "停电")
    (after,) = calendar(browser).walk("VEVENT")
    assert after["UID"] == first["UID"]
    assert after["SEQUENCE"] > first["SEQUENCE"]
    assert after["STATUS"] == "CANCELLED"
    assert "停电" in after["DESCRIPTION"]


def test_feeds_take_the_filters_of_the_list_and_no_drafts(browser: TestClient, key: Key) -> None:
    made(browser, key, title={"en": "Alpha"})
    made(browser, key, title={"en": "Beta"}, district="110112", topics=["health"])
    made(browser, key, title={"en": "Draft"}, publish=False)
    for query, expected in (
        ({}, {"Alpha", "Beta"}),
        ({"district": "110112"}, {"Beta"}),
        ({"district": "nonsense"}, {"Alpha", "Beta"}),
        ({"topic": "health", "kind": "lecture"}, {"Beta"}),
        ({"country": "泰国", "q": "alpha"}, {"Alpha"}),
        ({"step_free": "true"}, set()),
    ):
        assert {e["SUMMARY"] for e in calendar(browser, **query).walk("VEVENT")} == expected
        entries = feed(browser, **query).findall(f"{ATOM}entry")
        assert {entry.findtext(f"{ATOM}title") for entry in entries} == expected


@pytest.mark.parametrize("address", ["/activities/calendar.ics", "/activities/feed.atom"])
def test_what_has_not_changed_is_not_sent_again(
    browser: TestClient, key: Key, address: str
) -> None:
    activity = made(browser, key)
    first = browser.get(address)
    assert "set-cookie" not in first.headers
    assert browser.get(address).content == first.content, "the same bytes while nothing changes"
    tag, changed = first.headers["etag"], first.headers["last-modified"]
    for headers in (
        {"If-None-Match": tag},
        {"If-None-Match": f'"other", W/{tag}'},
        {"If-None-Match": "*"},
        {"If-Modified-Since": changed},
    ):
        again = browser.get(address, headers=headers)
        assert (again.status_code, again.content) == (304, b""), headers
        assert again.headers["etag"] == tag
    for headers in (
        {"If-None-Match": '"other"'},
        {"If-None-Match": '"other"', "If-Modified-Since": changed},
        {"If-Modified-Since": format_datetime(datetime.now(UTC) - timedelta(days=1), usegmt=True)},
        {"If-Modified-Since": "yesterday"},
    ):
        assert browser.get(address, headers=headers).status_code == 200, headers
    cancel(browser, key, activity, "停电")
    assert browser.get(address, headers={"If-None-Match": tag}).status_code == 200


def test_a_seat_that_is_taken_is_no_news(browser: TestClient, key: Key) -> None:
    activity = made(browser, key)
    tag = browser.get("/activities/feed.atom").headers["etag"]
    answer = browser.post(
        f"{API}/activities/{activity['id']}/registrations",
        json={"name": "王芳", "email": "wang@example.com", "consents": {}},
    )
    assert answer.status_code == 201, answer.text
    assert browser.get("/activities/feed.atom").headers["etag"] == tag


def test_a_feed_is_complete_and_escaped(browser: TestClient, key: Key) -> None:
    empty = feed(browser)
    for name in ("id", "title", "updated", "author"):
        assert len(empty.findall(f"{ATOM}{name}")) == 1
    identifier = an_activity(title={"zh-CN": NASTY}, summary={"zh-CN": NASTY})
    later = made(browser, key)
    cancel(browser, key, later, "停电")
    latest, entry = feed(browser).findall(f"{ATOM}entry")
    assert latest.findtext(f"{ATOM}title", "").startswith("已取消：")
    assert entry.findtext(f"{ATOM}id") == f"urn:uuid:{identifier}"
    assert entry.findtext(f"{ATOM}title") == NASTY.replace("\x0b", "")
    assert {one.get("term") for one in entry.findall(f"{ATOM}category")} >= {"lecture", "TH"}
    english = feed(browser, lang="en")
    assert english.get("{http://www.w3.org/XML/1998/namespace}lang") == "en"
    assert english.findtext(f"{ATOM}id") != feed(browser, lang="zh-CN").findtext(f"{ATOM}id")


def test_the_list_names_its_feeds(browser: TestClient, key: Key) -> None:
    page = browser.get("/activities", params={"district": "110102", "when": "week", "lang": "en"})
    links = re.findall(r'<link rel="alternate" type="([^"]+)" href="([^"]+)"', page.text)
    assert dict(links) == {
        "text/calendar": "http://testserver/activities/calendar.ics?district=110102&amp;lang=en",
        "application/atom+xml": "http://testserver/activities/feed.atom?district=110102&amp;lang=en",
    }
    assert "webcal://testserver/activities/calendar.ics?district=110102&amp;lang=en" in page.text


def structured(browser: TestClient, slug: str, language: str = "en") -> dict[str, Any]:
    page = browser.get(f"/activities/{slug}", params={"lang": language})
    assert page.text.count("application/ld+json") == 1
    found = re.search(r'<script type="application/ld\+json">(.*?)</script>', page.text, re.DOTALL)
    assert found
    return dict(json.loads(found[1]))


def test_structured_data(browser: TestClient, key: Key) -> None:
    activity = made(
        browser,
        key,
        starts_at="2027-04-18T14:00:00+08:00",
        ends_at="2027-04-18T16:00:00+08:00",
        latitude=39.88,
        longitude=116.38,
        capacity=30,
        languages=["zh-CN", "en"],
    )
    found = structured(browser, activity["slug"])
    assert found["startDate"] == "2027-04-18T14:00:00+08:00"
    assert found["eventStatus"] == "https://schema.org/EventScheduled"
    assert found["inLanguage"] == ["zh-CN", "en"]
    assert found["isAccessibleForFree"] is True
    assert found["remainingAttendeeCapacity"] == 30
    assert found["location"]["geo"]["latitude"] == 39.88
    assert found["location"]["address"]["addressLocality"] == "Xicheng"
    assert found["offers"]["availability"] == "https://schema.org/InStock"
    assert structured(browser, activity["slug"], "zh-CN")["name"] == "出国前的安全课"
    cancel(browser, key, activity, "停电")
    assert structured(browser, activity["slug"])["eventStatus"].endswith("EventCancelled")


def test_structured_data_of_what_was_moved(browser: TestClient, key: Key) -> None:
    """schema.org: ``startDate`` is the new one, every former one is a ``previousStartDate``."""
    activity = made(browser, key, publish=False)
    address, headers = f"{API}/activities/{activity['id']}", key("city-editor")
    draft, first, second, third = (
        (datetime.now(BEIJING) + timedelta(days=days)).replace(
            hour=14, minute=0, second=0, microsecond=0
        )
        for days in (20, 21, 22, 23)
    )

    def move(to: datetime, **more: Any) -> None:
        times = {"starts_at": to.isoformat(), "ends_at": (to + timedelta(hours=2)).isoformat()}
        answer = browser.patch(address, json=times | more, headers=headers)
        assert answer.status_code == 200, answer.text

    def found() -> tuple[str, str, Any]:
        said = structured(browser, activity["slug"])
        status = said["eventStatus"].removeprefix("https://schema.org/")
        return status, said["startDate"], said.get("previousStartDate")

    move(draft)
    move(first)  # neither time was told to anybody
    assert browser.post(f"{address}/publish", headers=headers).status_code == 200
    move(first, venue={"name": {"en": "Town hall"}})
    place = structured(browser, activity["slug"])["location"]
    assert place["name"] == "Town hall"
    assert place["address"].keys() == {
        "@type", "addressLocality", "addressRegion", "addressCountry"
    }  # fmt: skip
    assert found() == ("EventScheduled", first.isoformat(), None)

    move(second)
    assert found() == ("EventRescheduled", second.isoformat(), first.isoformat())
    page = browser.get(f"/activities/{activity['slug']}", params={"lang": "en"}).text
    assert f"Moved: it was to begin on {first:%A}" in page
    move(third)
    former = [first.isoformat(), second.isoformat()]
    assert found() == ("EventRescheduled", third.isoformat(), former)
    move(first)
    former = [second.isoformat(), third.isoformat()]
    assert found() == ("EventRescheduled", first.isoformat(), former)
    cancel(browser, key, activity, "停电")
    assert found() == ("EventCancelled", first.isoformat(), None)


def test_nothing_that_is_typed_ends_the_structured_data(browser: TestClient) -> None:
    identifier = an_activity(title={"en": NASTY}, summary={"en": "<!--<script>\u2028"})
    edit(identifier, slug="nasty")
    page = browser.get("/activities/nasty?lang=en").text
    assert "<!--<script>" not in page
    found = structured(browser, "nasty")
    assert (found["name"], found["description"]) == (NASTY, "<!--<script>\u2028")


def test_only_the_embedded_list_may_be_framed(browser: TestClient, key: Key) -> None:
    activity = made(browser, key)
    made(browser, key, title={"en": "Elsewhere"}, district="110112")
    query = {"district": "110102", "lang": "en"}
    page = browser.get("/embed/activities", params=query, headers={"Accept-Language": "zh"})
    policy = page.headers["content-security-policy"]
    assert "frame-ancestors *" in policy
    assert "script-src" not in policy
    assert "default-src 'none'" in policy
    assert "set-cookie" not in page.headers
    assert page.headers["cache-control"] == "public, max-age=300"
    assert page.headers["content-language"] == "en"
    assert "<script" not in page.text
    assert "A safety lesson before you leave" in page.text
    assert "Elsewhere" not in page.text
    links = re.findall(r"<a ([^>]+)>", page.text)
    assert all('target="_blank"' in link and 'rel="noopener"' in link for link in links)
    assert f'href="{activity["url"]}?lang=en"' in page.text
    for address in ("/activities", f"/activities/{activity['slug']}", "/", "/activities/calendar"):
        others = browser.get(address).headers["content-security-policy"]
        assert "frame-ancestors 'none'" in others, address


def test_the_embedded_list_takes_nonsense_calmly(browser: TestClient) -> None:
    assert browser.get(f"/embed/activities?limit={'9' * 5000}").status_code == 200
    page = browser.get("/embed/activities?district=1&lang=xx&limit=９９&kind=<b>")
    assert page.status_code == 200
    assert '<html lang="zh-CN">' in page.text
    assert "目前没有安排活动" in page.text


def test_staff_get_the_line_for_another_site(
    client: Callable[..., TestClient], staff: Callable[..., dict[str, str]], browser: TestClient
) -> None:
    desk = client("registration", cookies=staff("district-editor", "110112"))
    page = desk.get("/staff/activities/embed?district=110102&lang_of=en&limit=3&lang=en")
    # Of another district than theirs they get their own.
    address = "http://testserver/embed/activities?district=110112&amp;lang=en&amp;limit=3"
    assert address.replace("&amp;", "&amp;amp;") in page.text
    assert 'src="/embed/activities?district=110112&amp;lang=en&amp;limit=3"' in page.text
    assert "frame-src 'self'" in page.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    assert browser.get("/staff/activities/embed").status_code == 303


def test_a_title_never_takes_the_address_of_the_calendar(browser: TestClient, key: Key) -> None:
    activity = made(browser, key, title={"en": "Calendar"}, starts_at=in_days(1))
    assert activity["slug"] != "calendar"
    assert browser.get(f"/activities/{activity['slug']}").status_code == 200
