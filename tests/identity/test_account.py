"""One's own account: where one is signed in, and one's password."""

from __future__ import annotations

import re

from services.identity.signin.attempts import FREE_ATTEMPTS
from tests.identity.conftest import PASSWORD, Browser, Person

ACCOUNT = "/staff/account"


def test_one_sees_and_ends_ones_other_sessions(person: Person, browser: Browser) -> None:
    staff = person("viewer")
    here, there, third = (browser(staff.email) for _ in range(3))
    page = here.get(ACCOUNT).text
    assert page.count("This browser") == 1
    others = re.findall(r"/staff/account/sessions/([0-9a-f-]{36})/end", page)
    assert len(others) == 2
    assert here.post(f"{ACCOUNT}/sessions/{others[0]}/end").status_code == 303
    alive = [client for client in (there, third) if client.get("/staff").status_code == 200]
    assert len(alive) == 1
    assert here.post(f"{ACCOUNT}/sessions/end-others").status_code == 303
    assert alive[0].get("/staff").status_code == 303
    assert here.get(ACCOUNT).status_code == 200


def test_nobody_ends_the_session_of_another(person: Person, browser: Browser) -> None:
    one, other = browser(person("viewer").email), browser(person("check-in").email)
    other_person = browser("check-in.city@lingbao.example")
    page = other_person.get(ACCOUNT).text
    theirs = re.findall(r"/staff/account/sessions/([0-9a-f-]{36})/end", page)
    assert one.post(f"{ACCOUNT}/sessions/{theirs[0]}/end").status_code == 404
    assert other.get("/staff").status_code == 200


def test_the_password_is_changed_with_the_present_one(person: Person, browser: Browser) -> None:
    staff = person("viewer")
    here, there = browser(staff.email), browser(staff.email)
    answer = here.post(
        f"{ACCOUNT}/password", data={"current": PASSWORD, "password": "nine-red-kites-21"}
    )
    assert answer.headers["location"] == f"{ACCOUNT}?done=password"
    assert "Your new password is in force." in here.get(answer.headers["location"]).text
    assert there.get("/staff").headers["location"].startswith("/staff/sign-in")
    browser(staff.email, "nine-red-kites-21")
    old = browser().post("/staff/sign-in", data={"email": staff.email, "password": PASSWORD})
    assert old.status_code == 422


def test_what_cannot_be_taken_is_said_beside_its_field(person: Person, browser: Browser) -> None:
    staff = person("viewer")
    client = browser(staff.email)
    for current, password, field in (
        ("not-the-password-1", "nine-red-kites-21", "current"),
        ("", "nine-red-kites-21", "current"),
        (PASSWORD, "short", "password"),
        (PASSWORD, staff.email, "password"),
    ):
        answer = client.post(f"{ACCOUNT}/password", data={"current": current, "password": password})
        assert answer.status_code == 422
        assert f'id="error-{field}"' in answer.text
        assert not current or current not in answer.text
    browser(staff.email)


def test_an_open_browser_is_no_place_to_guess(person: Person, browser: Browser) -> None:
    client = browser(person("viewer").email)
    typed = {"current": "not-the-password-1", "password": "nine-red-kites-21"}
    found = [
        client.post(f"{ACCOUNT}/password", data=typed).status_code for _ in range(FREE_ATTEMPTS + 1)
    ]
    assert found == [422] * FREE_ATTEMPTS + [429]
    right = client.post(f"{ACCOUNT}/password", data=typed | {"current": PASSWORD})
    assert right.status_code == 429
    assert "Please wait" in right.text
