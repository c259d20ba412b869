"""Registering by form and by call, and what a registrant does by their link."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from icalendar import Calendar
from starlette.testclient import TestClient

from services.chassis import crypto
from services.chassis.database import new_id, utc_now
from services.chassis.events import Envelope, consume
from services.registration.activities.models import Activity
from services.registration.database import database
from services.registration.events import HANDLERS
from services.registration.registrations.models import manage_token
from services.registration.registrations.tickets import ALPHABET
from tests.registration.ground import an_activity, begun, edit, person, seats_taken, stored

API = "/api/registration/v1"
FORGED = crypto.encode(bytes(32))


@pytest.fixture
def browser(client: Callable[..., TestClient]) -> TestClient:
    return client("registration")


def slug_of(activity_id: object) -> str:
    with database.transaction() as session:
        return session.get_one(Activity, activity_id).slug


def form(**changes: Any) -> dict[str, Any]:
    return {
        "name": "王小明",
        "phone": "",
        "email": "xiaoming@example.com",
        "party_size": "1",
        "consents.reminders": "on",
        "consents.privacy_version": "2026-11",
        "_once": new_id().hex,
    } | changes


def test_a_call_registers_and_the_link_leads_back(browser: TestClient) -> None:
    activity = an_activity()
    answer = browser.post(f"{API}/activities/{activity}/registrations", json=person())
    assert answer.status_code == 201
    body = answer.json()
    assert body.keys() == {
        "id",
        "activity_id",
        "status",
        "party_size",
        "waiting_position",
        "ticket_code",
        "manage_url",
    }
    assert body["status"] == "confirmed"
    assert body["waiting_position"] is None
    assert len(body["ticket_code"]) == 8
    assert set(body["ticket_code"]) <= set(ALPHABET)
    token = body["manage_url"].rsplit("/", 1)[-1]
    own = browser.get(f"{API}/registrations/{token}").json()
    assert own["name"] == "王小明0"
    assert own["activity"]["id"] == str(activity)


def test_the_event_carries_everything_and_no_personal_data_in_the_clear(
    browser: TestClient, outbox: Callable[[str], list[Envelope]]
) -> None:
    activity = an_activity()
    browser.post(f"{API}/activities/{activity}/registrations", json=person())
    (event,) = outbox("registration")
    assert event.type == "registration.confirmed.v1"
    assert event.sequence == 1
    text = event.model_dump_json()
    assert "王小明" not in text
    assert "person0@example.com" not in text
    assert event.data["activity"]["reminders"] == ["P1D"]
    assert crypto.unseal(event.data["email"]) == "person0@example.com"
    assert event.data["consents"]["reminders"] is True


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"status": "cancelled"}, "activity-cancelled"),
        ({"registration_closes_at": utc_now() - timedelta(minutes=1)}, "registration-closed"),
        ({"registration_opens_at": utc_now() + timedelta(days=1)}, "registration-not-open"),
        ({"status": "completed"}, "registration-closed"),
    ],
)
def test_what_takes_no_registrations_says_why(
    browser: TestClient, changes: dict[str, Any], kind: str
) -> None:
    activity = an_activity(**changes)
    answer = browser.post(f"{API}/activities/{activity}/registrations", json=person())
    assert (answer.status_code, answer.json()["type"]) == (409, kind)
    slug = slug_of(activity)
    page = browser.get(f"/activities/{slug}/register")
    assert page.status_code == 200
    assert 'name="_once"' not in page.text
    # A form that was open before is sent: nothing that was typed is lost.
    sent = browser.post(f"/activities/{slug}/register", data=form())
    assert sent.status_code == 409
    assert "xiaoming@example.com" in sent.text


def test_what_has_begun_is_closed(browser: TestClient) -> None:
    activity = an_activity()
    begun(activity)
    answer = browser.post(f"{API}/activities/{activity}/registrations", json=person())
    assert answer.json()["type"] == "registration-closed"


def test_a_draft_and_an_unknown_activity_are_not_there(browser: TestClient) -> None:
    for activity in (an_activity(status="draft"), new_id()):
        answer = browser.post(f"{API}/activities/{activity}/registrations", json=person())
        assert answer.status_code == 404
    assert (
        browser.post(f"{API}/activities/not-an-id/registrations", json=person()).status_code == 422
    )


@pytest.mark.parametrize("email", ["person0@example.com", "PERSON0@EXAMPLE.COM"])
def test_one_address_registers_once(browser: TestClient, email: str) -> None:
    activity = an_activity()
    place = f"{API}/activities/{activity}/registrations"
    first = browser.post(place, json=person(0, email="person0@example.com")).json()
    again = browser.post(place, json=person(0, email=email.replace("PERSON0", "person0")))
    assert (again.status_code, again.json()["type"]) == (409, "already-registered")
    assert seats_taken(activity) == 1
    # After a cancel the same address may come again.
    token = first["manage_url"].rsplit("/", 1)[-1]
    assert browser.delete(f"{API}/registrations/{token}").json()["status"] == "cancelled"
    assert browser.post(place, json=person(0)).status_code == 201


def test_an_address_stored_under_an_older_key_is_known(
    browser: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    activity = an_activity()
    place = f"{API}/activities/{activity}/registrations"
    newest = crypto.fingerprints
    monkeypatch.setattr(crypto, "fingerprint", lambda value: newest(value)[1])
    assert browser.post(place, json=person(0)).status_code == 201
    monkeypatch.undo()
    assert browser.post(place, json=person(0)).json()["type"] == "already-registered"


def test_the_same_key_gives_the_same_answer_and_another_body_is_refused(
    browser: TestClient,
) -> None:
    activity = an_activity()
    place = f"{API}/activities/{activity}/registrations"
    headers = {"Idempotency-Key": "k-1"}
    first = browser.post(place, json=person(), headers=headers)
    again = browser.post(place, json=person(), headers=headers)
    assert (again.status_code, again.json()) == (201, first.json())
    other = browser.post(place, json=person(1), headers=headers)
    assert (other.status_code, other.json()["type"]) == (422, "idempotency-key-reused")
    assert seats_taken(activity) == 1


# --- bad input, in calls and on the form, in both languages ---------------------------------------

BAD = [
    ({"name": ""}, "name"),
    ({"name": "   "}, "name"),
    ({"name": "王" * 81}, "name"),
    ({"name": "A\r\nBcc: x@example.com"}, "name"),
    ({"email": "not an address"}, "email"),
    ({"email": "a@example.com\r\nBcc: b@example.com"}, "email"),
    ({"email": "a" * 250 + "@example.com"}, "email"),
    ({"email": "", "phone": ""}, "email"),
    ({"phone": "12345"}, "phone"),
    ({"phone": "13812345678\n13812345679"}, "phone"),
    ({"party_size": "0"}, "party_size"),
    ({"party_size": "5"}, "party_size"),
    ({"party_size": "two"}, "party_size"),
    ({"party_size": "999999999999999999999"}, "party_size"),
]


@pytest.mark.parametrize(("changes", "field"), BAD)
def test_bad_input_has_a_sentence_beside_its_field(
    browser: TestClient, changes: dict[str, str], field: str
) -> None:
    activity = an_activity()
    place, page = f"{API}/activities/{activity}/registrations", slug_of(activity)
    for language in ("zh-CN", "en"):
        headers = {"Accept-Language": language}
        answer = browser.post(place, json=person() | changes, headers=headers)
        assert answer.status_code == 422
        (error,) = answer.json()["errors"]
        assert error["field"] == field
        assert bool(re.search("[一-鿿]", error["message"])) is (language == "zh-CN")

        shown = browser.post(f"/activities/{page}/register", data=form(**changes), headers=headers)
        assert shown.status_code == 422
        assert f'href="#field-{field}"' in shown.text
        assert f'id="error-{field}"' in shown.text
        assert 'value="王小明"' in shown.text or "name" in changes
    assert seats_taken(activity) == 0
    assert stored(activity) == []


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        "text",
        {"name": None, "email": "a@example.com"},
        {"name": "A", "email": 7},
        {"name": "\ud800", "email": "a@example.com"},
        {"name": "A", "email": "a@example.com", "answers": {"q": "\ud800"}},
        {"name": "A", "email": "a@example.com", "answers": {"q": "x" * 20_000}},
        {"name": "A", "email": "a@example.com", "language": "fr"},
        {"name": "A", "email": "a@example.com", "consents": {"reminders": "perhaps"}},
    ],
)
def test_calls_of_the_wrong_shape_are_refused(browser: TestClient, body: Any) -> None:
    activity = an_activity()
    place = f"{API}/activities/{activity}/registrations"
    # Half a surrogate pair can only be sent escaped.
    headers = {"Content-Type": "application/json"}
    answer = browser.post(place, content=json.dumps(body), headers=headers)
    assert answer.status_code == 422
    assert answer.json()["errors"]
    assert seats_taken(activity) == 0


@pytest.mark.parametrize("phone", ["１３８１２３４５６７８", "138 1234 5678", "+86 138-1234-5678"])
def test_a_telephone_number_is_normalised(browser: TestClient, phone: str) -> None:
    activity = an_activity()
    body = person(email=None, phone=phone, party_size="２")
    assert browser.post(f"{API}/activities/{activity}/registrations", json=body).status_code == 201
    (row,) = stored(activity)
    assert (row.phone, row.party_size) == ("+8613812345678", 2)


def test_a_forged_link_leads_nowhere(browser: TestClient) -> None:
    for token in (FORGED, "x", "%00", manage_token(new_id()) + "A"):
        for method in ("GET", "PATCH", "DELETE"):
            body = {} if method == "PATCH" else None
            answer = browser.request(method, f"{API}/registrations/{token}", json=body)
            assert (answer.status_code, answer.json()["type"]) == (404, "link-not-valid")
        for page in ("", "/cancel", "/change", "/qr.svg", "/calendar.ics"):
            assert browser.get(f"/registrations/{token}{page}").status_code == 404
        assert browser.post(f"/registrations/{token}/cancel").status_code == 404


def test_a_token_of_a_booking_opens_no_registration(browser: TestClient) -> None:
    activity = an_activity()
    browser.post(f"{API}/activities/{activity}/registrations", json=person())
    token = crypto.sign_id("booking", stored(activity)[0].id)
    assert browser.get(f"{API}/registrations/{token}").status_code == 404


# --- the pages ------------------------------------------------------------------------------------


def test_the_form_registers_once_and_shows_the_ticket(browser: TestClient) -> None:
    activity = an_activity()
    slug = slug_of(activity)
    page = browser.get(f"/activities/{slug}/register")
    assert page.status_code == 200
    assert not re.search(r"<input[^>]*checkbox[^>]* checked", page.text)
    sent = form()
    first = browser.post(f"/activities/{slug}/register", data=sent)
    again = browser.post(f"/activities/{slug}/register", data=sent)
    assert first.status_code == again.status_code == 303
    assert first.headers["location"] == again.headers["location"]
    assert first.headers["location"].endswith("?new=1")
    (row,) = stored(activity)
    assert row.consents == {"reminders": True, "advisories": False, "privacy_version": "2026-11"}
    ticket = browser.get(first.headers["location"])
    assert "报名成功" in ticket.text
    assert f"{row.ticket_code[:4]} {row.ticket_code[4:]}" in ticket.text


def test_the_form_needs_the_privacy_notice(browser: TestClient) -> None:
    activity = an_activity()
    data = form()
    del data["consents.privacy_version"]
    page = browser.post(f"/activities/{slug_of(activity)}/register", data=data)
    assert page.status_code == 422
    assert 'href="#field-consents.privacy_version"' in page.text
    assert stored(activity) == []


def test_a_full_activity_says_so_on_the_form_with_everything_typed(browser: TestClient) -> None:
    activity = an_activity(capacity=1, waiting_list=False)
    browser.post(f"{API}/activities/{activity}/registrations", json=person())
    page = browser.post(f"/activities/{slug_of(activity)}/register", data=form())
    assert page.status_code == 409
    assert "名额已满" in page.text
    assert "xiaoming@example.com" in page.text


def test_a_get_changes_nothing_and_a_post_cancels(browser: TestClient) -> None:
    activity = an_activity()
    browser.post(f"{API}/activities/{activity}/registrations", json=person())
    token = manage_token(stored(activity)[0].id)
    for page in ("", "/cancel", "/change", "/qr.svg", "/calendar.ics"):
        assert browser.get(f"/registrations/{token}{page}").status_code == 200
    assert stored(activity)[0].status == "confirmed"
    for _ in range(2):
        answer = browser.post(f"/registrations/{token}/cancel")
        assert (answer.status_code, answer.headers["location"]) == (303, f"/registrations/{token}")
    assert stored(activity)[0].cancel_cause == "registrant"
    assert "已取消" in browser.get(f"/registrations/{token}").text


def test_the_ticket_in_english_and_its_pictures(browser: TestClient) -> None:
    activity = an_activity(venue_address={"zh-CN": "太平街", "en": "Taiping Street"})
    browser.post(f"{API}/activities/{activity}/registrations", json=person())
    row = stored(activity)[0]
    token = manage_token(row.id)
    page = browser.get(f"/registrations/{token}?new=1&lang=en")
    assert "You are in" in page.text
    assert not re.search("[一-鿿]", re.sub(r'lang="zh-CN"[^>]*>[^<]*<|王小明0', "", page.text))
    picture = browser.get(f"/registrations/{token}/qr.svg")
    assert picture.headers["content-type"] == "image/svg+xml"
    assert picture.content.startswith(b"<svg")
    calendar = Calendar.from_ical(browser.get(f"/registrations/{token}/calendar.ics").content)
    (event,) = calendar.walk("VEVENT")
    assert calendar["METHOD"] == "PUBLISH"
    assert event["UID"] == f"{row.id}@lingbao"
    assert event["STATUS"] == "CONFIRMED"


def test_changing_by_form_and_by_call(browser: TestClient) -> None:
    diet = {"id": "diet", "kind": "text", "label": {"zh-CN": "饮食要求"}}
    activity = an_activity(capacity=2, questions=[diet])
    browser.post(f"{API}/activities/{activity}/registrations", json=person())
    token = manage_token(stored(activity)[0].id)
    changed = browser.post(
        f"/registrations/{token}/change", data={"name": "王大明", "party_size": "2"}
    )
    assert changed.status_code == 303
    assert seats_taken(activity) == 2
    edit(activity, capacity=3)
    refused = browser.patch(f"{API}/registrations/{token}", json={"party_size": 4})
    assert refused.status_code == 422
    edit(activity, capacity=8, seats_taken=2)
    emptied = browser.post(f"/registrations/{token}/change", data={"name": "", "party_size": "2"})
    assert emptied.status_code == 422
    answers = browser.patch(f"{API}/registrations/{token}", json={"answers": {"diet": "素食"}})
    assert answers.json()["answers"] == {"diet": "素食"}
    assert answers.json()["name"] == "王大明"
    assert stored(activity)[0].version == 3


def test_nothing_changes_once_the_activity_has_begun(browser: TestClient) -> None:
    activity = an_activity()
    browser.post(f"{API}/activities/{activity}/registrations", json=person())
    begun(activity)
    token = manage_token(stored(activity)[0].id)
    assert browser.delete(f"{API}/registrations/{token}").json()["type"] == "registration-closed"
    patched = browser.patch(f"{API}/registrations/{token}", json={"name": "B"})
    assert patched.json()["type"] == "registration-closed"


def test_a_bounced_message_marks_the_registration(browser: TestClient) -> None:
    activity = an_activity()
    browser.post(f"{API}/activities/{activity}/registrations", json=person())
    row = stored(activity)[0]
    failed = Envelope(
        id=new_id(),
        source="/services/notifications",
        type="delivery.failed.v1",
        subject=f"delivery/{new_id()}",
        time=utc_now(),
        sequence=1,
        data={"registration_id": str(row.id), "channel": "email", "reason": "bounced"},
    )
    assert consume(database, HANDLERS, failed)
    assert stored(activity)[0].contact_failed


def test_the_wish_for_reminders_can_be_withdrawn_and_given(
    browser: TestClient, outbox: Callable[[str], list[Envelope]]
) -> None:
    activity = an_activity()
    browser.post(f"{API}/activities/{activity}/registrations", json=person())
    token = manage_token(stored(activity)[0].id)
    form = {"name": "王小明", "party_size": "1"}
    assert browser.post(f"/registrations/{token}/change", data=form).status_code == 303
    assert outbox("registration")[-1].data["consents"]["reminders"] is False
    back = browser.patch(f"{API}/registrations/{token}", json={"reminders": True})
    assert back.json()["consents"]["reminders"] is True
    assert outbox("registration")[-1].data["consents"]["reminders"] is True
    emptied = browser.patch(f"{API}/registrations/{token}", json={"reminders": None})
    assert emptied.status_code == 422
