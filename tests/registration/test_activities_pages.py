"""The pages of activities, as residents and staff meet them."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from services.registration.activities.models import Activity
from services.registration.database import database
from tests.registration.making import API, in_days, made

Key = Callable[..., dict[str, str]]
Staff = Callable[..., dict[str, str]]
SAME_SITE = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def browser(client: Callable[..., TestClient]) -> TestClient:
    return client("registration")


@pytest.fixture
def desk(client: Callable[..., TestClient], staff: Staff) -> Callable[..., TestClient]:
    """``desk("city-editor")``: the browser of somebody who is signed in."""

    def make(role: str, district: str | None = None) -> TestClient:
        return client("registration", cookies=staff(role, district), headers=SAME_SITE)

    return make


def typed(**changes: Any) -> dict[str, Any]:
    """The staff's form, filled in."""
    return {
        "kind": "lecture",
        "title.zh-CN": "行前安全课",
        "title.en": "Before you leave",
        "summary.zh-CN": "第一段。\r\n\r\n第二段。",
        "languages": ["zh-CN", "en"],
        "topics": ["travel", "fraud"],
        "countries": "泰国、Japan, ke",
        "starts_at": "2027-04-18T14:00",
        "ends_at": "2027-04-18T16:00",
        "timezone": "Asia/Shanghai",
        "district": "110102",
        "venue.name.zh-CN": "文化中心",
        "capacity": "80",
        "waiting_list": "on",
        "max_party_size": "4",
        "reminders": ["P1D", "PT1H"],
    } | changes


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_the_list_narrows_and_says_when_there_is_nothing(
    browser: TestClient, key: Key, language: str
) -> None:
    empty = browser.get("/activities", params={"lang": language})
    assert ("目前没有安排活动" if language == "zh-CN" else "No activity is planned") in empty.text
    made(browser, key)
    title = "出国前的安全课" if language == "zh-CN" else "A safety lesson before you leave"
    assert title in browser.get("/activities", params={"lang": language}).text
    other = browser.get("/activities", params={"lang": language, "district": "110119"})
    assert title not in other.text
    assert ("没有找到相符的活动" if language == "zh-CN" else "Nothing was found") in other.text


def test_a_month_is_the_citys_and_an_unknown_filter_is_left(browser: TestClient, key: Key) -> None:
    # Half past midnight on 1 April in Shanghai is still March in UTC.
    made(
        browser,
        key,
        starts_at="2027-04-01T00:30:00+08:00",
        ends_at="2027-04-01T02:00:00+08:00",
    )
    assert "出国前的安全课" in browser.get("/activities?month=2027-04").text
    assert "出国前的安全课" not in browser.get("/activities?month=2027-05").text
    assert "出国前的安全课" in browser.get("/activities?month=soon&kind=x&district=y").text


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({}, "80 places left"),
        ({"capacity": None}, "Places available"),
        ({"registration_opens_at": in_days(2)}, "You can register from"),
        ({"registration_closes_at": in_days(-1)}, "Registration is closed."),
    ],
)
def test_an_activity_says_whether_one_can_register(
    browser: TestClient, key: Key, changes: dict[str, Any], sentence: str
) -> None:
    activity = made(browser, key, **changes)
    page = browser.get(f"/activities/{activity['slug']}?lang=en")
    assert page.status_code == 200
    assert sentence in page.text
    button = f'href="/activities/{activity["slug"]}/register"'
    assert (button in page.text) == (activity["intake"] == "open")


def test_a_cancelled_activity_says_why(browser: TestClient, key: Key) -> None:
    activity = made(browser, key)
    browser.post(
        f"{API}/activities/{activity['id']}/cancel",
        json={"reason": "<b>停电</b>"},
        headers=key("city-editor"),
    )
    page = browser.get(f"/activities/{activity['slug']}")
    assert "这场活动已取消" in page.text
    assert "&lt;b&gt;停电&lt;/b&gt;" in page.text
    assert "/register" not in page.text


def test_drafts_and_nonsense_are_a_friendly_404(browser: TestClient, key: Key) -> None:
    draft = made(browser, key, publish=False)
    for address in (draft["slug"], draft["id"], "nothing-here"):
        page = browser.get(f"/activities/{address}")
        assert page.status_code == 404
        assert "没有找到这场活动" in page.text


def test_staff_write_publish_and_edit(desk: Callable[..., TestClient]) -> None:
    editor = desk("city-editor")
    assert editor.get("/staff/activities/new").status_code == 200
    answer = editor.post("/staff/activities/new", data=typed())
    assert answer.status_code == 303, answer.text
    address = answer.headers["location"]
    with database.transaction() as session:
        stored = session.scalars(sa.select(Activity)).one()
        assert stored.countries == ["TH", "JP", "KE"]
        assert stored.starts_at.isoformat() == "2027-04-18T06:00:00+00:00"
        assert stored.summary == {"zh-CN": "第一段。\n\n第二段。"}
        assert stored.status == "draft"
    assert editor.get(f"{address}/publish").status_code == 200
    with database.transaction() as session:
        assert session.scalars(sa.select(Activity)).one().status == "draft", "a GET published it"
    assert editor.post(f"{address}/publish").status_code == 303
    form = editor.get(f"{address}/edit")
    assert 'value="2027-04-18T14:00"' in form.text
    assert "泰国、日本、肯尼亚" in form.text
    answer = editor.post(f"{address}/edit", data=typed(version="2", capacity=""))
    assert answer.status_code == 303
    page = editor.get("/activities/before-you-leave")
    assert "<p>第一段。</p>" in page.text
    assert "4月18日" in page.text


