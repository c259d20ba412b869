"""The list with its filters, the month, and the page of an activity."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from starlette.testclient import TestClient

from services.registration.activities.maps import geo_uri, map_links
from services.registration.catalogue.asked import span
from tests.registration.ground import an_activity
from tests.registration.making import in_days, made

Key = Callable[..., dict[str, str]]
CITY = ZoneInfo("Asia/Shanghai")


@pytest.fixture
def browser(client: Callable[..., TestClient]) -> TestClient:
    return client("registration", headers={"Accept-Language": "en"})


def titles(browser: TestClient, address: str = "/activities", **query: Any) -> list[str]:
    page = browser.get(address, params=query)
    assert page.status_code == 200
    return re.findall(r'<h2 class="h3"><a href="/activities/[^"]+">([^<]+)</a>', page.text)


@pytest.fixture
def two(browser: TestClient, key: Key) -> TestClient:
    made(
        browser,
        key,
        title={"en": "Alpha"},
        audience=["students", "parents"],
        step_free=True,
        languages=["en"],
        topics=["health"],
        starts_at=in_days(2),
        ends_at=in_days(2.1),
    )
    made(
        browser,
        key,
        title={"en": "Beta"},
        kind="exhibition",
        countries=["KE"],
        starts_at=in_days(40),
        ends_at=in_days(41),
        registration_opens_at=in_days(30),
    )
    return browser


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, ["Alpha", "Beta"]),
        ({"audience": "parents"}, ["Alpha"]),
        ({"step_free": "on"}, ["Alpha"]),
        ({"language": "en"}, ["Alpha"]),
        ({"topic": "health"}, ["Alpha"]),
        ({"open": "on"}, ["Alpha"]),
        ({"kind": "exhibition"}, ["Beta"]),
        ({"country": "ＫＥ"}, ["Beta"]),
        ({"country": "肯尼亚"}, ["Beta"]),
        ({"country": "kenya"}, ["Beta"]),
        ({"from": in_days(20)[:10]}, ["Beta"]),
        ({"to": in_days(20)[:10]}, ["Alpha"]),
        ({"when": in_days(40)[:7], "kind": "exhibition"}, ["Beta"]),
        # What we do not know does not narrow.
        ({"audience": "cats", "step_free": "maybe", "topic": "x", "when": "never"},
         ["Alpha", "Beta"]),
    ],
)  # fmt: skip
def test_filters(two: TestClient, query: dict[str, str], expected: list[str]) -> None:
    assert titles(two, **query) == expected


def test_each_choice_can_be_taken_back(two: TestClient) -> None:
    page = two.get("/activities?q=alpha&district=110102&step_free=on").text
    assert "1 activity<" in page
    assert 'href="/activities?district=110102&amp;step_free=on"' in page
    assert 'href="/activities?q=alpha&amp;step_free=on"' in page
    assert 'href="/activities?q=alpha&amp;district=110102"' in page
    assert '<details class="filters-more" open>' in page
    assert '<details class="filters-more">' in two.get("/activities?q=alpha").text


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"country": "Atlantis"}, "country"),
        ({"from": "2026-02-30"}, "from"),
        ({"to": "soon"}, "to"),
        ({"from": "9999-12-31"}, "from"),
        ({"from": "2027-03-02", "to": "2027-03-01"}, "to"),
    ],
)
def test_what_cannot_be_understood_is_said_and_kept(
    two: TestClient, query: dict[str, str], field: str
) -> None:
    page = two.get("/activities", params={**query, "lang": "zh-CN"}).text
    assert f'href="#field-{field}"' in page
    assert f'value="{query[field]}"' in page
    assert 'filters-more" open' in page


def test_a_choice_of_time_is_the_citys(browser: TestClient) -> None:
    # Saturday 28 November 2026, eight in the morning in the city.
    now = datetime(2026, 11, 28, 0, tzinfo=UTC)
    days = {
        when: tuple(one.astimezone(CITY).strftime("%m-%d %H:%M") for one in reach)
        for when in ("today", "week", "weekend", "next-week", "2026-12", "2026-11")
        if (reach := span(when, now))
    }
    assert days == {
        "today": ("11-28 08:00", "11-29 00:00"),
        "week": ("11-28 08:00", "11-30 00:00"),
        "weekend": ("11-28 08:00", "11-30 00:00"),
        "next-week": ("11-30 00:00", "12-07 00:00"),
        "2026-12": ("12-01 00:00", "01-01 00:00"),
        "2026-11": ("11-28 08:00", "12-01 00:00"),
    }
    assert span("2026-13", now) is None


def in_the_month(browser: TestClient, month: str, **query: str) -> dict[str, list[str]]:
    """Titles by day, as the table has them."""
    page = browser.get("/activities/calendar", params={"month": month, **query}).text
    found: dict[str, list[str]] = {}
    for cell in re.findall(r"<td.*?</td>", page, re.DOTALL):
        if inside := re.findall(r"</span>\s*([^<>]+?) <span class=\"month-place\">", cell):
            found[re.findall(r'datetime="([^"]+)"', cell)[0]] = inside
    return found


def test_a_month_as_a_table(browser: TestClient, key: Key) -> None:
    with time_machine.travel(datetime(2027, 3, 20, tzinfo=UTC), tick=True):
        made(  # half past midnight on 1 April in the city is still March in UTC
            browser,
            key,
            title={"en": "Night"},
            starts_at="2027-04-01T00:30:00+08:00",
            ends_at="2027-04-01T02:00:00+08:00",
        )
        made(  # ends as the day does
            browser,
            key,
            title={"en": "Late"},
            district="110112",
            starts_at="2027-04-30T20:00:00+08:00",
            ends_at="2027-05-01T00:00:00+08:00",
        )
        made(
            browser,
            key,
            title={"en": "Long"},
            starts_at="2027-03-25T09:00:00+08:00",
            ends_at="2027-04-03T17:00:00+08:00",
        )
        made(
            browser,
            key,
            title={"en": "Draft"},
            publish=False,
            starts_at="2027-04-02T09:00:00+08:00",
            ends_at="2027-04-02T10:00:00+08:00",
        )
        assert in_the_month(browser, "2027-04") == {
            "2027-04-01": ["Night"],
            "2027-04-30": ["Late"],
        }
        assert in_the_month(browser, "2027-05") == {}
        assert in_the_month(browser, "2027-04", district="110112") == {"2027-04-30": ["Late"]}
        page = browser.get("/activities/calendar?month=2027-04&district=110102").text
        assert "Over several days" in page
        assert 'href="/activities/calendar?district=110102&amp;month=2027-03"' in page
        assert 'href="/activities/calendar?district=110102&amp;month=2027-05"' in page
        assert page.count('<th scope="col">') == 7
        # The present month for what is none, and for what no crawler should walk to.
        for month in ("", "soon", "2027-13", "2099-01", "2020-01"):
            assert (
                "Activities in March 2027"
                in browser.get("/activities/calendar", params={"month": month}).text
            )
        assert 'rel="next"' not in browser.get("/activities/calendar?month=2029-03").text


def test_a_full_day_leads_to_the_rest(browser: TestClient) -> None:
    with time_machine.travel(datetime(2027, 3, 20, tzinfo=UTC), tick=True):
        starts = datetime(2027, 4, 18, 6, tzinfo=UTC)
        for _ in range(7):
            an_activity(starts_at=starts, ends_at=starts + timedelta(hours=1))
        page = browser.get("/activities/calendar?month=2027-04").text
        assert "2 more" in page
        address = re.findall(r'href="(/activities\?from=2027-04-18[^"]+)"', page)[0]
        assert len(titles(browser, address.replace("&amp;", "&"))) == 7


def test_the_facts_come_first(browser: TestClient, key: Key) -> None:
    activity = made(
        browser,
        key,
        audience=["older-people"],
        step_free=True,
        bring={"zh-CN": "请带身份证", "en": "An <b>identity card</b>"},
        latitude=39.88,
        longitude=116.38,
    )
    page = browser.get(f"/activities/{activity['slug']}").text
    for text in (
        "You reach the room without steps.",
        "An &lt;b&gt;identity card&lt;/b&gt;",
        'href="geo:39.88,116.38?q=39.88,116.38(Taoranting%20Cultural%20Centre)"',
        "position=116.38%2C39.88",
        "mlat=39.88&amp;mlon=116.38",
        "How the waiting list works",
        f'data-copy="{activity["url"]}"',
    ):
        assert text in page, text
    assert "没有台阶" in browser.get(f"/activities/{activity['slug']}?lang=zh-CN").text


def test_without_coordinates_the_maps_are_searched(browser: TestClient, key: Key) -> None:
    page = browser.get(f"/activities/{made(browser, key)['slug']}").text
    assert "geo:" not in page
    assert "https://uri.amap.com/search?keyword=%E5%A4%AA%E5%B9%B3%E8%A1%97" in page


def test_an_opening_to_come_says_how_long(browser: TestClient, key: Key) -> None:
    activity = made(browser, key, registration_opens_at=in_days(3.01))
    address = f"/activities/{activity['slug']}"
    assert "(in 3 days)" in browser.get(address).text
    assert "（3天后）" in browser.get(f"{address}?lang=zh-CN").text


def test_map_links_never_leave_the_address_open(browser: TestClient) -> None:
    from services.registration.activities import catalogue

    identifier = an_activity(
        venue_name={"zh-CN": '"><script>&a=b#'}, latitude=-0.5, longitude=180.0
    )
    activity = catalogue.one_activity(str(identifier))
    for _name, address in map_links(activity):
        assert "<" not in address
        assert '"' not in address
    assert geo_uri(activity) == "geo:-0.5,180.0?q=-0.5,180.0(%22%3E%3Cscript%3E%26a%3Db%23)"
