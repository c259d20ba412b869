"""What staff do with activities: write, edit, publish, cancel; and who may."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from services import house
from services.chassis.database import utc_now
from services.chassis.events import Envelope
from services.chassis.migrate import differences
from services.chassis.problems import Problem
from services.registration.activities.models import MOVES, Activity, Status
from services.registration.app import app as _every_model
from services.registration.database import Base, database
from tests.registration.making import API, body, in_days, made

Key = Callable[..., dict[str, str]]
Outbox = Callable[[str], list[Envelope]]


@pytest.fixture
def browser(client: Callable[..., TestClient]) -> TestClient:
    return client("registration")


def said(outbox: Outbox, beginning: str = "activity.") -> list[str]:
    return [event.type for event in outbox("registration") if event.type.startswith(beginning)]


def write(activity_id: str, **values: Any) -> None:
    """Change a stored activity behind the back of everyone."""
    with database.transaction() as session:
        session.execute(
            sa.update(Activity).where(Activity.id == uuid.UUID(activity_id)).values(**values)
        )


def register(browser: TestClient, activity: dict[str, Any], number: int, party: int) -> None:
    answer = browser.post(
        f"{API}/activities/{activity['id']}/registrations",
        json={
            "name": "王芳",
            "email": f"guest{number}@example.com",
            "party_size": party,
            "language": "zh-CN",
            "consents": {"reminders": True, "advisories": False, "privacy_version": "2026-11"},
        },
    )
    assert answer.status_code == 201, answer.text


def test_models_and_migrations_agree() -> None:
    assert _every_model.state.service == "registration"
    assert differences(database, Base.metadata) == []


@pytest.mark.parametrize("before", MOVES)
@pytest.mark.parametrize("after", MOVES)
def test_only_the_moves_of_the_table_are_made(before: Status, after: Status) -> None:
    activity = Activity(status=before, version=3)
    if after in MOVES[before]:
        activity.move(after)
        assert (activity.status, activity.version) == (after, 4)
    else:
        with pytest.raises(Problem) as refused:
            activity.move(after)
        assert refused.value.status == 409
        assert (activity.status, activity.version) == (before, 3)


def test_a_new_activity_is_a_draft_with_everything_that_was_sent(
    browser: TestClient, key: Key, outbox: Outbox
) -> None:
    asked = {"id": "where", "kind": "text", "label": {"zh-CN": "您要去哪里"}, "required": True}
    wanted = body(questions=[asked], verify_contact=True)
    answer = browser.post(f"{API}/activities", json=wanted, headers=key("city-editor"))
    assert answer.status_code == 201
    activity = answer.json()
    for name in set(wanted) - {"starts_at", "ends_at", "questions"}:
        assert activity[name] == wanted[name], name
    assert activity["questions"][0].items() >= asked.items()
    assert activity["status"] == "draft"
    assert activity["slug"] == "a-safety-lesson-before-you-leave"
    assert (activity["seats_taken"], activity["seats_left"], activity["waiting"]) == (0, 80, 0)
    assert said(outbox) == []
    assert said(outbox, "audit.") == ["audit.recorded.v1"]


def test_a_plain_text_is_chinese_and_no_capacity_is_no_limit(browser: TestClient, key: Key) -> None:
    wanted = body(title="社区讲座", venue={"name": "朗南社区", "address": "朗南路"}, capacity=None)
    activity = browser.post(f"{API}/activities", json=wanted, headers=key("city-editor")).json()
    assert activity["title"] == {"zh-CN": "社区讲座"}
    assert activity["venue"] == {"name": {"zh-CN": "朗南社区"}, "address": {"zh-CN": "朗南路"}}
    assert activity["seats_left"] is None
    assert activity["slug"].startswith("lecture-20")


def test_equal_titles_have_addresses_of_their_own_that_stay(browser: TestClient, key: Key) -> None:
    first = made(browser, key)
    second = made(browser, key)
    assert second["slug"].startswith(first["slug"] + "-")
    renamed = browser.patch(
        f"{API}/activities/{first['id']}",
        json={"title": {"en": "Another name"}},
        headers=key("city-editor"),
    ).json()
    assert renamed["slug"] == first["slug"]


def test_publishing_tells_the_whole_state(browser: TestClient, key: Key, outbox: Outbox) -> None:
    activity = made(browser, key)
    assert activity["status"] == "published"
    (event,) = [event for event in outbox("registration") if event.type.startswith("activity.")]
    assert event.type == "activity.published.v1"
    assert event.sequence == event.data["version"] == activity["version"] == 2
    told = event.data["activity"]
    assert told["venue"] == activity["venue"]
    assert told["url"] == f"http://testserver/activities/{activity['slug']}"
    assert told["reminders"] == ["P7D", "P1D", "PT1H"]


def test_an_edit_says_what_changed_and_an_empty_one_says_nothing(
    browser: TestClient, key: Key, outbox: Outbox
) -> None:
    activity = made(browser, key)
    address = f"{API}/activities/{activity['id']}"
    headers = key("city-editor")
    same = browser.patch(address, json={"capacity": 80}, headers=headers).json()
    assert same["version"] == activity["version"]
    moved = browser.patch(
        address,
        json={"starts_at": in_days(20), "ends_at": in_days(21), "venue": {"name": "新馆"}},
        headers=headers,
    ).json()
    assert moved["version"] == activity["version"] + 1
    assert moved["venue"] == {"name": {"zh-CN": "新馆"}, "address": {}}
    event = outbox("registration")[-1]
    assert said(outbox) == ["activity.published.v1", "activity.changed.v1"]
    assert event.type == "activity.changed.v1"
    assert sorted(event.data["changed"]) == ["time", "venue"]


def test_two_editors_do_not_write_over_each_other(browser: TestClient, key: Key) -> None:
    activity = made(browser, key)
    address = f"{API}/activities/{activity['id']}"
    seen = activity["version"]
    headers = key("city-editor")
    first = browser.patch(address, json={"version": seen, "capacity": 90}, headers=headers)
    second = browser.patch(address, json={"version": seen, "capacity": 70}, headers=headers)
    assert first.status_code == 200
    assert (second.status_code, second.json()["type"]) == (409, "edited-meanwhile")
    assert browser.get(address).json()["capacity"] == 90


def test_fewer_places_than_are_taken_are_refused(browser: TestClient, key: Key) -> None:
    activity = made(browser, key)
    register(browser, activity, 1, party=4)
    answer = browser.patch(
        f"{API}/activities/{activity['id']}", json={"capacity": 3}, headers=key("city-editor")
    )
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert error["field"] == "capacity"
    assert "4" in error["message"]


def test_the_table_itself_refuses_to_oversell(browser: TestClient, key: Key) -> None:
    activity = made(browser, key, capacity=5)
    with pytest.raises(sa.exc.IntegrityError):
        write(activity["id"], seats_taken=6)


def test_seats_taken_while_a_form_is_open_are_not_lost(browser: TestClient, key: Key) -> None:
    """An edit writes only what it changes, and waits for the transaction that takes a seat."""
    activity = made(browser, key)
    answers: list[int] = []

    def edit() -> None:
        answer = browser.patch(
            f"{API}/activities/{activity['id']}", json={"capacity": 60}, headers=headers
        )
        answers.append(answer.json()["seats_taken"])

    headers = key("city-editor")
    with database.transaction() as session:
        session.execute(
            sa.update(Activity)
            .where(Activity.id == uuid.UUID(activity["id"]))
            .values(seats_taken=7)
        )
        editor = threading.Thread(target=edit)
        editor.start()
        editor.join(0.3)
        assert editor.is_alive(), "the edit did not wait for the row"
    editor.join(5)
    assert answers == [7]
    write(activity["id"], seats_taken=0)


def test_cancelling_keeps_the_reason_and_cannot_be_done_twice(
    browser: TestClient, key: Key, outbox: Outbox
) -> None:
    activity = made(browser, key)
    address = f"{API}/activities/{activity['id']}"
    headers = key("city-editor")
    empty = browser.post(f"{address}/cancel", json={"reason": "  "}, headers=headers)
    assert empty.status_code == 422
    done = browser.post(f"{address}/cancel", json={"reason": "讲师生病"}, headers=headers)
    assert done.json()["status"] == "cancelled"
    assert done.json()["intake"] == "cancelled"
    again = browser.post(f"{address}/cancel", json={"reason": "讲师生病"}, headers=headers)
    assert (again.status_code, again.json()["type"]) == (409, "activity-cancelled")
    edited = browser.patch(address, json={"capacity": 5}, headers=headers)
    assert (edited.status_code, edited.json()["type"]) == (409, "activity-cancelled")
    assert said(outbox) == ["activity.published.v1", "activity.cancelled.v1"]
    told = next(e for e in outbox("registration") if e.type == "activity.cancelled.v1")
    assert told.data["reason"] == "讲师生病"


def test_cancelling_cancels_every_registration(
    browser: TestClient, key: Key, outbox: Outbox
) -> None:
    activity = made(browser, key)
    for number in range(3):
        register(browser, activity, number, party=2)
    done = browser.post(
        f"{API}/activities/{activity['id']}/cancel",
        json={"reason": "场地维修"},
        headers=key("city-editor"),
    ).json()
    assert done["seats_taken"] == 0
    ended = [e for e in outbox("registration") if e.type == "registration.cancelled.v1"]
    assert [event.data["cause"] for event in ended] == ["activity"] * 3


def test_more_places_go_to_the_waiting_list_at_once(browser: TestClient, key: Key) -> None:
    activity = made(browser, key, capacity=1)
    for number in range(3):
        register(browser, activity, number, party=1)
    full = browser.get(f"{API}/activities/{activity['id']}").json()
    assert (full["seats_taken"], full["waiting"], full["intake"]) == (1, 2, "waiting")
    wider = browser.patch(
        f"{API}/activities/{activity['id']}", json={"capacity": 2}, headers=key("city-editor")
    ).json()
    assert (wider["seats_taken"], wider["waiting"]) == (2, 1)


def test_what_is_over_is_completed_by_the_tick(browser: TestClient, key: Key) -> None:
    past = made(browser, key)
    made(browser, key)
    write(past["id"], starts_at=utc_now() - timedelta(hours=3), ends_at=utc_now())
    house.worker("registration").celery.tasks["registration.complete_activities"]()
    assert browser.get(f"{API}/activities/{past['id']}").json()["status"] == "completed"


def test_what_would_be_over_is_not_published(browser: TestClient, key: Key) -> None:
    draft = made(browser, key, publish=False, starts_at=in_days(-2), ends_at=in_days(-1))
    answer = browser.post(f"{API}/activities/{draft['id']}/publish", headers=key("city-editor"))
    assert (answer.status_code, answer.json()["type"]) == (409, "activity-over")


def test_the_same_key_creates_once(browser: TestClient, key: Key) -> None:
    headers = key("city-editor") | {"Idempotency-Key": "one-lecture"}
    wanted = body()
    first = browser.post(f"{API}/activities", json=wanted, headers=headers)
    again = browser.post(f"{API}/activities", json=wanted, headers=headers)
    assert first.json() == again.json()
    other = browser.post(f"{API}/activities", json=wanted | {"capacity": 3}, headers=headers)
    assert (other.status_code, other.json()["type"]) == (422, "idempotency-key-reused")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title": {}}, "title"),
        ({"title": "x" * 201}, "title.zh-CN"),
        ({"title": "一行\n两行"}, "title.zh-CN"),
        ({"title": {"zh-CN": 5}}, "title.zh-CN"),
        ({"kind": "party"}, "kind"),
        ({"district": "999999"}, "district"),
        ({"venue": {"address": "only"}}, "venue.name"),
        ({"starts_at": "2026-02-30T10:00:00+08:00"}, "starts_at"),
        ({"starts_at": "2026-12-01T10:00:00"}, "starts_at"),
        ({"starts_at": 1_800_000_000}, "starts_at"),
        ({"ends_at": "9999-12-31T23:59:59-12:00"}, "ends_at"),
        ({"ends_at": "2020-01-01T10:00:00+08:00"}, "ends_at"),
        ({"timezone": "Mars/Olympus"}, "timezone"),
        ({"capacity": 0}, "capacity"),
        ({"capacity": "many"}, "capacity"),
        ({"capacity": 10**12}, "capacity"),
        ({"max_party_size": 0}, "max_party_size"),
        ({"reminders": ["tomorrow"]}, "reminders.0"),
        ({"topics": ["cooking"]}, "topics.0"),
        ({"countries": ["XX"]}, "countries.0"),
        ({"questions": [{"kind": "text", "label": "\u0000"}]}, "questions.0.label.zh-CN"),
        ({"questions": [{"label": "?", "kind": "riddle"}]}, "questions.0.kind"),
    ],
)
@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_bad_input_is_refused_with_a_sentence_beside_the_field(
    browser: TestClient, key: Key, changes: dict[str, Any], field: str, language: str
) -> None:
    answer = browser.post(
        f"{API}/activities",
        json=body(**changes),
        headers=key("city-editor") | {"Accept-Language": language},
    )
    assert answer.status_code == 422
    found = {error["field"]: error["message"] for error in answer.json()["errors"]}
    assert field in found
    assert any("\u4e00" <= char <= "\u9fff" for char in found[field]) == (language == "zh-CN")


@pytest.mark.parametrize("role", ["viewer", "check-in"])
def test_roles_that_may_not_edit_are_refused(browser: TestClient, key: Key, role: str) -> None:
    answer = browser.post(f"{API}/activities", json=body(), headers=key(role))
    assert (answer.status_code, answer.json()["type"]) == (403, "forbidden")


def test_without_a_key_nothing_is_written(browser: TestClient) -> None:
    answer = browser.post(f"{API}/activities", json=body())
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_district_touches_only_its_own(browser: TestClient, key: Key) -> None:
    xicheng = key("district-editor", "110102")
    tongzhou = key("district-editor", "110112")
    assert browser.post(f"{API}/activities", json=body(), headers=tongzhou).status_code == 403
    activity = browser.post(f"{API}/activities", json=body(), headers=xicheng).json()
    address = f"{API}/activities/{activity['id']}"
    for method, path, sent in (
        ("PATCH", "", {"capacity": 5}),
        ("POST", "/publish", None),
        ("POST", "/cancel", {"reason": "no"}),
    ):
        answer = browser.request(method, address + path, json=sent, headers=tongzhou)
        assert (answer.status_code, answer.json()["type"]) == (403, "other-district")
    given_away = browser.patch(address, json={"district": "110112"}, headers=xicheng)
    assert given_away.status_code == 403
    assert browser.get(address, headers=tongzhou).status_code == 404, "a draft is its own staff's"
    assert browser.get(address, headers=xicheng).status_code == 200


def test_a_fair_queue_needs_its_opening(browser: TestClient, key: Key) -> None:
    refused = browser.post(
        f"{API}/activities", json=body(fair_queue=True), headers=key("city-editor")
    )
    assert refused.status_code == 422
    assert [error["field"] for error in refused.json()["errors"]] == ["fair_queue"]
    opened = body(fair_queue=True, registration_opens_at=in_days(1))
    made_it = browser.post(f"{API}/activities", json=opened, headers=key("city-editor"))
    assert made_it.status_code == 201, made_it.text
