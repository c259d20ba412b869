"""What people do on pages, done by a program: the same use cases, the same refusals."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from starlette.testclient import TestClient

from services.registration.certificates.service import issue_due
from tests.registration.aftermath import a_past_activity, survey_token
from tests.registration.ground import an_activity, register, seats_taken, stored, token
from tests.registration.repeating import weekly
from tests.registration.test_attendees import MEAL, put

API = "/api/registration/v1"
Headers = Callable[..., dict[str, str]]


@pytest.fixture
def browser(client: Callable[..., TestClient]) -> TestClient:
    return client("registration")


def people_of(activity: uuid.UUID) -> str:
    return f"{API}/activities/{activity}/registrations"


def test_a_list_is_narrowed_by_what_is_encrypted_too(browser: TestClient, key: Headers) -> None:
    activity = an_activity(questions=[MEAL], capacity=10)
    for number in range(6):
        register(activity, number, answers={"meal": "beef"} if number % 2 else {})
    put(register(activity, 7, name="李梅").id, contact_failed=True)
    editor = key("city-editor")

    def found(**query: Any) -> list[str]:
        page = browser.get(people_of(activity), params=query, headers=editor)
        assert page.status_code == 200, page.text
        return [row["name"] for row in page.json()["items"]]

    assert found(q="李") == found(failed="true") == ["李梅"]
    assert found(question="meal", answer="牛肉") == ["王小明1", "王小明3", "王小明5"]
    assert found(source="door") == found(came="yes") == found(asked="true") == []
    assert len(found(came="no", source="web")) == 7
    # The pages of such a list hang together as well.
    query: dict[str, Any] = {"question": "meal", "limit": 2}
    first = browser.get(people_of(activity), params=query, headers=editor).json()
    query["cursor"] = first["next_cursor"]
    rest = browser.get(people_of(activity), params=query, headers=editor).json()
    assert [row["name"] for row in first["items"] + rest["items"]] == [
        "王小明1",
        "王小明3",
        "王小明5",
    ]
    assert rest["next_cursor"] is None
    bad = browser.get(people_of(activity), params={"source": "pigeon"}, headers=editor)
    assert bad.status_code == 422
    assert bad.json()["errors"][0]["field"] == "source"


def test_one_is_changed_corrected_and_told_again(
    browser: TestClient, key: Headers, outbox: Callable[..., list[Any]]
) -> None:
    activity = an_activity(capacity=5)
    someone, other = register(activity, 1), register(activity, 2)
    place, editor = f"{people_of(activity)}/{someone.id}", key("city-editor")
    foreign = key("district-editor", "110105")

    changed = browser.patch(place, json={"party_size": 3}, headers=editor)
    assert changed.json()["party_size"] == 3
    assert seats_taken(activity) == 4
    full = browser.patch(place, json={"party_size": 4}, headers=editor)
    assert full.status_code == 200
    full = browser.patch(
        f"{people_of(activity)}/{other.id}", json={"party_size": 2}, headers=editor
    )
    assert (full.status_code, full.json()["type"].rpartition("/")[2]) == (409, "activity-full")

    contact = {"email": "new@example.com", "phone": None}
    moved = browser.put(f"{place}/contact", json=contact, headers=editor)
    assert moved.json()["email"] == "new@example.com"
    taken = browser.put(f"{place}/contact", json={"email": other_email(activity)}, headers=editor)
    assert taken.status_code == 422
    before = len(outbox("registration"))
    assert browser.post(f"{place}/send-again", headers=editor).status_code == 202
    assert len(outbox("registration")) > before

    for refused in (
        browser.patch(place, json={"party_size": 1}, headers=foreign),
        browser.put(f"{place}/contact", json=contact, headers=foreign),
        browser.post(f"{place}/send-again", headers=foreign),
    ):
        assert refused.status_code == 403, refused.text
    assert seats_taken(activity) == 5


def other_email(activity: uuid.UUID) -> str:
    """The address of the second who registered."""
    found = sorted(stored(activity), key=lambda row: row.id)[1].email
    assert found
    return found


def test_many_are_counted_first_and_then_asked_or_cancelled(
    browser: TestClient, key: Headers
) -> None:
    activity = an_activity(capacity=10)
    made = [register(activity, number) for number in range(4)]
    place, editor = people_of(activity), key("city-editor")
    everyone: dict[str, Any] = {"filters": {"status": "confirmed"}}

    counted = browser.post(
        f"{place}/ask-many", json=everyone | {"dry_run": True}, headers=editor
    ).json()
    assert counted == {"registrations": 4, "people": 4, "done": 0}
    asked = browser.post(f"{place}/ask-many", json=everyone, headers=editor).json()
    assert asked["done"] == 4
    assert browser.post(f"{place}/ask-many", json=everyone, headers=editor).json()["done"] == 0

    two = {"ids": [str(one.id) for one in made[:2]], "reason": "会场要修缮。"}
    changed = browser.post(f"{place}/cancel-many", json=two | {"expected": 3}, headers=editor)
    assert changed.status_code == 409
    assert seats_taken(activity) == 4
    done = browser.post(f"{place}/cancel-many", json=two | {"expected": 2}, headers=editor)
    assert done.json() == {"registrations": 2, "people": 2, "done": 2}
    assert seats_taken(activity) == 2
    for bad in ({}, two | everyone, {"filters": {"status": "gone"}}):
        assert browser.post(f"{place}/cancel-many", json=bad, headers=editor).status_code == 422
    away = key("district-editor", "110105")
    assert browser.post(f"{place}/cancel-many", json=everyone, headers=away).status_code == 403
    assert seats_taken(activity) == 2


def test_a_survey_is_settled_answered_and_moderated(browser: TestClient, key: Headers) -> None:
    editor = key("city-editor")
    coming = an_activity()
    place = f"{API}/activities/{coming}/survey"
    usual = browser.get(place, headers=editor).json()
    own = {"kind": "text", "text": {"zh-CN": "还想听什么？", "en": "What else?"}}
    settled = browser.put(place, json=usual | {"own": [own]}, headers=editor)
    assert settled.json()["own"][0]["text"]["en"] == "What else?"
    # Somebody who has seen the former one only.
    assert browser.put(place, json=usual, headers=editor).status_code == 409

    activity, guests = a_past_activity(people=3)
    link = f"{API}/feedback/{survey_token(guests[0])}"
    survey = browser.get(link).json()
    assert survey["given"] is None
    rating = next(one["id"] for one in survey["questions"] if one["kind"] == "rating")
    words = next(one["id"] for one in survey["questions"] if one["kind"] == "text")
    assert browser.put(link, json={"answers": {rating: 9}}).status_code == 422
    every = {one["id"]: 5 for one in survey["questions"] if one["kind"] != "text"}
    for guest in guests:
        given = browser.put(
            f"{API}/feedback/{survey_token(guest)}", json={"answers": every | {words: "很实用。"}}
        )
        assert given.status_code == 200, given.text
    assert given.json()["given"]["texts"] == {words: "很实用。"}

    found = browser.get(f"{API}/activities/{activity}/feedback", headers=editor).json()
    comment = found["comments"][0]["id"]
    there = f"{API}/activities/{activity}/feedback/comments/{comment}"
    assert browser.post(there, json={"state": "hidden"}, headers=editor).status_code == 422
    why = {"state": "hidden", "reason": "重复。"}
    assert browser.post(there, json=why, headers=editor).status_code == 200
    away = key("district-editor", "110105")
    assert browser.post(there, json={"state": "shown"}, headers=away).status_code == 403
    assert browser.get(f"{API}/feedback/forged").status_code == 404


def test_a_series_is_described_and_published(browser: TestClient, key: Headers) -> None:
    series = weekly(browser, key)
    place, editor = f"{API}/series/{series['id']}", key("city-editor")
    words = {"title": {"zh-CN": "行前课", "en": "Before you go"}}
    assert browser.patch(place, json=words, headers=editor).json()["title"] == words["title"]
    published = browser.post(f"{place}/publish", headers=editor).json()
    assert {one["status"] for one in published["occurrences"]} == {"published"}
    away = key("district-editor", "110105")
    assert browser.patch(place, json=words, headers=away).status_code == 403
    assert browser.post(f"{place}/publish", headers=away).status_code == 403


def test_one_s_own_certificate_and_its_end(browser: TestClient, key: Headers) -> None:
    activity, (guest,) = a_past_activity(certificates=True)
    own = f"{API}/registrations/{token(guest)}/certificate"
    assert browser.get(own).status_code == 404
    assert issue_due() == 1
    assert browser.get(own).json()["valid"] is True
    place, editor = f"{API}/activities/{activity}/certificates", key("city-editor")
    (listed,) = browser.get(place, headers=editor).json()["items"]
    revoke = f"{place}/{listed['id']}/revoke"
    assert browser.post(revoke, json={"reason": ""}, headers=editor).status_code == 422
    ended = browser.post(revoke, json={"reason": "没有到场"}, headers=editor).json()
    assert ended["revoked_reason"] == "没有到场"
    assert browser.get(own).json()["valid"] is False
