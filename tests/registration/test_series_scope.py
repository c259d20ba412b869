"""Acts that are meant for several dates of a series: all of them are done, or none."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
import time_machine
from starlette.testclient import TestClient

from services.chassis.events import Envelope
from services.registration.activities.models import Activity
from services.registration.database import database
from services.registration.registrations.models import Registration
from tests.registration.ground import at_once
from tests.registration.making import API
from tests.registration.repeating import BERLIN, moment, now_in, patch, register, weekly

Key = Callable[..., dict[str, str]]
Outbox = Callable[[str], list[Envelope]]


@pytest.fixture
def browser(client: Callable[..., TestClient]) -> TestClient:
    return client("registration")


def test_an_edit_of_this_and_the_following(browser: TestClient, key: Key, outbox: Outbox) -> None:
    series = weekly(browser, key)
    occurrences = series["occurrences"]
    before = len(outbox("registration"))
    patch(browser, key, occurrences[1], scope="following", capacity=12, title={"zh-CN": "新名"})
    after = now_in(browser, series)
    assert [one["capacity"] for one in after] == [80, 12, 12, 12]
    assert [one["title"].get("zh-CN") == "新名" for one in after] == [False, True, True, True]
    assert [one["starts_at"] for one in after] == [one["starts_at"] for one in occurrences]
    changed = [
        event for event in outbox("registration")[before:] if event.type == "activity.changed.v1"
    ]
    assert {str(event.data["activity"]["id"]) for event in changed} == {
        one["id"] for one in occurrences[1:]
    }
    assert all(sorted(event.data["changed"]) == ["capacity", "title"] for event in changed)


def test_a_time_of_day_moves_the_others_on_their_own_days(browser: TestClient, key: Key) -> None:
    """Here the second date is a day later besides, which the others do not follow."""
    at = datetime(2027, 3, 15, 14, tzinfo=ZoneInfo(BERLIN))
    series = weekly(
        browser,
        key,
        timezone=BERLIN,
        starts_at=at.isoformat(),
        ends_at=(at + timedelta(hours=2)).isoformat(),
    )
    moved = datetime(2027, 3, 23, 15, 30, tzinfo=ZoneInfo(BERLIN))
    patch(
        browser,
        key,
        series["occurrences"][1],
        scope="all",
        starts_at=moved.isoformat(),
        ends_at=(moved + timedelta(hours=3)).isoformat(),
    )
    shown = [
        moment(one["starts_at"]).astimezone(ZoneInfo(BERLIN)) for one in now_in(browser, series)
    ]
    # The clocks change on 28 March; half past three stays half past three.
    assert [f"{one:%d %H:%M}" for one in shown] == [
        "15 15:30", "23 15:30", "29 15:30", "05 15:30",
    ]  # fmt: skip
    lengths = {moment(one["ends_at"]) - moment(one["starts_at"]) for one in now_in(browser, series)}
    assert lengths == {timedelta(hours=3)}


def test_acts_on_one_series_at_once_never_wait_for_each_other(
    browser: TestClient, key: Key
) -> None:
    """Each locks every date, beginning at another; nothing is made twice and nobody is refused."""
    series = weekly(browser, key)
    headers = key("city-editor")

    def edit(occurrence: dict[str, Any], capacity: int) -> int:
        sent = {"scope": "all", "capacity": capacity}
        address = f"{API}/activities/{occurrence['id']}"
        return browser.patch(address, json=sent, headers=headers).status_code

    def extend() -> int:
        first = series["occurrences"][0]["id"]
        sent = {"activity_id": first, "repeat": {"every": "week", "times": 5}}
        return browser.post(f"{API}/series", json=sent, headers=headers).status_code

    edits = [partial(edit, one, 20 + n) for n, one in enumerate(series["occurrences"])]
    answers = at_once(*edits, extend, extend, *reversed(edits), threads=10)
    assert sorted(answers) == [200] * 8 + [201, 422]
    with database.transaction() as session:
        starts = session.scalars(sa.select(Activity.starts_at)).all()
    assert len(starts) == len(set(starts)) == 6
    assert len({one["capacity"] for one in now_in(browser, series)}) == 1


def test_all_or_none_is_changed(browser: TestClient, key: Key) -> None:
    series = weekly(browser, key, capacity=10)
    last = series["occurrences"][-1]
    for number in range(3):
        register(browser, last, number)
    answer = browser.patch(
        f"{API}/activities/{series['occurrences'][0]['id']}",
        json={"scope": "all", "capacity": 2},
        headers=key("city-editor") | {"Accept-Language": "en"},
    )
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert error["field"] == "capacity"
    assert error["message"].startswith("On ")
    assert [one["capacity"] for one in now_in(browser, series)] == [10] * 4


def test_a_shift_into_a_skipped_hour_is_refused(browser: TestClient, key: Key) -> None:
    at = datetime(2027, 3, 21, 4, tzinfo=ZoneInfo(BERLIN))
    series = weekly(
        browser,
        key,
        timezone=BERLIN,
        starts_at=at.isoformat(),
        ends_at=(at + timedelta(hours=2)).isoformat(),
    )
    answer = browser.patch(
        f"{API}/activities/{series['occurrences'][0]['id']}",
        json={"scope": "all", "starts_at": at.replace(hour=2, minute=15).isoformat()},
        headers=key("city-editor"),
    )
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == ["starts_at"]


def test_what_is_over_or_cancelled_stays_as_it_is(browser: TestClient, key: Key) -> None:
    series = weekly(browser, key)
    first, second, *_rest = series["occurrences"]
    browser.post(
        f"{API}/activities/{second['id']}/cancel",
        json={"reason": "停电"},
        headers=key("city-editor"),
    )
    with time_machine.travel(moment(first["ends_at"]) + timedelta(minutes=1), tick=False):
        third = series["occurrences"][2]
        patch(browser, key, third, scope="all", capacity=7)
        assert [one["capacity"] for one in now_in(browser, series)] == [80, 80, 7, 7]


def test_cancelling_this_and_the_following(browser: TestClient, key: Key, outbox: Outbox) -> None:
    series = weekly(browser, key)
    for number, occurrence in enumerate(series["occurrences"]):
        register(browser, occurrence, number)
    answer = browser.post(
        f"{API}/activities/{series['occurrences'][2]['id']}/cancel",
        json={"reason": "场地维修", "scope": "following"},
        headers=key("city-editor"),
    )
    assert answer.json()["status"] == "cancelled"
    assert [one["status"] for one in now_in(browser, series)] == [
        "published", "published", "cancelled", "cancelled",
    ]  # fmt: skip
    ended = [e for e in outbox("registration") if e.type == "registration.cancelled.v1"]
    assert len(ended) == 2


def test_a_district_changes_its_own_dates_only(browser: TestClient, key: Key) -> None:
    series = weekly(browser, key)
    first, second, *_rest = series["occurrences"]
    patch(browser, key, second, district="110112")
    xicheng = key("district-editor", "110102")
    answer = browser.patch(
        f"{API}/activities/{first['id']}", json={"scope": "all", "capacity": 5}, headers=xicheng
    )
    assert answer.status_code == 200
    assert [one["capacity"] for one in now_in(browser, series)] == [5, 80, 5, 5]
    tongzhou = key("district-editor", "110112")
    address = f"{API}/series/{series['id']}/occurrences"
    wanted = {"repeat": {"every": "week", "times": 9}}
    assert browser.post(address, json=wanted, headers=tongzhou).status_code == 403
    sent = {"activity_id": first["id"]} | wanted
    assert browser.post(f"{API}/series", json=sent, headers=tongzhou).status_code == 403
    assert browser.post(f"{API}/series", json=sent, headers=key("viewer")).status_code == 403
    assert browser.post(f"{API}/series", json=sent).status_code == 401


def test_a_time_that_moves_asks_and_carries_the_words(
    browser: TestClient, key: Key, outbox: Outbox
) -> None:
    series = weekly(browser, key, times=1)
    first = series["occurrences"][0]
    register(browser, first, 1)
    later = (moment(first["starts_at"]) + timedelta(minutes=30)).isoformat()
    patch(browser, key, first, starts_at=later, note={"zh-CN": "讲师航班延误。"})
    told = outbox("registration")[-1]
    assert told.type == "activity.changed.v1"
    assert (told.data["note"], told.data["asks"]) == ({"zh-CN": "讲师航班延误。"}, True)
    with database.transaction() as session:
        assert session.scalars(sa.select(Registration.asked_at)).one() is not None
    patch(browser, key, first, venue={"name": "新馆"})
    assert outbox("registration")[-1].data["asks"] is False
    patch(browser, key, first, capacity=90, note={"zh-CN": "无关"}, ask=True)
    assert (outbox("registration")[-1].data["note"], outbox("registration")[-1].data["asks"]) == (
        {},
        False,
    )