def test_what_was_typed_is_still_there_after_an_error(desk: Callable[..., TestClient]) -> None:
    editor = desk("city-editor")
    wrong = typed(
        **{"title.zh-CN": "", "title.en": "", "capacity": "八十", "countries": "泰国、乌有国"},
        ends_at="2027-04-18T13:00",
        starts_at="2027-04-18T14:00",
    )
    page = editor.post("/staff/activities/new", data=wrong)
    assert page.status_code == 422
    for field in ("title", "capacity", "countries", "ends_at"):
        assert f'href="#field-{field}"' in page.text, field
    for text in ("八十", "泰国、乌有国", "2027-04-18T13:00", "第二段。", "文化中心"):
        assert text in page.text, text


@pytest.mark.parametrize(
    "moment", ["2027-02-30T14:00", "soon", "0001-01-01T00:00", "9999-12-31T23:59"]
)
def test_a_moment_that_does_not_exist_is_refused(
    desk: Callable[..., TestClient], moment: str
) -> None:
    page = desk("city-editor").post("/staff/activities/new", data=typed(starts_at=moment))
    assert page.status_code == 422
    assert 'href="#field-starts_at"' in page.text


def test_the_same_form_twice_creates_once(desk: Callable[..., TestClient]) -> None:
    editor = desk("city-editor")
    form = typed(_once="0123456789abcdef")
    first = editor.post("/staff/activities/new", data=form)
    again = editor.post("/staff/activities/new", data=form)
    assert first.headers["location"] == again.headers["location"]
    with database.transaction() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Activity)) == 1


def test_an_edit_over_a_newer_one_is_shown_with_what_was_typed(
    desk: Callable[..., TestClient], browser: TestClient, key: Key
) -> None:
    activity = made(browser, key)
    address = f"/staff/activities/{activity['id']}/edit"
    browser.patch(
        f"{API}/activities/{activity['id']}", json={"capacity": 90}, headers=key("city-editor")
    )
    editor = desk("city-editor")
    page = editor.post(address, data=typed(version=str(activity["version"]), capacity="70"))
    assert page.status_code == 409
    assert "其他同事修改了这场活动" in page.text
    assert 'value="70"' in page.text
    newest = activity["version"] + 1
    assert f'name="version" value="{newest}"' in page.text
    assert editor.post(address, data=typed(version=str(newest), capacity="70")).status_code == 303


def test_cancelling_asks_and_says_how_many_are_told(
    desk: Callable[..., TestClient], browser: TestClient, key: Key
) -> None:
    activity = made(browser, key)
    browser.post(
        f"{API}/activities/{activity['id']}/registrations",
        json={"name": "王芳", "email": "wang@example.com", "party_size": 3, "consents": {}},
    )
    editor = desk("city-editor")
    address = f"/staff/activities/{activity['id']}/cancel"
    asked = editor.get(address, headers={"Accept-Language": "en"})
    assert "1 registrations, for 3 people, are cancelled." in asked.text
    assert browser.get(f"{API}/activities/{activity['id']}").json()["status"] == "published"
    assert editor.post(address, data={"reason": ""}).status_code == 422
    assert editor.post(address, data={"reason": "停电"}).status_code == 303
    assert browser.get(f"{API}/activities/{activity['id']}").json()["status"] == "cancelled"


def test_the_list_counts_by_state_and_keeps_to_the_district(
    desk: Callable[..., TestClient], browser: TestClient, key: Key
) -> None:
    made(browser, key)
    made(browser, key, publish=False, title={"zh-CN": "通州的草稿"}, district="110112")
    everything = desk("city-editor").get("/staff/activities")
    assert "出国前的安全课" in everything.text
    assert "通州的草稿" in everything.text
    tongzhou = desk("district-editor", "110112").get("/staff/activities")
    assert "出国前的安全课" not in tongzhou.text
    assert "通州的草稿" in tongzhou.text


def test_staff_pages_ask_to_sign_in_and_keep_roles_apart(
    desk: Callable[..., TestClient], browser: TestClient, key: Key
) -> None:
    activity = made(browser, key)
    assert browser.get("/staff/activities").status_code == 303
    viewer = desk("viewer")
    page = viewer.get(f"/staff/activities/{activity['id']}")
    assert page.status_code == 200
    assert "/cancel" not in page.text
    assert viewer.get(f"/staff/activities/{activity['id']}/edit").status_code == 403
    assert viewer.post("/staff/activities/new", data=typed()).status_code == 403
    other = desk("district-admin", "110112")
    assert other.get(f"/staff/activities/{activity['id']}").status_code == 403
    assert desk("city-editor").get(f"/staff/activities/{uuid.uuid4()}").status_code == 404
    assert desk("city-editor").get("/staff/activities/not-an-id").status_code == 422
