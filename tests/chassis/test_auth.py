"""Who is calling: cookies and keys that are forged, old, ended, or of another district."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import get_args

import pytest
import time_machine

from services import house
from services.chassis import auth, crypto
from services.chassis.events import consume
from services.chassis.events.envelope import Envelope
from services.chassis.events.outbox import publish
from tests.chassis.trial import ORIGIN, browser
from tests.conftest import principal

Cookies = Callable[..., dict[str, str]]
Key = Callable[..., dict[str, str]]

CALL = "/api/identity/v1/things"
PAGE = "/staff/trial"
EVERY_ROLE = get_args(auth.Role)


def cookie(value: str) -> dict[str, str]:
    return {auth.SESSION_COOKIE: value}


def test_nobody_is_sent_to_sign_in_and_a_program_is_told() -> None:
    answer = browser().get(f"{PAGE}?page=2&q=%E9%A2%86")
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/staff/sign-in?next=")
    assert "%3Fpage%3D2%26q%3D%25E9%25A2%2586" in answer.headers["location"]
    answer = browser().get(CALL)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.json()["type"] == "unauthenticated"


def test_a_session_and_a_key_are_both_taken(staff: Cookies, key: Key) -> None:
    assert browser(cookies=staff("viewer")).get(PAGE).status_code == 200
    assert browser(cookies=staff("viewer")).get(CALL).json()["kind"] == "staff"
    assert browser().get(CALL, headers=key("viewer")).json()["kind"] == "key"


@pytest.mark.parametrize("forged", ["x", ".", "a.b", "领保".encode().decode("latin-1"), "A" * 5000])
def test_a_forged_credential_is_nobodys(forged: str) -> None:
    headers = {"Cookie": f"{auth.SESSION_COOKIE}={forged}".encode("latin-1")}
    answer = browser().get(PAGE, headers=headers)  # type: ignore[arg-type]
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/staff/sign-in")
    answer = browser().get(CALL, headers={"Authorization": f"Bearer {forged}".encode("latin-1")})  # type: ignore[dict-item]
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"


def test_claims_cannot_be_changed(staff: Cookies) -> None:
    viewers = staff("viewer")[auth.SESSION_COOKIE]
    admins = auth.credential_for(principal("city-admin"))
    mixed = f"{admins.partition('.')[0]}.{viewers.partition('.')[2]}"
    assert browser(cookies=cookie(mixed)).get(CALL).status_code == 401


def test_a_session_is_no_key_and_a_key_no_session(staff: Cookies, key: Key) -> None:
    session = staff("viewer")[auth.SESSION_COOKIE]
    program = key("viewer")["Authorization"].removeprefix("Bearer ")
    assert browser().get(CALL, headers={"Authorization": f"Bearer {session}"}).status_code == 401
    assert browser(cookies=cookie(program)).get(CALL).status_code == 401
    stripped = program.removeprefix(auth.KEY_PREFIX)
    assert browser(cookies=cookie(stripped)).get(CALL).status_code == 401


def test_a_bad_key_is_refused_even_beside_a_good_session(staff: Cookies) -> None:
    answer = browser(cookies=staff("city-admin")).get(CALL, headers={"Authorization": "Bearer no"})
    assert answer.status_code == 401


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_page_view_renews_a_session_older_than_five_minutes(staff: Cookies, method: str) -> None:
    with time_machine.travel("2026-11-01T08:00:00Z", tick=False) as clock:
        client = browser(cookies=staff("viewer"))
        clock.shift(timedelta(minutes=5))
        assert client.request(method, PAGE).status_code == 200
        clock.shift(1)
        answer = client.request(method, f"{PAGE}?page=2")
        assert answer.status_code == 303
        assert answer.headers["location"] == ("/staff/session/renew?next=/staff/trial%3Fpage%3D2")


def test_a_call_and_a_form_are_taken_for_half_an_hour(staff: Cookies) -> None:
    with time_machine.travel("2026-11-01T08:00:00Z", tick=False) as clock:
        client = browser(cookies=staff("city-editor"))
        clock.shift(timedelta(minutes=29))
        assert client.get(CALL).status_code == 200, "a program cannot be sent to renew"
        assert client.post(PAGE, data={"name": "x"}, headers=ORIGIN).status_code == 303
        clock.shift(timedelta(minutes=2))
        assert client.get(CALL).status_code == 401
        assert client.post(PAGE, data={"name": "x"}, headers=ORIGIN).status_code == 401
        # The session behind it may live on, which identity alone can say.
        assert client.get(PAGE).headers["location"].startswith("/staff/session/renew")


def test_a_key_does_not_grow_old(key: Key) -> None:
    with time_machine.travel("2026-11-01T08:00:00Z", tick=False) as clock:
        headers = key("viewer")
        clock.shift(timedelta(days=4000))
        assert browser().get(CALL, headers=headers).status_code == 200


def revoked(credential: uuid.UUID) -> None:
    """What a service does when it hears that identity ended a credential."""
    database = house.database("content")
    with database.transaction() as session:
        publish(session, auth.CredentialRevoked(subject_id=credential, version=1))
        from services.chassis.tables import OutboxRow

        envelope = Envelope.model_validate(session.query(OutboxRow).one().envelope)
    assert consume(house.database("identity"), auth.CREDENTIAL_HANDLERS, envelope) is True


def test_an_ended_session_is_refused_from_the_event_on() -> None:
    caller = principal("city-editor")
    client = browser(cookies=cookie(auth.credential_for(caller)))
    assert client.get(PAGE).status_code == 200
    revoked(caller.credential_id)
    assert client.get(PAGE).headers["location"].startswith("/staff/sign-in")
    assert client.get(CALL).status_code == 401
    assert client.post(PAGE, data={}, headers=ORIGIN).status_code == 401
    other = auth.Principal("staff", caller.id, uuid.uuid4(), "n", "viewer", None)
    again = browser(cookies=cookie(auth.credential_for(other)))
    assert again.get(PAGE).status_code == 200, "the person's other session goes on"


def test_an_ended_key_is_refused_from_the_event_on() -> None:
    caller = principal("viewer", kind="key")
    headers = {"Authorization": f"Bearer {auth.key_for(caller)}"}
    assert browser().get(CALL, headers=headers).status_code == 200
    revoked(caller.credential_id)
    assert browser().get(CALL, headers=headers).status_code == 401


def test_ending_twice_changes_nothing() -> None:
    identifier = uuid.uuid4()
    for _ in range(2):
        with house.database("identity").transaction() as session:
            auth.revoke(session, identifier)


@pytest.mark.parametrize("role", EVERY_ROLE)
def test_a_role_opens_what_it_grants_and_no_more(key: Key, role: str) -> None:
    may_edit = "activities.edit" in auth.PERMISSIONS[role]
    district = {"district": "110102"} if role in auth.DISTRICT_ROLES else {}
    headers = key(role, **district)
    assert browser().get(CALL, params=district, headers=headers).status_code == 200
    answer = browser().post(CALL, json={"name": "x"}, headers=headers)
    assert answer.status_code == (201 if may_edit else 403)
    if not may_edit:
        assert answer.json()["type"] == "forbidden"
        assert "Your role does not allow this." in answer.json()["title"]


# The whole table, written down a second time: a slip in a set operation shows here.
_READS = {
    *("activities", "bookings", "materials", "advisories", "quizzes", "questions", "orders"),
    *("broadcasts", "deliveries", "senders"),
}
_EDITS = {
    *(f"{thing}.view" for thing in _READS),
    *("activities.edit", "registrations.view", "registrations.check-in", "bookings.answer"),
    *("materials.edit", "advisories.edit", "broadcasts.write", "broadcasts.approve"),
    *("quizzes.edit", "questions.answer", "orders.manage"),
    *("contacts.view", "contacts.edit", "templates.edit"),
}
TABLE = {
    "city-admin": _EDITS
    | {"people.manage", "audit.view", "apikeys.manage", "senders.manage", "webhooks.manage"},
    "city-editor": _EDITS,
    "district-admin": (_EDITS | {"people.manage", "audit.view"}) - {"advisories.edit"},
    "district-editor": _EDITS - {"advisories.edit"},
    "check-in": {"activities.view", "registrations.view", "registrations.check-in"},
    "viewer": {f"{thing}.view" for thing in _READS},
}


def test_every_role_has_a_name_and_its_permissions() -> None:
    assert auth.PERMISSIONS == TABLE
    assert set(TABLE) == set(EVERY_ROLE) == set(auth.ROLE_NAMES)


@pytest.mark.parametrize(
    ("own", "asked", "status"),
    [
        (None, None, 200),
        (None, "110102", 200),
        ("110102", "110102", 200),
        ("110102", "110105", 403),
        ("110102", None, 403),  # what is the whole city's is not a district's to touch
    ],
)
def test_the_wall_between_districts(
    key: Key, own: str | None, asked: str | None, status: int
) -> None:
    params = {"district": asked} if asked else {}
    role = "district-editor" if own else "city-editor"
    answer = browser().get(CALL, params=params, headers=key(role, own))
    assert answer.status_code == status
    if status == 403:
        assert answer.json()["type"] == "other-district"


def test_an_expired_form_keeps_what_was_typed(staff: Cookies) -> None:
    with time_machine.travel("2026-11-01T08:00:00Z", tick=False) as clock:
        client = browser(cookies=staff("city-editor"))
        clock.shift(timedelta(hours=1))
        typed = {"name": 'Wáng "<b>芳</b>"', "topics": ["travel", "fraud"], "empty": ""}
        answer = client.post(f"{PAGE}?from=a&to=b", data=typed, headers=ORIGIN)
    assert answer.status_code == 401
    assert 'value="Wáng &#34;&lt;b&gt;芳&lt;/b&gt;&#34;"' in answer.text
    assert answer.text.count('name="topics"') == 2
    assert 'name="empty"' in answer.text
    assert f'action="{PAGE}?from=a&amp;to=b"' in answer.text


def test_an_expired_form_that_cannot_be_read_is_a_bad_request(staff: Cookies) -> None:
    with time_machine.travel("2026-11-01T08:00:00Z", tick=False) as clock:
        client = browser(cookies=staff("city-editor"))
        clock.shift(timedelta(hours=1))
        headers = {**ORIGIN, "Content-Type": "multipart/form-data"}
        answer = client.post(PAGE, content=b"--x\r\nbroken", headers=headers)
    assert answer.status_code == 400


def test_a_token_of_another_purpose_opens_nothing() -> None:
    claims = {"sid": str(uuid.uuid4()), "sub": str(uuid.uuid4()), "role": "city-admin", "iat": 0}
    other = crypto.sign("preferences", claims, None)
    assert browser(cookies=cookie(other)).get(CALL).status_code == 401
