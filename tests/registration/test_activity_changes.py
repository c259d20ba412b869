"""What staff see before a change is made that touches other dates, or people who registered."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from services.chassis.events import Envelope
from services.registration.database import database
from services.registration.notices.models import KnownMaterial
from services.registration.registrations.models import Registration
from tests.registration.making import API, body, in_days, made

Key = Callable[..., dict[str, str]]
Desk = Callable[..., TestClient]
Outbox = Callable[[str], list[Envelope]]

SAME_SITE = {"Sec-Fetch-Site": "same-origin"}
_HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')


@pytest.fixture
def browser(client: Callable[..., TestClient]) -> TestClient:
    return client("registration")


@pytest.fixture
def desk(client: Callable[..., TestClient], staff: Callable[..., dict[str, str]]) -> Desk:
    def make(role: str, district: str | None = None) -> TestClient:
        return client("registration", cookies=staff(role, district), headers=SAME_SITE)

    return make


def typed(activity: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """The staff's form, as it is filled for an activity."""
    return {
        "version": str(activity["version"]),
        "kind": "lecture",
        "title.zh-CN": activity["title"]["zh-CN"],
        "languages": ["zh-CN"],
        "starts_at": "2027-05-04T14:00",
        "ends_at": "2027-05-04T16:00",
        "timezone": "Asia/Shanghai",
        "district": "110102",
        "venue.name.zh-CN": "文化中心",
        "capacity": "80",
        "waiting_list": "on",
        "max_party_size": "4",
    } | changes


def lecture(browser: TestClient, key: Key, guests: int = 0, **changes: Any) -> dict[str, Any]:
    """A published lecture of 4 May 2027, with so many guests."""
    activity = made(
        browser,
        key,
        starts_at="2027-05-04T14:00:00+08:00",
        ends_at="2027-05-04T16:00:00+08:00",
        title={"zh-CN": "行前安全课"},
        summary={},
        venue={"name": {"zh-CN": "文化中心"}},
        reminders=[],
        topics=[],
        countries=[],
        **changes,
    )
    for number in range(guests):
        answer = browser.post(
            f"{API}/activities/{activity['id']}/registrations",
            json={"name": "王芳", "email": f"guest{number}@example.com", "consents": {}},
        )
        assert answer.status_code == 201, answer.text
    return activity


def repeated(browser: TestClient, key: Key, activity: dict[str, Any]) -> list[dict[str, Any]]:
    """The activity with two more weeks, published."""
    wanted = {"every": "week", "times": 2}
    answer = browser.post(
        f"{API}/series",
        json={"activity_id": activity["id"], "repeat": wanted, "publish": True},
        headers=key("city-editor"),
    )
    assert answer.status_code == 201, answer.text
    occurrences: list[dict[str, Any]] = answer.json()["occurrences"]
    return occurrences


def sent_along(page: str) -> dict[str, Any]:
    """What the page of a preview sends again."""
    found: dict[str, Any] = {}
    for name, value in _HIDDEN.findall(page):
        found.setdefault(name, []).append(unescape(value))
    return found


