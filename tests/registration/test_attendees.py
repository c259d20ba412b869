"""The people of an activity as staff see them: finding, acting on one, acting on many."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from services.chassis.database import utc_now
from services.chassis.events import Envelope
from services.registration.attendees import service
from services.registration.attendees.finding import name_key
from services.registration.database import database
from services.registration.registrations.models import Registration
from tests.conftest import principal
from tests.registration.ground import an_activity, edit, register, seats_taken, stored

API = "/api/registration/v1"
ORIGIN = {"Origin": "http://testserver"}
Headers = Callable[..., dict[str, str]]

MEAL = {
    "id": "meal",
    "kind": "choice",
    "label": {"zh-CN": "用餐", "en": "Meal"},
    "required": False,
    "options": [
        {"value": "beef", "label": {"zh-CN": "牛肉", "en": "Beef"}},
        {"value": "none", "label": {"zh-CN": "不用餐", "en": "None"}},
    ],
}


@pytest.fixture
def browser(client: Callable[..., TestClient]) -> TestClient:
    return client("registration")


def put(registration_id: uuid.UUID, **values: Any) -> None:
    """Change a registration's columns directly, as a fixture."""
    with database.transaction() as session:
        session.execute(
            sa.update(Registration).where(Registration.id == registration_id).values(**values)
        )


def names(page: str) -> list[str]:
    """The names in the list of a page, in their order."""
    return re.findall(r'<th scope="row"><a href="[^"]*">([^<]*)</a>', page)


def test_the_api_s_list_is_paged_filtered_and_the_district_s_own(
    browser: TestClient, key: Headers
) -> None:
    activity = an_activity(capacity=3)
    for number in range(5):
        register(activity, number)
    place = f"{API}/activities/{activity}/registrations"
    assert browser.get(f"{place}?limit=2", headers=key("viewer")).status_code == 403
    first = browser.get(f"{place}?limit=2", headers=key("city-editor")).json()
    rest = browser.get(
        f"{place}?limit=9&cursor={first['next_cursor']}", headers=key("city-editor")
    ).json()
    found = [row["name"] for row in first["items"] + rest["items"]]
    assert found == [f"王小明{number}" for number in range(5)]
    assert rest["next_cursor"] is None
    waiting = browser.get(f"{place}?status=waiting", headers=key("city-editor")).json()
    assert len(waiting["items"]) == 2
    assert browser.get(place, headers=key("district-editor", "110102")).status_code == 200
    assert browser.get(place, headers=key("district-editor", "110105")).status_code == 403
    assert browser.get(place).status_code == 401


def test_filters_and_orders_stand_in_the_address(browser: TestClient, staff: Headers) -> None:
    activity = an_activity(capacity=4, questions=[MEAL])
    people = [
        register(activity, 0, name="周丽", phone="13800138000", answers={"meal": "beef"}),
        register(activity, 1, name="安娜", party_size=2, answers={"meal": "none"}),
        register(activity, 2, name="Zoe", email="zoe@Example.com"),
        register(activity, 3, name="陈来"),
    ]
    came, asked, failed, waiting = (person.id for person in people)
    put(came, checked_in_at=utc_now())
    put(asked, asked_at=utc_now())
    put(failed, contact_failed=True, source="staff")
    browser.cookies = staff("city-editor")
    place = f"/staff/activities/{activity}/registrations"

    def shown(**query: str) -> list[str]:
        page = browser.get(place, params=query)
        assert page.status_code == 200, page.text
        return names(page.text)

    assert shown() == ["周丽", "安娜", "Zoe", "陈来"]
    assert shown(sort="latest") == ["陈来", "Zoe", "安娜", "周丽"]
    assert shown(sort="name") == ["Zoe", "安娜", "陈来", "周丽"], "by pinyin"
    assert shown(sort="party")[0] == "安娜"
    assert shown(q="丽") == ["周丽"]
    assert shown(q="138 0013 8000") == ["周丽"]
    assert shown(q="ZOE@") == ["Zoe"]
    code = people[1].ticket_code
    assert shown(q=f"{code[:4].lower()} {code[4:]}") == ["安娜"]
    assert shown(status="waiting") == ["陈来"]
    assert shown(came="yes") == ["周丽"]
    assert shown(came="no") == ["安娜", "Zoe"]
    assert shown(asked="yes") == ["安娜"]
    assert shown(failed="yes") == ["Zoe"]
    assert shown(source="staff") == ["Zoe"]
    assert shown(question="meal") == ["周丽", "安娜"]
    assert shown(question="meal", answer="牛") == ["周丽"]
    assert shown(status="nonsense", sort="nonsense", page="nonsense") == shown()
    assert shown(q="nobody") == []
    assert waiting


