"""What staff do with registrations: the list, cancelling one, the door."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
from starlette.testclient import TestClient

from services.chassis.database import new_id
from services.chassis.events import Envelope
from services.registration.registrations import staff as use_cases
from services.registration.registrations.schemas import CheckInIn
from tests.conftest import principal
from tests.registration.ground import an_activity, at_once, register, seats_taken, stored

API = "/api/registration/v1"
Headers = Callable[..., dict[str, str]]


@pytest.fixture
def browser(client: Callable[..., TestClient]) -> TestClient:
    return client("registration")


def test_the_list_is_paged_filtered_and_the_district_s_own(
    browser: TestClient, key: Headers
) -> None:
    activity = an_activity(capacity=3)
    for number in range(5):
        register(activity, number)
    place = f"{API}/activities/{activity}/registrations"
    first = browser.get(f"{place}?limit=2", headers=key("viewer"))
    assert first.status_code == 403
    first = browser.get(f"{place}?limit=2", headers=key("city-editor")).json()
    rest = browser.get(
        f"{place}?limit=9&cursor={first['next_cursor']}", headers=key("city-editor")
    ).json()
    names = [row["name"] for row in first["items"] + rest["items"]]
    assert names == [f"王小明{number}" for number in range(5)]
    assert rest["next_cursor"] is None
    waiting = browser.get(f"{place}?status=waiting", headers=key("city-editor")).json()
    assert len(waiting["items"]) == 2
    assert browser.get(place, headers=key("district-editor", "110102")).status_code == 200
    assert browser.get(place, headers=key("district-editor", "110105")).status_code == 403
    assert browser.get(place).status_code == 401


@pytest.mark.parametrize("words", ["王小明3", "person3@", "code"])
def test_the_page_finds_by_name_address_and_ticket(
    browser: TestClient, staff: Headers, words: str
) -> None:
    activity = an_activity()
    for number in range(4):
        register(activity, number)
    code = stored(activity)[3].ticket_code
    sought = f"{code[:4].lower()} {code[4:]}" if words == "code" else words
    browser.cookies = staff("city-editor")
    page = browser.get(f"/staff/activities/{activity}/registrations", params={"q": sought})
    assert page.status_code == 200
    body = page.text.split("<tbody>")[1]
    assert "王小明3" in body
    assert "王小明1" not in body


def test_staff_cancel_one_with_a_question_first(
    browser: TestClient, staff: Headers, outbox: Callable[[str], list[Envelope]]
) -> None:
    activity = an_activity(capacity=1)
    mine, _waiting = register(activity, 1), register(activity, 2)
    place = f"/staff/activities/{activity}/registrations/{mine.id}/cancel"
    browser.cookies = staff("district-editor", "110105")
    origin = {"Origin": "http://testserver"}
    assert browser.post(place, headers=origin).status_code == 403
    browser.cookies = staff("district-editor", "110102")
    assert "王小明1" in browser.get(place).text
    assert [row.status for row in stored(activity)] == ["confirmed", "waiting"]
    assert browser.post(place, headers=origin).status_code == 303
    assert [row.status for row in stored(activity)] == ["cancelled", "confirmed"]
    types = [event.type for event in outbox("registration")][2:]
    assert types == ["registration.cancelled.v1", "registration.confirmed.v1", "audit.recorded.v1"]
    assert seats_taken(activity) == 1


def test_the_door(browser: TestClient, key: Headers) -> None:
    activity, other = an_activity(capacity=2), an_activity()
    mine, gone, _third = (register(activity, number) for number in range(3))
    place = f"{API}/activities/{activity}/check-ins"
    door = key("check-in")

    def show(code: str, at: str | None = None) -> dict[str, object]:
        answer = browser.post(place, json={"ticket_code": code, "at": at}, headers=door)
        assert answer.status_code == 200, answer.text
        found: dict[str, object] = answer.json()
        return found

    first = show(f" {mine.ticket_code[:4].lower()}-{mine.ticket_code[4:]}")
    assert (first["result"], first["name"], first["party_size"]) == ("checked-in", "王小明0", 1)
    again = show(mine.ticket_code)
    assert (again["result"], again["at"]) == ("already", first["at"])
    waiting = next(row for row in stored(activity) if row.status == "waiting")
    assert show(waiting.ticket_code)["result"] == "waiting"
    use_cases.cancel(principal("city-admin"), activity, gone.id)
    assert show(gone.ticket_code)["result"] == "cancelled"
    elsewhere = show(register(other, 9).ticket_code)
    assert (elsewhere["result"], elsewhere["name"]) == ("wrong-activity", None)
    assert show("22222222")["result"] == "not-found"
    future = browser.post(
        place, json={"ticket_code": mine.ticket_code, "at": "2090-01-01T00:00:00Z"}, headers=door
    )
    assert future.json()["errors"][0]["field"] == "at"
    assert browser.post(place, json={"ticket_code": "x"}).status_code == 401
    missing = f"{API}/activities/{new_id()}/check-ins"
    assert browser.post(missing, json={"ticket_code": "x"}, headers=door).status_code == 404


def test_two_doors_let_one_ticket_in_once() -> None:
    activity = an_activity()
    mine = register(activity, 1)
    shown = CheckInIn(ticket_code=mine.ticket_code)
    results = at_once(
        *(partial(use_cases.check_in, principal("check-in"), activity, shown) for _ in range(8))
    )
    assert sorted(result.result for result in results) == ["already"] * 7 + ["checked-in"]
