"""Broadcasts through the API: what is taken, who may do what, whom it reaches."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from starlette.testclient import TestClient

from services.chassis import auth
from services.chassis.database import utc_now
from services.notifications.contacts import service as contacts
from services.notifications.contacts.models import Trip
from services.notifications.database import database
from tests.conftest import principal
from tests.notifications.broadcasting import MESSAGE, body, people, person

Key = Callable[..., dict[str, str]]
URL = "/api/notifications/v1/broadcasts"


@pytest.fixture
def api(client: Callable[..., TestClient]) -> TestClient:
    return client("notifications")


def made(api: TestClient, headers: dict[str, str], **changes: Any) -> dict[str, Any]:
    answer = api.post(URL, json=body(**changes), headers=headers)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def act(api: TestClient, headers: dict[str, str], made: dict[str, Any], name: str) -> Any:
    return api.post(f"{URL}/{made['id']}/{name}", headers=headers)


def test_the_way_of_a_broadcast(api: TestClient, key: Key) -> None:
    people(3)
    writer, second = key("city-editor"), key("city-editor")
    draft = made(api, writer)
    assert draft["status"] == "draft"
    assert set(draft["counts"].values()) == {0}
    assert draft["message"] == MESSAGE
    assert act(api, writer, draft, "send").json()["type"] == "broadcast-not-approved"
    assert act(api, writer, draft, "submit").json()["status"] == "submitted"
    assert act(api, writer, draft, "send").json()["type"] == "broadcast-not-approved"
    refused = act(api, writer, draft, "approve")
    assert (refused.status_code, refused.json()["type"]) == (403, "own-broadcast")
    approved = act(api, second, draft, "approve").json()
    assert approved["status"] == "approved"
    assert approved["counts"]["total"] == approved["counts"]["pending"] == 3
    sending = act(api, writer, draft, "send").json()
    assert sending["status"] == "sending"
    assert act(api, writer, draft, "pause").json()["status"] == "paused"
    assert act(api, writer, draft, "resume").json()["status"] == "sending"
    cancelled = act(api, writer, draft, "cancel").json()
    assert cancelled["status"] == "cancelled"
    assert cancelled["counts"]["cancelled"] == 3
    for name in ("submit", "approve", "send", "pause", "resume", "cancel"):
        assert act(api, second, draft, name).status_code == 409
    rows = api.get(f"{URL}/{draft['id']}/deliveries?state=cancelled", headers=writer).json()
    assert {row["address"] for row in rows["items"]} == {
        f"person{index}@example.com" for index in range(3)
    }
    masked = api.get(f"{URL}/{draft['id']}/deliveries", headers=key("viewer")).json()
    assert {row["address"] for row in masked["items"]} == {"p***@example.com"}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"title": ""}, "title"),
        ({"title": "x" * 121}, "title"),
        ({"title": "a\nb"}, "title"),
        ({"urgency": "panic"}, "urgency"),
        ({"channels": []}, "channels"),
        ({"channels": ["pigeon"]}, "channels.0"),
        ({"audience": {"districts": ["999999"]}}, "audience.districts.0"),
        ({"audience": {"countries": ["XX"]}}, "audience.countries.0"),
        ({"audience": {"colours": []}}, "audience.colours"),
        ({"message": {}}, "message.zh-CN.subject"),
        ({"message": {"en": {"subject": "Only a subject"}}}, "message.en.body"),
        (
            {"message": {"en": {"subject": "a\r\nBcc: x@example.com", "body": "b"}}},
            "message.en.subject",
        ),
        ({"channels": ["sms"], "message": {"en": {"sms": ""}}}, "message.zh-CN.sms"),
        ({"send_at": "2020-01-01T00:00:00+08:00"}, "send_at"),
        ({"send_at": "2099-02-30T00:00:00+08:00"}, "send_at"),
        ({"send_at": "2099-01-01T00:00:00"}, "send_at"),
        ({"expires_at": "2020-01-01T00:00:00+08:00"}, "expires_at"),
        ({"timezone": "Mars/Base"}, "timezone"),
    ],
)
def test_what_cannot_be_taken_is_said_beside_its_field(
    api: TestClient, key: Key, change: dict[str, Any], field: str
) -> None:
    answer = api.post(URL, json=body(**change), headers=key("city-editor"))
    assert answer.status_code == 422, answer.text
    assert field in {error["field"] for error in answer.json()["errors"]}


def test_the_same_call_twice_creates_once(api: TestClient, key: Key) -> None:
    headers = key("city-editor") | {"Idempotency-Key": "abc"}
    first = api.post(URL, json=body(), headers=headers).json()
    assert api.post(URL, json=body(), headers=headers).json() == first
    assert api.post(URL, json=body(title="Other"), headers=headers).status_code == 422
    assert len(api.get(URL, headers=headers).json()["items"]) == 1


def test_roles_and_strangers(api: TestClient, key: Key) -> None:
    draft = made(api, key("city-editor"))
    assert api.get(URL).status_code == 401
    assert api.post(URL, json=body(), headers=key("viewer")).status_code == 403
    assert act(api, key("viewer"), draft, "submit").status_code == 403
    assert api.get(f"{URL}/{draft['id']}", headers=key("viewer")).status_code == 200
    assert api.get(f"{URL}/{uuid.uuid4()}", headers=key("viewer")).status_code == 404
    assert api.get(f"{URL}/17", headers=key("viewer")).status_code == 422


def test_a_district_speaks_to_its_own(api: TestClient, key: Key) -> None:
    person("a@example.com")
    person("b@example.com", districts=["110105"])
    xicheng, chaoyang = key("district-editor", "110102"), key("district-editor", "110105")
    refused = api.post(URL, json=body(audience={"districts": ["110105"]}), headers=xicheng)
    assert refused.status_code == 403
    draft = made(api, xicheng, audience={})
    assert draft["district"] == "110102"
    assert draft["audience"]["districts"] == ["110102"]
    assert api.get(f"{URL}/{draft['id']}", headers=chaoyang).status_code == 403
    assert act(api, chaoyang, draft, "cancel").status_code == 403
    assert api.get(URL, headers=chaoyang).json()["items"] == []
    city = key("city-editor")
    widened = api.patch(f"{URL}/{draft['id']}", json={"audience": {}}, headers=city).json()
    assert widened["audience"]["districts"] == ["110102"]
    reach = api.get(f"{URL}/{draft['id']}/audience", headers=xicheng).json()
    assert reach["total"] == 1


def test_neither_a_writer_nor_the_submitter_approves(api: TestClient, key: Key) -> None:
    people(1)
    writer, editor, submitter = key("city-editor"), key("city-editor"), key("city-editor")
    draft = made(api, writer)
    api.patch(f"{URL}/{draft['id']}", json={"title": "Floods, again"}, headers=editor)
    act(api, submitter, draft, "submit")
    for headers in (writer, editor, submitter):
        assert act(api, headers, draft, "approve").status_code == 403
    assert act(api, key("city-editor"), draft, "approve").status_code == 200


def test_a_key_with_the_authors_id_is_the_author(api: TestClient) -> None:
    people(1)
    writer = principal("city-editor")
    api.cookies.set(auth.SESSION_COOKIE, auth.credential_for(writer))
    draft = api.post(URL, json=body(), headers={"Sec-Fetch-Site": "same-origin"}).json()
    api.post(f"{URL}/{draft['id']}/submit", headers={"Sec-Fetch-Site": "same-origin"})
    twin = auth.Principal("key", writer.id, writer.id, "twin", "city-editor", None)
    headers = {"Authorization": f"Bearer {auth.key_for(twin)}"}
    assert act(api, headers, draft, "approve").json()["type"] == "own-broadcast"


@pytest.mark.parametrize("status", ["submitted", "approved", "scheduled"])
def test_an_edit_takes_the_approval_back(api: TestClient, key: Key, status: str) -> None:
    people(2)
    later = (utc_now() + timedelta(days=1)).isoformat()
    writer, second = key("city-editor"), key("city-editor")
    draft = made(api, writer, send_at=later)
    act(api, writer, draft, "submit")
    if status != "submitted":
        act(api, second, draft, "approve")
    if status == "scheduled":
        assert act(api, writer, draft, "send").json()["status"] == "scheduled"
    url = f"{URL}/{draft['id']}"
    same = api.patch(url, json={"title": "Floods"}, headers=second).json()
    assert same["status"] == status, "nothing changed, so nothing is taken back"
    edited = api.patch(url, json={"title": "Worse floods"}, headers=second).json()
    assert edited["status"] == "draft"
    assert edited["approved_by"] is None
    assert edited["submitted_by"] is None
    assert edited["counts"]["total"] == 0
    assert act(api, writer, draft, "send").status_code == 409
    act(api, writer, draft, "submit")
    assert act(api, second, draft, "approve").status_code == 403, "an editor is a writer"
    again = act(api, key("city-editor"), draft, "approve").json()
    assert again["counts"]["pending"] == 2


def test_an_approval_of_something_else_is_refused(api: TestClient, key: Key) -> None:
    people(1)
    writer = key("city-editor")
    draft = made(api, writer)
    seen = draft["content_hash"]
    api.patch(f"{URL}/{draft['id']}", json={"title": "Other"}, headers=writer)
    act(api, writer, draft, "submit")
    answer = api.post(
        f"{URL}/{draft['id']}/approve", json={"content_hash": seen}, headers=key("city-editor")
    )
    assert answer.json()["type"] == "broadcast-changed"
    assert api.get(f"{URL}/{draft['id']}", headers=writer).json()["status"] == "submitted"


def test_nobody_overwrites_what_they_have_not_seen(api: TestClient, key: Key) -> None:
    headers = key("city-editor")
    draft = made(api, headers)
    url = f"{URL}/{draft['id']}"
    first = api.patch(url, json={"version": draft["version"], "title": "A"}, headers=headers)
    assert first.status_code == 200
    second = api.patch(url, json={"version": draft["version"], "title": "B"}, headers=headers)
    assert second.json()["type"] == "broadcast-changed"


def test_the_audience_is_counted_by_address(api: TestClient, key: Key) -> None:
    person("both@example.com", phone="+8613812345678")
    person("twice@example.com", language="en", topics=["fraud"])
    person("twice@example.com")
    person("silent@example.com", wants_broadcasts=False)
    person("elsewhere@example.com", districts=["110105"])
    person("stopped@example.com")
    person("dead@example.com")
    person(None, phone="+8613912345678")
    person(None)
    with database.transaction() as session:
        contacts.unsubscribe(session, "email", "stopped@example.com")
        contacts.suppress(session, "email", "dead@example.com", "bounced")
    headers = key("city-editor")

    def reach(**changes: Any) -> dict[str, Any]:
        draft = made(api, headers, **changes)
        found: dict[str, Any] = api.get(f"{URL}/{draft['id']}/audience", headers=headers).json()
        assert found["total"] == sum(found["by_channel"].values())
        assert found["total"] == sum(found["by_language"].values())
        return found

    by_mail = reach()
    assert by_mail["by_channel"] == {"email": 2}
    assert by_mail["people"] == 2
    left_out = {reason: count for reason, count in by_mail["excluded"].items() if count}
    assert left_out == {"unsubscribed": 1, "suppressed": 1, "no_address": 2}
    both = reach(channels=["email", "sms"])
    assert both["by_channel"] == {"email": 2, "sms": 2}
    assert both["people"] == 3
    assert both["excluded"]["no_address"] == 1
    assert reach(urgency="emergency")["by_channel"] == {"email": 3}
    assert reach(audience={})["total"] == 3
    assert reach(audience={"topics": ["fraud"]})["by_language"] == {"zh-CN": 0, "en": 1}
    assert reach(audience={"countries": ["JP"]})["total"] == 0
    assert reach(audience={"districts": ["110102", "110105"], "topics": ["travel"]})["total"] == 3


def test_by_kind_of_organisation_and_by_travel(api: TestClient, key: Key) -> None:
    day = utc_now().astimezone(ZoneInfo("Asia/Shanghai")).date()  # the city's
    trip = {"country": "JP", "departs_on": day}
    person("school@example.com", organisation_kind="school", trips=[Trip(**trip, returns_on=day)])
    person("firm@example.com", organisation_kind="enterprise", trips=[Trip(**trip)])
    person("home@example.com")
    headers = key("city-editor")

    def total(audience: dict[str, Any]) -> int:
        draft = made(api, headers, audience=audience)
        found: int = api.get(f"{URL}/{draft['id']}/audience", headers=headers).json()["total"]
        return found

    assert total({"organisation_kinds": ["school"]}) == 1
    assert total({"travelling_on": day.isoformat()}) == 2
    assert total({"travelling_on": (day + timedelta(days=1)).isoformat()}) == 1
    before = {"travelling_on": (day - timedelta(days=9)).isoformat()}
    assert total(before) == 0
    assert total(before | {"travelling_until": day.isoformat()}) == 2
    assert total({"travelling_on": day.isoformat(), "countries": ["TH"]}) == 0
    assert total({"countries": ["JP"]}) == 2
    assert total({"activity_id": str(uuid.uuid4())}) == 0


def test_a_broadcast_to_nobody_is_not_submitted(api: TestClient, key: Key) -> None:
    headers = key("city-editor")
    refused = act(api, headers, made(api, headers), "submit")
    assert refused.json()["type"] == "broadcast-reaches-nobody"


def test_the_document_names_every_call(api: TestClient) -> None:
    paths = api.get("/api/notifications/openapi.json").json()["paths"]
    names = ("submit", "approve", "send", "pause", "resume", "cancel", "test")
    assert all(f"{URL}/{{broadcast_id}}/{name}" in paths for name in names)