def stored(browser: TestClient, activity: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = browser.get(f"{API}/activities/{activity['id']}").json()
    return found


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_another_time_is_shown_with_its_message_before_it_is_saved(
    desk: Desk, browser: TestClient, key: Key, outbox: Outbox, language: str
) -> None:
    activity = lecture(browser, key, guests=2)
    editor = desk("city-editor")
    editor.headers["Accept-Language"] = language
    address = f"/staff/activities/{activity['id']}/edit"
    before = len(outbox("registration"))
    changes = {"starts_at": "2027-05-04T15:00", "ends_at": "2027-05-04T17:00"}
    page = editor.post(address, data=typed(activity, **changes))
    assert page.status_code == 200
    assert stored(browser, activity)["version"] == activity["version"], "it was saved unseen"
    # Both languages, whatever the page itself speaks.
    assert "时间或地点变更：行前安全课，2027年5月4日（周二）15:00" in page.text
    assert "New time or place: 行前安全课, Tuesday 4 May 2027 15:00" in page.text
    assert ("2 registrations will be told" in page.text) == (language == "en")
    assert re.search(r'name="ask" value="on" checked', page.text), "another time asks by itself"

    words = {"note.zh-CN": "讲师<航班>延误。", "note.en": "The flight is late."}
    again = editor.post(address, data=sent_along(page.text) | words | {"preview": "yes"})
    assert again.text.count("讲师&lt;航班&gt;延误。") == 2
    assert 'name="ask" value="on" checked' not in again.text, "what was unticked stays so"

    last = sent_along(again.text) | words | {"ask": "on", "confirmed": "yes"}
    assert editor.post(address, data=last).status_code == 303
    assert stored(browser, activity)["starts_at"] == "2027-05-04T07:00:00Z"
    (told,) = [e for e in outbox("registration")[before:] if e.type == "activity.changed.v1"]
    assert told.data["asks"] is True
    assert told.data["note"] == {"zh-CN": "讲师<航班>延误。", "en": "The flight is late."}
    with database.transaction() as session:
        assert None not in session.scalars(sa.select(Registration.asked_at)).all()


def test_what_touches_nobody_is_saved_at_once(desk: Desk, browser: TestClient, key: Key) -> None:
    activity = lecture(browser, key)
    editor = desk("city-editor")
    address = f"/staff/activities/{activity['id']}/edit"
    assert (
        editor.post(address, data=typed(activity, starts_at="2027-05-04T13:00")).status_code == 303
    )
    full = lecture(browser, key, guests=1)
    address = f"/staff/activities/{full['id']}/edit"
    assert editor.post(address, data=typed(full, capacity="90")).status_code == 303


def test_words_that_are_too_long_are_said_on_the_page_of_the_message(
    desk: Desk, browser: TestClient, key: Key
) -> None:
    activity = lecture(browser, key, guests=1)
    form = typed(activity, **{"venue.name.zh-CN": "新馆"})
    form |= {"note.zh-CN": "长" * 1001, "confirmed": "yes", "seen": "yes"}
    page = desk("city-editor").post(f"/staff/activities/{activity['id']}/edit", data=form)
    assert page.status_code == 422
    assert 'href="#field-note"' in page.text
    assert "长" * 1001 in page.text
    assert stored(browser, activity)["version"] == activity["version"]


def test_one_may_go_back_from_the_preview_with_everything_kept(
    desk: Desk, browser: TestClient, key: Key
) -> None:
    activity = lecture(browser, key, guests=1)
    editor = desk("city-editor")
    address = f"/staff/activities/{activity['id']}/edit"
    page = editor.post(address, data=typed(activity, starts_at="2027-05-04T13:15"))
    back = editor.post(
        address, data=sent_along(page.text) | {"note.zh-CN": "临时有变", "change": "yes"}
    )
    assert 'value="2027-05-04T13:15"' in back.text
    assert 'name="note.zh-CN" value="临时有变"' in back.text


def test_an_edit_of_all_dates_says_which_and_how_many(
    desk: Desk, browser: TestClient, key: Key
) -> None:
    activity = lecture(browser, key)
    occurrences = repeated(browser, key, activity)
    answer = browser.post(
        f"{API}/activities/{occurrences[2]['id']}/registrations",
        json={"name": "王芳", "email": "guest@example.com", "party_size": 3, "consents": {}},
    )
    assert answer.status_code == 201
    editor = desk("city-editor")
    address = f"/staff/activities/{activity['id']}/edit"
    assert 'name="scope"' in editor.get(address).text
    form = typed(stored(browser, activity), scope="all", starts_at="2027-05-04T13:30")
    page = editor.post(address, data=form)
    assert page.status_code == 200
    for date in ("5月4日（周二）13:30", "5月11日（周二）13:30", "5月18日（周二）13:30"):
        assert date in re.sub("<[^>]+>", "", page.text)
    assert re.search(r'class="number">3</td>', page.text)
    assert (
        editor.post(address, data=sent_along(page.text) | {"confirmed": "yes"}).status_code == 303
    )
    moved = [stored(browser, one)["starts_at"] for one in occurrences]
    assert moved == ["2027-05-04T05:30:00Z", "2027-05-11T05:30:00Z", "2027-05-18T05:30:00Z"]


def test_cancelling_lets_choose_how_many_dates(desk: Desk, browser: TestClient, key: Key) -> None:
    occurrences = repeated(browser, key, lecture(browser, key, guests=2))
    editor = desk("city-editor")
    address = f"/staff/activities/{occurrences[1]['id']}/cancel"
    page = editor.get(address, headers={"Accept-Language": "en"})
    assert "Dates: 2, registrations: 0, people: 0" in page.text
    assert "Dates: 3, registrations: 2, people: 2" in page.text
    refused = editor.post(address, data={"reason": "停电", "scope": "everything"})
    assert refused.status_code == 422
    assert editor.post(address, data={"reason": "停电", "scope": "following"}).status_code == 303
    states = [stored(browser, one)["status"] for one in occurrences]
    assert states == ["published", "cancelled", "cancelled"]


# --- What an activity may say of itself ---


def material(withdrawn: bool = False) -> str:
    """A material that was heard of."""
    identifier = uuid.uuid4()
    with database.transaction() as session:
        session.add(
            KnownMaterial(
                id=identifier,
                version=1,
                kind="brochure",
                title={"zh-CN": "出行手册"},
                summary={},
                topics=[],
                countries=[],
                url="http://testserver/library/x",
                withdrawn=withdrawn,
            )
        )
    return str(identifier)


def test_everything_new_is_kept_and_given_back(browser: TestClient, key: Key) -> None:
    wanted = {
        "audience": ["parents", "students", "parents"],
        "step_free": True,
        "bring": {"zh-CN": "身份证"},
        "attachments": [material()],
        "latitude": 39.8789,
        "longitude": 116.3804,
        "asks_children": True,
        "asks_companions": True,
        "verify_contact": True,
        "fair_queue": True,
        "certificates": True,
    }
    opens = in_days(1)
    activity = made(browser, key, publish=False, registration_opens_at=opens, **wanted)
    assert {name: activity[name] for name in wanted} == wanted | {
        "audience": ["parents", "students"]
    }


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"audience": ["cats"]}, "audience.0"),
        ({"latitude": 91, "longitude": 0}, "latitude"),
        ({"latitude": 40}, "longitude"),
        ({"longitude": 116}, "longitude"),
        ({"latitude": "north", "longitude": 1}, "latitude"),
        ({"latitude": "NaN", "longitude": "Infinity"}, "latitude"),
        ({"attachments": ["not-an-id"]}, "attachments.0"),
        ({"attachments": [str(uuid.uuid4())]}, "attachments"),
        ({"attachments": [str(uuid.uuid4()) for _ in range(13)]}, "attachments"),
        ({"bring": {"de": "Ausweis"}}, "bring.de"),
    ],
    ids=lambda value: value if isinstance(value, str) else "-".join(value),
)
def test_bad_values_have_a_sentence_beside_their_field(
    browser: TestClient, key: Key, changes: dict[str, Any], field: str
) -> None:
    answer = browser.post(f"{API}/activities", json=body(**changes), headers=key("city-editor"))
    assert answer.status_code == 422
    found = {error["field"]: error["message"] for error in answer.json()["errors"]}
    assert any(name.startswith(field) for name in found), found
    assert all("\u4e00" <= found[name][0] <= "\u9fff" for name in found)


