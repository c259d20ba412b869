"""The public catalogue and the lists of staff: filters, order, pages."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from services.chassis.database import utc_now
from services.registration.activities.models import Activity
from services.registration.database import database
from tests.registration.making import API, in_days, made

Key = Callable[..., dict[str, str]]


@pytest.fixture
def browser(client: Callable[..., TestClient]) -> TestClient:
    return client("registration")


def found(browser: TestClient, **query: Any) -> list[str]:
    answer = browser.get(f"{API}/activities", params=query)
    assert answer.status_code == 200, answer.text
    return [activity["slug"] for activity in answer.json()["items"]]


def titled(title: str, **changes: Any) -> dict[str, Any]:
    return {"title": {"en": title}} | changes


@pytest.fixture
def three(browser: TestClient, key: Key) -> TestClient:
    """Three published activities and a draft, one after the other in time."""
    made(
        browser,
        key,
        **titled("Alpha", starts_at=in_days(3), ends_at=in_days(3.1), languages=["en"]),
    )
    made(
        browser,
        key,
        **titled(
            "Beta", starts_at=in_days(5), ends_at=in_days(9), kind="exhibition", capacity=None
        ),
        district="110112",
        countries=["KE", "TZ"],
        topics=["health"],
        summary={"zh-CN": "关于 100% 防护的展览"},
    )
    made(browser, key, **titled("Gamma", starts_at=in_days(20), ends_at=in_days(20.1)))
    made(browser, key, publish=False, **titled("Draft", starts_at=in_days(1), ends_at=in_days(2)))
    return browser


def test_the_public_sees_what_is_published_the_next_first(three: TestClient) -> None:
    assert found(three) == ["alpha", "beta", "gamma"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"kind": "exhibition"}, ["beta"]),
        ({"district": "110112"}, ["beta"]),
        ({"topic": "health"}, ["beta"]),
        ({"country": "ke"}, ["beta"]),
        ({"language": "en"}, ["alpha"]),
        ({"from": in_days(4)}, ["beta", "gamma"]),
        ({"to": in_days(4)}, ["alpha"]),
        ({"from": in_days(7)[:10], "to": in_days(8)[:10]}, ["beta"]),
        ({"q": "alp"}, ["alpha"]),
        ({"q": "ＢＥＴＡ"}, ["beta"]),
        ({"q": "陶然亭"}, ["alpha", "beta", "gamma"]),
        ({"q": "展览 beta"}, ["beta"]),
        ({"q": "展览 alpha"}, []),
        ({"q": "100%"}, ["beta"]),
        ({"q": "1_0"}, []),
        ({"q": "zh-CN"}, []),
        ({"q": "\x00"}, ["alpha", "beta", "gamma"]),
    ],
)
def test_filters(three: TestClient, query: dict[str, Any], expected: list[str]) -> None:
    assert found(three, **query) == expected


def test_open_is_what_the_page_says(browser: TestClient, key: Key) -> None:
    """The filter in SQL and ``Activity.intake`` in Python agree on every state."""
    states: dict[str, dict[str, Any]] = {
        "open": {},
        "waiting": {"capacity": 1, "waiting_list": True},
        "full": {"capacity": 1, "waiting_list": False},
        "not-open": {"registration_opens_at": in_days(2)},
        "closed": {"registration_closes_at": in_days(-1)},
    }
    for state, changes in states.items():
        activity = made(browser, key, **titled(state), **changes)
        if changes.get("capacity"):
            answer = browser.post(
                f"{API}/activities/{activity['id']}/registrations",
                json={"name": "王芳", "email": "wang@example.com", "consents": {}},
            )
            assert answer.status_code == 201, answer.text
    for activity in browser.get(f"{API}/activities").json()["items"]:
        assert activity["intake"] == activity["slug"]
    assert sorted(found(browser, open=True)) == ["open", "waiting"]
    assert sorted(found(browser, open=False)) == ["closed", "full", "not-open"]


def test_past_activities_are_found_with_from(browser: TestClient, key: Key) -> None:
    activity = made(browser, key)
    with database.transaction() as session:
        session.execute(
            sa.update(Activity)
            .where(Activity.id == uuid.UUID(activity["id"]))
            .values(status="completed", starts_at=in_days(-3), ends_at=in_days(-2))
        )
    assert found(browser) == []
    assert found(browser, **{"from": in_days(-10)}) == [activity["slug"]]


def test_pages_hold_everything_once(browser: TestClient, key: Key) -> None:
    # All at one moment, so that the order rests on the id alone.
    same = {"starts_at": in_days(4), "ends_at": in_days(5)}
    expected = {made(browser, key, **titled(f"Number {n}"), **same)["slug"] for n in range(7)}
    seen: list[str] = []
    cursor: str | None = None
    while True:
        query = {"limit": 3} | ({"cursor": cursor} if cursor else {})
        page = browser.get(f"{API}/activities", params=query).json()
        seen += [activity["slug"] for activity in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert len(seen) == 7
    assert set(seen) == expected


@pytest.mark.parametrize(
    "query",
    [
        {"kind": "party"},
        {"district": "1"},
        {"from": "yesterday"},
        {"from": "9999-12-31"},
        {"limit": 0},
        {"limit": 101},
        {"q": "x" * 101},
        {"open": "perhaps"},
    ],
)
def test_a_filter_that_makes_no_sense_is_refused(
    browser: TestClient, query: dict[str, Any]
) -> None:
    answer = browser.get(f"{API}/activities", params=query)
    assert (answer.status_code, answer.json()["type"]) == (422, "invalid")
    assert next(error["field"] for error in answer.json()["errors"]).startswith(next(iter(query)))


def test_a_cursor_of_somebody_else_is_refused(browser: TestClient) -> None:
    answer = browser.get(f"{API}/activities", params={"cursor": "bm90IG91cnM"})
    assert (answer.status_code, answer.json()["type"]) == (400, "bad-cursor")


# The same in every test process, so that all collect the same tests.
UNKNOWN = "0198d6c0-0000-7000-8000-000000000000"


@pytest.mark.parametrize("reference", ["nothing-here", UNKNOWN, "%00", "ÄÖ", "a" * 500])
def test_what_is_not_there_is_404(browser: TestClient, reference: str) -> None:
    answer = browser.get(f"{API}/activities/{reference}")
    assert (answer.status_code, answer.json()["type"]) == (404, "not-found")


def test_one_activity_by_id_and_by_address(browser: TestClient, key: Key) -> None:
    activity = made(browser, key)
    by_id = browser.get(f"{API}/activities/{activity['id']}").json()
    by_slug = browser.get(f"{API}/activities/{activity['slug']}").json()
    assert by_id == by_slug


def test_drafts_are_for_staff(three: TestClient, key: Key) -> None:
    address = f"{API}/activities"
    assert three.get(address, params={"status": "draft"}).status_code == 401
    assert three.get(f"{address}/draft").status_code == 404
    viewer = key("viewer")
    listed = three.get(address, params={"status": "draft"}, headers=viewer).json()["items"]
    assert [activity["slug"] for activity in listed] == ["draft"]
    assert three.get(f"{address}/draft", headers=viewer).status_code == 200
    assert three.get(address, headers={"Authorization": "Bearer lk_forged"}).status_code == 401


def test_a_district_lists_only_its_own(three: TestClient, key: Key) -> None:
    query = {"status": "published"}
    own = three.get(f"{API}/activities", params=query, headers=key("district-editor", "110112"))
    assert [activity["slug"] for activity in own.json()["items"]] == ["beta"]


def test_seats_do_not_touch_version_or_time_of_edit(browser: TestClient, key: Key) -> None:
    activity = made(browser, key)
    before = utc_now()
    browser.post(
        f"{API}/activities/{activity['id']}/registrations",
        json={"name": "王芳", "email": "wang@example.com", "consents": {}},
    )
    with database.transaction() as session:
        stored = session.get_one(Activity, uuid.UUID(activity["id"]))
        assert stored.seats_taken == 1
        assert stored.version == activity["version"]
        assert stored.updated_at < before
