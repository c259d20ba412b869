"""API keys: shown once, kept nowhere, ended everywhere."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from services.chassis.events.envelope import Envelope
from services.chassis.problems import Invalid
from services.identity.apikeys.service import create_key
from services.identity.database import database
from tests.identity.conftest import Browser, Person

ME = "/api/identity/v1/me"


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def test_a_key_from_the_command_line_works(browser: Browser) -> None:
    found = browser().get(ME, headers=bearer(create_key("排课系统", "district-editor", "110112")))
    assert found.json()["name"] == "排课系统"
    assert found.json()["district"] == "110112"


@pytest.mark.parametrize(
    ("name", "role", "district", "field"),
    [
        ("", "viewer", None, "name"),
        ("x", "owner", None, "role"),
        ("x", "district-editor", None, "district"),
        ("x", "city-admin", "110102", "district"),
        ("x", "viewer", "999999", "district"),
    ],
)
def test_the_command_line_is_told_what_is_wrong(
    name: str, role: str, district: str | None, field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        create_key(name, role, district)
    assert [error.field for error in refused.value.errors] == [field]


def test_the_page_shows_the_key_once(person: Person, browser: Browser) -> None:
    admin = browser(person("city-admin").email)
    assert admin.get("/staff/apikeys/new").status_code == 200
    typed = {"name": "排课系统", "role": "district-editor", "district": "110112", "_once": "a"}
    made, again = (admin.post("/staff/apikeys/new", data=typed) for _ in range(2))
    assert made.status_code == 201
    assert made.headers["cache-control"] == "no-store"
    shown = re.search(r'<code id="api-key">(lk_[^<]+)</code>', made.text)
    assert shown
    assert shown[1] in again.text  # the same form sent twice makes one key
    assert browser().get(ME, headers=bearer(shown[1])).status_code == 200
    listed = admin.get("/staff/apikeys").text
    assert listed.count("排课系统") == 2  # the name, and again for a screen reader at the button
    assert shown[1] not in listed
    with database.engine.connect() as connection:
        for table in ("api_keys", "outbox", "idempotency_keys"):
            assert shown[1] not in str(connection.execute(sa.text(f"TABLE {table}")).all())


def test_a_wrong_form_says_so(person: Person, browser: Browser) -> None:
    admin = browser(person("city-admin").email)
    answer = admin.post("/staff/apikeys/new", data={"name": "排课", "role": "district-editor"})
    assert answer.status_code == 422
    assert 'id="error-district"' in answer.text
    assert 'value="排课"' in answer.text


def test_ending_a_key_asks_first_and_refuses_it_everywhere(
    person: Person, browser: Browser, outbox: Callable[[str], list[Envelope]]
) -> None:
    admin = browser(person("city-admin").email)
    made = admin.post(
        "/api/identity/v1/apikeys", json={"name": "排课", "role": "viewer", "district": None}
    ).json()
    address = f"/staff/apikeys/{made['id']}/revoke"
    assert "refused from now on" in admin.get(address).text
    assert browser().get(ME, headers=bearer(made["key"])).status_code == 200
    for _ in range(2):
        assert admin.post(address).headers["location"] == "/staff/apikeys?done=revoked"
    refused = browser().get(ME, headers=bearer(made["key"]))
    assert (refused.status_code, refused.json()["type"]) == (401, "unauthenticated")
    events = [
        event.data["subject_id"]
        for event in outbox("identity")
        if event.type == "staff.credential_revoked.v1"
    ]
    assert events == [made["id"]]
    assert made["name"] not in admin.get("/staff/apikeys").text
    assert made["name"] in admin.get("/staff/apikeys?ended=1").text


def test_the_api_makes_lists_and_ends_keys_without_showing_them_again(
    browser: Browser, key: Callable[..., dict[str, str]]
) -> None:
    client, headers = browser(), key("city-admin")
    typed = {"name": "排课", "role": "check-in", "district": "110102"}
    once = headers | {"Idempotency-Key": "one"}
    first = client.post("/api/identity/v1/apikeys", json=typed, headers=once)
    again = client.post("/api/identity/v1/apikeys", json=typed, headers=once)
    assert first.status_code == 201
    assert first.json() == again.json()
    items = client.get("/api/identity/v1/apikeys", headers=headers).json()["items"]
    assert [item["id"] for item in items] == [first.json()["id"]]
    assert "key" not in items[0]
    ended = client.post(f"/api/identity/v1/apikeys/{items[0]['id']}/revoke", headers=headers)
    assert ended.json()["revoked_at"] is not None


@pytest.mark.parametrize("damage", ["", "lk_", "lk_a.b", "lk_中文", "x" * 5000])
def test_a_forged_key_is_refused(browser: Browser, damage: str) -> None:
    headers = {"Authorization": f"Bearer {damage}".encode()}
    assert browser().get(ME, headers=headers).status_code == 401  # type: ignore[arg-type]


def test_a_disabled_persons_keys_are_named_before_their_access_ends(
    person: Person, browser: Browser
) -> None:
    admin, second = browser(person("city-admin").email), person("city-admin", email="b@c.example")
    browser(second.email).post("/staff/apikeys/new", data={"name": "排课", "role": "viewer"})
    asked = admin.get(f"/staff/people/{second.id}/disable").text
    assert "API keys that they made (1) keep working" in asked