def test_a_withdrawn_attachment_is_not_chosen_anew_but_hinders_no_edit(
    browser: TestClient, key: Key
) -> None:
    known = material()
    activity = made(browser, key, attachments=[known])
    with database.transaction() as session:
        session.execute(sa.update(KnownMaterial).values(withdrawn=True))
    address = f"{API}/activities/{activity['id']}"
    headers = key("city-editor")
    assert browser.patch(address, json={"capacity": 70}, headers=headers).status_code == 200
    other = material(withdrawn=True)
    refused = browser.patch(address, json={"attachments": [known, other]}, headers=headers)
    assert refused.status_code == 422
    assert len(repeated(browser, key, activity)) == 3, "and it can be repeated without it"


def test_the_form_shows_and_keeps_them(desk: Desk, browser: TestClient, key: Key) -> None:
    known = material()
    editor = desk("city-editor")
    activity = lecture(browser, key)
    form = typed(activity, capacity="８０") | {
        "audience": ["older-people"],
        "step_free": "on",
        "bring.zh-CN": "老花镜",
        "attachments": [known],
        "latitude": "３９.８７８９",
        "longitude": "116.3804",
        "certificates": "on",
    }
    address = f"/staff/activities/{activity['id']}"
    assert editor.post(f"{address}/edit", data=form).status_code == 303
    kept = stored(browser, activity)
    assert (kept["latitude"], kept["audience"]) == (39.8789, ["older-people"])
    page = editor.get(f"{address}/edit").text
    for part in ('value="39.8789"', "老花镜", f'value="{known}" checked', "出行手册"):
        assert part in page, part
    shown = editor.get(address).text
    for part in ("老年人", "老花镜", "出行手册"):
        assert part in shown, part
    wrong = form | {"version": str(kept["version"]), "longitude": "", "audience": "cats"}
    refused = editor.post(f"{address}/edit", data=wrong)
    assert refused.status_code == 422
    assert 'href="#field-longitude"' in refused.text
    assert 'href="#field-audience"' in refused.text


def test_a_time_that_the_clocks_skip_is_refused_where_it_is_typed(desk: Desk) -> None:
    form = typed({"version": 1, "title": {"zh-CN": "讲座"}}, timezone="Europe/Berlin")
    form |= {"starts_at": "2027-03-28T02:30", "ends_at": "2027-03-28T05:00"}
    page = desk("city-editor").post("/staff/activities/new", data=form)
    assert page.status_code == 422
    assert 'href="#field-starts_at"' in page.text
    assert "拨快时钟" in page.text
