"""Series: dates that keep their wall clock, and acts that are meant for several of them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
import time_machine
from starlette.testclient import TestClient

from services.chassis.events import Envelope
from services.registration.activities.models import Activity
from services.registration.database import database
from services.registration.moments import clock_at
from services.registration.series.dates import MOST_DATES, Every, Span, placed, repeated
from tests.registration.ground import an_activity
from tests.registration.making import API, body, made
from tests.registration.planning import TEN, a_lecturer, arrange, at
from tests.registration.repeating import BERLIN, moment, now_in, weekly

Key = Callable[..., dict[str, str]]
Outbox = Callable[[str], list[Envelope]]

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
SAME_SITE = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def browser(client: Callable[..., TestClient]) -> TestClient:
    return client("registration")


@pytest.fixture
def desk(
    client: Callable[..., TestClient], staff: Callable[..., dict[str, str]]
) -> Callable[..., TestClient]:
    def make(role: str, district: str | None = None) -> TestClient:
        return client("registration", cookies=staff(role, district), headers=SAME_SITE)

    return make


def span(year: int, month: int, day: int, hour: int, minute: int = 0) -> Span:
    """Two hours from that wall clock in Berlin."""
    starts = datetime(year, month, day, hour, minute, tzinfo=ZoneInfo(BERLIN)).astimezone(UTC)
    return Span(starts, starts + timedelta(hours=2))


def clocks(first: Span, every: Every, **how: Any) -> list[str]:
    return [f"{clock:%Y-%m-%d %H:%M}" for clock in repeated(first, BERLIN, every, **how)]


# --- Dates ---


def test_the_wall_clock_stays_when_the_clocks_change() -> None:
    """Summer time begins in Berlin on 28 March 2027."""
    first = span(2027, 3, 21, 14)
    dates = placed(first, BERLIN, repeated(first, BERLIN, "week", times=2), now=LONG_AGO)
    assert [one.starts_at for one in dates.spans] == [
        datetime(2027, 3, 28, 12, tzinfo=UTC),
        datetime(2027, 4, 4, 12, tzinfo=UTC),
    ]
    assert first.starts_at == datetime(2027, 3, 21, 13, tzinfo=UTC)
    assert [one.ends_at - one.starts_at for one in dates.spans] == [timedelta(hours=2)] * 2


def test_a_time_that_the_clocks_skip_is_left_out_with_a_sentence() -> None:
    first = span(2027, 3, 21, 2, 30)
    dates = placed(first, BERLIN, repeated(first, BERLIN, "week", times=2), now=LONG_AGO)
    assert [one.starts_at.day for one in dates.spans] == [4]
    (left,) = dates.left_out
    assert f"{left.clock:%Y-%m-%d %H:%M}" == "2027-03-28 02:30"
    assert "skip" in str(left.reason)


def test_a_time_that_is_shown_twice_is_the_first_of_them() -> None:
    """Summer time ends in Berlin on 31 October 2027 at three, which is two again."""
    first = span(2027, 10, 24, 2, 30)
    dates = placed(first, BERLIN, repeated(first, BERLIN, "week", times=1), now=LONG_AGO)
    assert [one.starts_at for one in dates.spans] == [datetime(2027, 10, 31, 0, 30, tzinfo=UTC)]


@pytest.mark.parametrize(
    ("first", "every", "how", "expected"),
    [
        ((2027, 1, 5), "two-weeks", {"times": 2}, ["2027-01-19 14:00", "2027-02-02 14:00"]),
        ((2027, 1, 12), "month", {"times": 2}, ["2027-02-09 14:00", "2027-03-09 14:00"]),
        # A fifth Friday: from then on the last.
        ((2027, 1, 29), "month", {"times": 2}, ["2027-02-26 14:00", "2027-03-26 14:00"]),
        ((2027, 1, 5), "week", {"until": date(2027, 1, 12)}, ["2027-01-12 14:00"]),
        ((2027, 1, 5), "week", {"until": date(2027, 1, 5)}, []),
    ],
)  # fmt: skip
def test_rules(
    first: tuple[int, int, int], every: Every, how: dict[str, Any], expected: list[str]
) -> None:
    assert clocks(span(*first, 14), every, **how) == expected


def test_a_rule_without_end_stops() -> None:
    many = repeated(span(2027, 1, 5, 14), BERLIN, "week", until=date(2100, 12, 31))
    assert len(many) == MOST_DATES + 1


# --- The API ---


def test_a_series_makes_activities_of_their_own(
    browser: TestClient, key: Key, outbox: Outbox
) -> None:
    series = weekly(
        browser,
        key,
        capacity=30,
        bring={"zh-CN": "身份证"},
        registration_closes_at=(datetime.now(UTC) + timedelta(days=9)).isoformat(),
    )
    first, *others = series["occurrences"]
    assert len(others) == 3
    for week, other in enumerate(others, start=1):
        assert moment(other["starts_at"]) - moment(first["starts_at"]) == timedelta(weeks=week)
        assert other["registration_closes_at"] != first["registration_closes_at"]
        assert (other["capacity"], other["bring"]) == (30, {"zh-CN": "身份证"})
        assert other["series_id"] == series["id"]
        assert other["status"] == "published"
    assert len({one["slug"] for one in series["occurrences"]}) == 4
    said = [event.type for event in outbox("registration") if event.type.startswith("activity.")]
    assert said == ["activity.published.v1"] * 4


def test_the_same_dates_again_are_refused_and_others_added(browser: TestClient, key: Key) -> None:
    series = weekly(browser, key)
    address = f"{API}/series/{series['id']}/occurrences"
    like = series["occurrences"][0]
    again = browser.post(
        address,
        json={"like": like["id"], "repeat": {"every": "week", "times": 3}},
        headers=key("city-editor"),
    )
    assert again.status_code == 422
    extra = (moment(like["starts_at"]) + timedelta(days=1)).isoformat()
    added = browser.post(address, json={"starts_at": [extra, extra]}, headers=key("city-editor"))
    assert added.status_code == 201
    drafts = [one for one in added.json()["occurrences"] if one["status"] == "draft"]
    assert [moment(one["starts_at"]) for one in drafts] == [moment(extra)]
    assert len(now_in(browser, series)) == 4, "the public sees no draft"


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"repeat": {"every": "week"}}, "repeat.until"),
        ({"repeat": {"every": "week", "times": 0}}, "repeat.times"),
        ({"repeat": {"every": "week", "times": MOST_DATES + 1}}, "repeat.times"),
        ({"repeat": {"every": "week", "times": 2, "until": "2030-01-01"}}, "repeat.until"),
        ({"repeat": {"every": "week", "until": "2099-12-31"}}, ""),
        ({"repeat": {"every": "year", "times": 2}}, "repeat.every"),
        ({"repeat": {"every": "week", "until": "0001-01-01"}}, "repeat.until"),
        ({}, ""),
        ({"starts_at": ["2020-01-01T10:00:00+08:00"]}, ""),
        ({"starts_at": ["soon"]}, "starts_at.0"),
    ],
)
def test_bad_dates_are_refused_with_a_sentence(
    browser: TestClient, key: Key, sent: dict[str, Any], field: str
) -> None:
    first = made(browser, key)
    answer = browser.post(
        f"{API}/series", json={"activity_id": first["id"]} | sent, headers=key("city-editor")
    )
    assert answer.status_code == 422, answer.text
    found = {error["field"]: error["message"] for error in answer.json()["errors"]}
    assert field in found
    assert any("\u4e00" <= char <= "\u9fff" for char in found[field])
    with database.transaction() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Activity)) == 1


def test_the_same_key_makes_one_series(browser: TestClient, key: Key) -> None:
    first = made(browser, key)
    headers = key("city-editor") | {"Idempotency-Key": "weekly"}
    wanted = {"activity_id": first["id"], "repeat": {"every": "week", "times": 2}}
    answers = [browser.post(f"{API}/series", json=wanted, headers=headers) for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    with database.transaction() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Activity)) == 3


# --- Pages ---


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_the_public_page_has_what_comes_and_folds_what_is_over(
    browser: TestClient, key: Key, language: str
) -> None:
    series = weekly(browser, key)
    first, *others = series["occurrences"]
    with time_machine.travel(moment(first["ends_at"]) + timedelta(minutes=1)):
        page = browser.get(f"/series/{series['slug']}?lang={language}")
        beside = browser.get(f"/activities/{others[0]['slug']}?lang={language}")
    assert page.status_code == 200
    assert page.text.count('<article class="entry">') == 3
    assert page.text.index("<details") < page.text.index(f'href="/activities/{first["slug"]}"')
    assert f'href="/activities/{others[1]["slug"]}"' in beside.text
    assert f'href="/series/{series["slug"]}"' in beside.text


def test_a_series_of_drafts_and_nonsense_are_a_friendly_404(browser: TestClient, key: Key) -> None:
    draft = made(browser, key, publish=False)
    series = browser.post(
        f"{API}/series",
        json={"activity_id": draft["id"], "repeat": {"every": "week", "times": 2}},
        headers=key("city-editor"),
    ).json()
    for slug in (series["slug"], "nothing-here", "%00", "'; DROP TABLE series; --"):
        page = browser.get(f"/series/{slug}")
        assert page.status_code == 404
        assert "没有找到这个系列" in page.text


def test_staff_repeat_with_a_preview(
    desk: Callable[..., TestClient], browser: TestClient, key: Key
) -> None:
    activity = made(browser, key, starts_at="2027-05-04T14:00:00+08:00",
                    ends_at="2027-05-04T16:00:00+08:00")  # fmt: skip
    editor = desk("city-editor")
    address = f"/staff/activities/{activity['id']}/repeat"
    assert editor.get(address).status_code == 200
    rule = {"every": "week", "ending": "times", "times": "３", "until": "", "dates": ""}
    preview = editor.post(address, data=rule)
    assert preview.status_code == 200
    for day in ("2027-05-11T14:00", "2027-05-18T14:00", "2027-05-25T14:00"):
        assert f'value="{day}" checked' in preview.text
    with database.transaction() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Activity)) == 1
    keep = ["2027-05-11T14:00", "2027-05-25T14:00"]
    form = rule | {"keep": keep, "publish": "on", "make": "yes", "_once": "once-and-again"}
    done = editor.post(address, data=form)
    assert done.status_code == 303, done.text
    again = editor.post(address, data=form)
    assert again.headers["location"] == done.headers["location"]
    page = editor.get(done.headers["location"])
    assert page.text.count('data-label="所在区"') == 3
    listed = editor.get("/staff/activities")
    assert f'href="{done.headers["location"]}"' in listed.text


@pytest.mark.parametrize(
    ("sent", "field", "typed"),
    [
        ({"every": "week", "ending": "times", "times": "many"}, "times", "many"),
        ({"every": "week", "ending": "until", "until": ""}, "until", ""),
        ({"every": "", "ending": "times", "times": "3"}, "every", ""),
        ({"every": "dates", "dates": "2027-02-30"}, "dates", "2027-02-30"),
        ({"every": "dates", "dates": "下周二"}, "dates", "下周二"),
        ({"every": "dates", "dates": "<script>"}, "dates", "&lt;script&gt;"),
        ({"every": "dates", "dates": " "}, "dates", ""),
        ({"every": "week", "ending": "times", "times": "3", "make": "yes"}, "keep", ""),
        (
            {"every": "week", "ending": "times", "times": "3", "make": "yes", "keep": "never"},
            "keep",
            "",
        ),
    ],
)
def test_what_cannot_be_repeated_is_said_and_kept(
    desk: Callable[..., TestClient], sent: dict[str, Any], field: str, typed: str
) -> None:
    page = desk("city-editor").post(f"/staff/activities/{an_activity()}/repeat", data=sent)
    assert page.status_code == 422
    assert f'href="#field-{field}"' in page.text
    assert typed in page.text


def test_a_lecturer_who_is_not_free_is_said_beside_the_dates(
    desk: Callable[..., TestClient],
) -> None:
    lecturer = a_lecturer()
    first, other = an_activity(**at(0)), an_activity(**at(24 * 7))
    for activity in (first, other):
        arrange(activity, lecturer_ids=[lecturer.id])
    week = clock_at(TEN + timedelta(weeks=1), "Asia/Shanghai")
    keep = [f"{week + timedelta(weeks=n):%Y-%m-%dT%H:%M}" for n in (0, 1)]
    rule = {"every": "week", "ending": "times", "times": "2", "make": "yes"}
    editor = desk("city-editor")
    address = f"/staff/activities/{first}/repeat"
    page = editor.post(address, data=rule | {"keep": keep})
    assert page.status_code == 409
    assert "notice-warning" in page.text
    assert f'value="{keep[1]}" checked' in page.text
    assert editor.post(address, data=rule | {"keep": keep[1:]}).status_code == 303


def test_dates_may_be_written_by_hand(
    desk: Callable[..., TestClient], browser: TestClient, key: Key
) -> None:
    activity = made(browser, key, starts_at="2027-05-04T14:00:00+08:00",
                    ends_at="2027-05-04T16:00:00+08:00")  # fmt: skip
    written = "２０２７年5月12日\n2027/5/13 18:30、2027-06-01"
    page = desk("city-editor").post(
        f"/staff/activities/{activity['id']}/repeat", data={"every": "dates", "dates": written}
    )
    for clock in ("2027-05-12T14:00", "2027-05-13T18:30", "2027-06-01T14:00"):
        assert f'value="{clock}" checked' in page.text


def test_staff_pages_of_series_keep_to_the_district(
    desk: Callable[..., TestClient], browser: TestClient, key: Key
) -> None:
    series = weekly(browser, key)
    here = f"/staff/activities/series/{series['id']}"
    other = desk("district-editor", "110112")
    for path in ("", "/edit", "/publish"):
        assert other.get(here + path).status_code == 403, path
    first = series["occurrences"][0]["id"]
    assert other.get(f"/staff/activities/{first}/repeat").status_code == 403
    assert other.post(f"{here}/publish").status_code == 403
    viewer = desk("viewer")
    assert viewer.get(here).status_code == 200
    assert viewer.get(f"{here}/edit").status_code == 403
    own = desk("district-editor", "110102")
    wanted = {"title.zh-CN": "新的名字", "summary.zh-CN": "第一段。\r\n\r\n第二段。"}
    assert own.post(f"{here}/edit", data=wanted).status_code == 303
    assert own.post(f"{here}/edit", data={"title.zh-CN": ""}).status_code == 422
    assert "新的名字" in browser.get(f"/series/{series['slug']}").text


def test_publishing_the_drafts_of_a_series(
    desk: Callable[..., TestClient], browser: TestClient, key: Key
) -> None:
    draft = browser.post(f"{API}/activities", json=body(), headers=key("city-editor")).json()
    series = browser.post(
        f"{API}/series",
        json={"activity_id": draft["id"], "repeat": {"every": "month", "times": 2}},
        headers=key("city-editor"),
    ).json()
    editor = desk("city-editor")
    assert editor.get(f"/staff/activities/series/{series['id']}/publish").status_code == 200
    assert browser.get(f"{API}/series/{series['slug']}").status_code == 404
    assert editor.post(f"/staff/activities/series/{series['id']}/publish").status_code == 303
    assert [one["status"] for one in now_in(browser, series)] == ["published"] * 3