def test_a_long_list_comes_in_pages(
    browser: TestClient, staff: Headers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.registration.attendees.reading.PER_PAGE", 2)
    activity = an_activity()
    for number in range(5):
        register(activity, number)
    browser.cookies = staff("city-editor")
    place = f"/staff/activities/{activity}/registrations"
    assert [len(names(browser.get(f"{place}?page={page}").text)) for page in (1, 2, 3, 9)] == [
        2,
        2,
        1,
        1,
    ]
    assert "sort=latest&amp;page=2" in browser.get(f"{place}?sort=latest").text


def test_names_are_sorted_by_their_sound() -> None:
    sorted_names = sorted(["周瑜", "Anna", "张飞", "曹操", "安禄山", "bob", "刘备"], key=name_key)
    assert sorted_names == ["Anna", "bob", "安禄山", "曹操", "刘备", "张飞", "周瑜"]


def test_one_registration_says_all_there_is(browser: TestClient, staff: Headers) -> None:
    activity = an_activity(questions=[MEAL], asks_companions=True, asks_children=True)
    one = register(
        activity, 1, party_size=3, children=1, companions=["李小红"], answers={"meal": "beef"}
    )
    browser.cookies = staff("city-editor")
    place = f"/staff/activities/{activity}/registrations/{one.id}"
    page = browser.get(place).text
    for words in ("王小明1", "李小红", "其中儿童", "牛肉", "网页报名", "person1@example.com"):
        assert words in page
    english = browser.get(f"{place}?lang=en").text
    assert "Beef" in english
    assert (
        browser.get(f"/staff/activities/{an_activity()}/registrations/{one.id}").status_code == 404
    )
    browser.cookies = staff("district-editor", "110105")
    assert browser.get(place).status_code == 403
    browser.cookies = staff("check-in", "110102")
    assert browser.get(place).status_code == 200
    assert browser.get(f"{place}/change").status_code == 403


def test_staff_cancel_one_with_a_reason_that_is_told(
    browser: TestClient, staff: Headers, outbox: Callable[[str], list[Envelope]]
) -> None:
    activity = an_activity(capacity=1)
    mine, _waiting = register(activity, 1), register(activity, 2)
    place = f"/staff/activities/{activity}/registrations/{mine.id}/cancel"
    browser.cookies = staff("district-editor", "110105")
    assert browser.post(place, headers=ORIGIN).status_code == 403
    browser.cookies = staff("district-editor", "110102")
    assert "王小明1" in browser.get(place).text
    assert [row.status for row in stored(activity)] == ["confirmed", "waiting"]
    refused = browser.post(place, data={"reason": "长" * 501}, headers=ORIGIN)
    assert refused.status_code == 422
    assert browser.post(place, data={"reason": "场地变小。"}, headers=ORIGIN).status_code == 303
    assert [row.status for row in stored(activity)] == ["cancelled", "offered"]
    events = outbox("registration")[2:]
    assert {event.type for event in events} == {
        "registration.cancelled.v1",
        "registration.offered.v1",
        "audit.recorded.v1",
    }
    [told] = [event for event in events if event.type == "registration.cancelled.v1"]
    assert told.data["reason"]
    assert "场地" not in str(told.data["reason"]), "sealed"
    assert seats_taken(activity) == 1


def form_of(page: str) -> list[tuple[str, str]]:
    """The hidden fields of a page's form."""
    return re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', page)


def bulk(browser: TestClient, activity: uuid.UUID, **fields: Any) -> Any:
    return browser.post(
        f"/staff/activities/{activity}/registrations/bulk", data=fields, headers=ORIGIN
    )


def test_a_program_cancels_one_once(browser: TestClient, key: Headers) -> None:
    activity = an_activity(capacity=1)
    mine, waiting = register(activity, 1), register(activity, 2)
    place = f"{API}/activities/{activity}/registrations"
    body = {"reason": "场地变小。"}
    for _twice in range(2):
        done = browser.post(f"{place}/{mine.id}/cancel", json=body, headers=key("city-editor"))
        assert (done.status_code, done.json()["status"]) == (200, "cancelled")
    assert [row.status for row in stored(activity)] == ["cancelled", "offered"]
    put(waiting.id, status="confirmed", hold_expires_at=None, checked_in_at=utc_now())
    late = browser.post(f"{place}/{waiting.id}/cancel", json=body, headers=key("city-editor"))
    assert (late.status_code, late.json()["type"]) == (409, "registration-closed")


def test_many_are_cancelled_after_a_preview(
    browser: TestClient, staff: Headers, outbox: Callable[[str], list[Envelope]]
) -> None:
    activity = an_activity(capacity=3)
    people = [register(activity, number) for number in range(5)]
    put(people[0].id, checked_in_at=utc_now())
    browser.cookies = staff("city-editor")
    preview = bulk(browser, activity, act="cancel", scope="matching", filters="")
    assert preview.status_code == 200
    assert "取消4份报名" in preview.text, "who is in the room already stays"
    assert len([row for row in stored(activity) if row.status == "cancelled"]) == 0
    before = len(outbox("registration"))
    done = browser.post(
        f"/staff/activities/{activity}/registrations/bulk/apply",
        data=dict(form_of(preview.text)) | {"reason": "合并场次。"},
        headers=ORIGIN,
    )
    assert done.status_code == 303, done.text
    assert sorted(row.status for row in stored(activity)) == ["cancelled"] * 4 + ["confirmed"]
    told = [event.type for event in outbox("registration")[before:]]
    assert told.count("registration.cancelled.v1") == 4
    assert "registration.offered.v1" not in told, "nobody is offered a place to lose it at once"


def test_only_those_ticked_and_only_of_this_activity(browser: TestClient, staff: Headers) -> None:
    activity, other = an_activity(), an_activity()
    mine, yours = register(activity, 1), register(other, 1)
    register(activity, 2)
    browser.cookies = staff("city-editor")
    chosen = [str(mine.id), str(yours.id), "no-id"]
    preview = bulk(browser, activity, act="cancel", scope="chosen", ids=chosen)
    assert "取消1份报名" in preview.text
    nothing = bulk(browser, activity, act="cancel", scope="chosen", ids=[str(yours.id)])
    assert nothing.headers["location"].endswith("?done=nothing")


def test_what_has_changed_since_the_preview_is_shown_again(
    browser: TestClient, staff: Headers
) -> None:
    activity = an_activity()
    register(activity, 1)
    browser.cookies = staff("city-editor")
    preview = bulk(browser, activity, act="cancel", scope="matching", filters="status=confirmed")
    fields = dict(form_of(preview.text))
    register(activity, 2)
    place = f"/staff/activities/{activity}/registrations/bulk/apply"
    again = browser.post(place, data=fields, headers=ORIGIN)
    assert again.status_code == 409
    assert "取消2份报名" in again.text
    assert {row.status for row in stored(activity)} == {"confirmed"}


def test_asking_many_tells_each_and_changes_no_place(
    browser: TestClient, staff: Headers, outbox: Callable[[str], list[Envelope]]
) -> None:
    activity = an_activity(capacity=2)
    for number in range(3):
        register(activity, number)
    browser.cookies = staff("district-editor", "110102")
    preview = bulk(browser, activity, act="ask", scope="matching", filters="")
    assert "询问2份报名" in preview.text
    place = f"/staff/activities/{activity}/registrations/bulk/apply"
    before = len(outbox("registration"))
    assert browser.post(place, data=dict(form_of(preview.text)), headers=ORIGIN).status_code == 303
    told = [event.data for event in outbox("registration")[before:] if "asked" in event.data]
    assert [data["asked"] for data in told] == [True, True]
    assert [data["version"] for data in told] == [2, 2]
    assert [row.status for row in stored(activity)] == ["confirmed", "confirmed", "waiting"]
    after = len(outbox("registration"))
    assert browser.post(place, data=dict(form_of(preview.text)), headers=ORIGIN).status_code == 303
    assert len(outbox("registration")) == after, "a form sent twice asks once"
    browser.cookies = staff("district-editor", "110105")
    assert bulk(browser, activity, act="ask", scope="matching").status_code == 403
    browser.cookies = staff("check-in", "110102")
    assert bulk(browser, activity, act="ask", scope="matching").status_code == 403


def test_too_many_at_once_are_refused(
    browser: TestClient, staff: Headers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "MOST", 1)
    activity = an_activity()
    register(activity, 1)
    register(activity, 2)
    browser.cookies = staff("city-editor")
    assert bulk(browser, activity, act="cancel", scope="matching").status_code == 409


def test_changing_for_somebody_is_noted_and_told(
    browser: TestClient, staff: Headers, outbox: Callable[[str], list[Envelope]]
) -> None:
    activity = an_activity(capacity=3, questions=[MEAL])
    mine = register(activity, 1)
    browser.cookies = staff("city-editor")
    place = f"/staff/activities/{activity}/registrations/{mine.id}/change"
    assert 'value="王小明1"' in browser.get(place).text
    fields = {"name": "王大明", "party_size": "2", "language": "en", "answers.meal": "beef"}
    assert browser.post(place, data=fields, headers=ORIGIN).status_code == 303
    [row] = stored(activity)
    assert (row.name, row.party_size, row.language, row.answers) == (
        "王大明",
        2,
        "en",
        {"meal": "beef"},
    )
    assert seats_taken(activity) == 2
    assert [event.type for event in outbox("registration")[1:]] == [
        "registration.confirmed.v1",
        "audit.recorded.v1",
    ]
    refused = browser.post(place, data=fields | {"party_size": "4"}, headers=ORIGIN)
    assert refused.status_code in (409, 422)
    assert "王大明" in refused.text
    emptied = browser.post(place, data=fields | {"name": " "}, headers=ORIGIN)
    assert emptied.status_code == 422


def test_a_contact_is_corrected_and_written_to_there(
    browser: TestClient, staff: Headers, outbox: Callable[[str], list[Envelope]]
) -> None:
    activity = an_activity()
    mine = register(activity, 1)
    register(activity, 2)
    put(mine.id, contact_failed=True)
    browser.cookies = staff("city-editor")
    place = f"/staff/activities/{activity}/registrations/{mine.id}/contact"
    taken = browser.post(place, data={"email": "person2@example.com"}, headers=ORIGIN)
    assert taken.status_code == 422
    assert "已有其他报名" in taken.text
    assert browser.post(place, data={"email": "no"}, headers=ORIGIN).status_code == 422
    done = browser.post(
        place, data={"email": "right@example.com", "phone": "13800138000"}, headers=ORIGIN
    )
    assert done.status_code == 303
    row = next(row for row in stored(activity) if row.id == mine.id)
    assert (row.email, row.phone, row.contact_failed) == (
        "right@example.com",
        "+8613800138000",
        False,
    )
    last = [event.type for event in outbox("registration")][-2:]
    assert last == ["registration.confirmed.v1", "audit.recorded.v1"]
    # The same address can register no second time: its hash moved along.
    with pytest.raises(Exception, match="already-registered"):
        register(activity, 9, email="right@example.com")


def test_sending_again_raises_the_version_and_no_more(
    browser: TestClient, staff: Headers, outbox: Callable[[str], list[Envelope]]
) -> None:
    activity = an_activity(capacity=1)
    mine = register(activity, 1)
    browser.cookies = staff("city-editor")
    place = f"/staff/activities/{activity}/registrations/{mine.id}/send-again"
    assert "王小明1" in browser.get(place).text
    assert browser.post(place, headers=ORIGIN).status_code == 303
    told = [event for event in outbox("registration") if event.type == "registration.confirmed.v1"]
    assert [event.sequence for event in told] == [1, 2]
    service.cancel(principal("city-admin"), activity, mine.id)
    assert browser.post(place, headers=ORIGIN).status_code == 409


def test_the_list_for_the_door_is_by_name_and_only_who_has_a_place(
    browser: TestClient, staff: Headers
) -> None:
    activity = an_activity(capacity=3, asks_companions=True)
    register(activity, 1, name="周丽", party_size=2, companions=["周小丽"])
    register(activity, 2, name="安娜")
    register(activity, 3, name="候补者")
    browser.cookies = staff("check-in", "110102")
    place = f"/staff/activities/{activity}/registrations/print"
    page = browser.get(place).text
    assert page.index("安娜") < page.index("周丽") < page.index("周小丽")
    assert "候补者" not in page
    assert page.count('class="box"') == 3
    assert "Sorted by pinyin" in browser.get(f"{place}?lang=en").text
    assert "@" not in page.split("<tbody>")[1].split("</tbody>")[0], "no address on paper"
    browser.cookies = staff("district-editor", "110105")
    assert browser.get(place).status_code == 403


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_pages_stand_empty_and_in_both_languages(
    browser: TestClient, staff: Headers, language: str
) -> None:
    activity = an_activity()
    edit(activity, starts_at=utc_now() - timedelta(hours=3), ends_at=utc_now() - timedelta(hours=1))
    browser.cookies = staff("city-editor")
    place = f"/staff/activities/{activity}"
    for page in ("registrations", "registrations/print", "messages", "messages/new"):
        assert browser.get(f"{place}/{page}?lang={language}").status_code == 200
