"""Signing in and out, renewing, and what happens to credentials that are not good."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

import pytest
import sqlalchemy as sa
import time_machine
from argon2 import PasswordHasher

from services.chassis.auth import SESSION_COOKIE, SESSION_LIFETIME, Principal, credential_for
from services.chassis.database import new_id, utc_now
from services.chassis.tables import RevokedCredential
from services.identity.database import database
from services.identity.signin.devices import device_words
from services.identity.signin.models import SignInSession
from services.identity.staff import passwords
from services.identity.staff.models import Staff
from tests.identity.conftest import PASSWORD, Browser, Person

ADDRESS = "admin@lingbao.example"


def later(**length: float) -> time_machine.travel:
    return time_machine.travel(utc_now() + timedelta(**length))


def test_signing_in_leads_to_where_one_was_going(person: Person, browser: Browser) -> None:
    person("city-admin", email=ADDRESS)
    client = browser()

    first = client.get("/staff/people?role=viewer")
    assert first.headers["location"] == "/staff/sign-in?next=/staff/people%3Frole%3Dviewer"
    form = client.get(first.headers["location"])
    assert 'value="/staff/people?role=viewer"' in form.text
    answer = client.post(
        "/staff/sign-in",
        data={
            "email": " Admin@Lingbao.example ",
            "password": PASSWORD,
            "next": "/staff/people?role=viewer",
        },
    )

    assert (answer.status_code, answer.headers["location"]) == (303, "/staff/people?role=viewer")
    assert client.get(answer.headers["location"]).status_code == 200


def test_the_cookie_is_kept_from_scripts_and_other_sites(person: Person, browser: Browser) -> None:
    person("city-admin", email=ADDRESS)
    answer = browser().post("/staff/sign-in", data={"email": ADDRESS, "password": PASSWORD})
    session = next(
        line for line in answer.headers.get_list("set-cookie") if line.startswith(SESSION_COOKIE)
    )
    for part in ("HttpOnly", "SameSite=lax", "Path=/", "Max-Age=43200"):
        assert part in session
    assert "Secure" not in session  # the tests' address is http


def test_a_form_of_another_site_signs_nobody_in(person: Person, browser: Browser) -> None:
    person("city-admin", email=ADDRESS)
    answer = browser().post(
        "/staff/sign-in",
        data={"email": ADDRESS, "password": PASSWORD},
        headers={"Origin": "https://evil.example"},
    )
    assert answer.status_code == 403
    assert SESSION_COOKIE not in answer.cookies


@pytest.mark.parametrize(
    ("email", "password"),
    [(ADDRESS, "not-the-password-1"), ("nobody@lingbao.example", PASSWORD), ("x", ""), ("", "")],
)
def test_what_does_not_fit_is_refused_with_the_address_still_there(
    person: Person, browser: Browser, email: str, password: str
) -> None:
    person("city-admin", email=ADDRESS)
    answer = browser().post("/staff/sign-in", data={"email": email, "password": password})
    assert answer.status_code == 422
    assert f'value="{email}"' in answer.text
    assert not password or password not in answer.text
    assert SESSION_COOKIE not in answer.cookies


def test_nobody_learns_whether_there_is_an_account(
    person: Person, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    person("city-admin", email=ADDRESS)
    disabled = person("viewer", email="gone@lingbao.example")
    with database.transaction() as session:
        session.get_one(Staff, disabled.id).disabled_at = utc_now()
    compared: list[str] = []
    hasher = passwords._hasher

    class Counting(PasswordHasher):
        def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:
            compared.append(str(hash).rpartition("$")[0].rpartition("$")[0])
            return hasher.verify(hash, password)

    monkeypatch.setattr(passwords, "_hasher", Counting(1, 1024, 1))

    def answer(email: str, password: str) -> tuple[int, str]:
        found = browser().post("/staff/sign-in", data={"email": email, "password": password})
        return found.status_code, found.text.replace(email, "")

    known = answer(ADDRESS, "not-the-password-1")
    assert answer("nobody@lingbao.example", "not-the-password-1") == known
    assert answer(disabled.email, PASSWORD) == known
    # One comparison each, with the same parameters: the work is the same.
    assert len(compared) == 3
    assert len(set(compared)) == 1


def test_the_password_is_the_same_on_every_keyboard(browser: Browser) -> None:
    from services.identity.staff.service import add_staff

    add_staff(ADDRESS, "周敏", "city-admin", None, "ｆｕｌｌｗｉｄｔｈ四只白鹭８８")
    browser(ADDRESS, "fullwidth四只白鹭88")


def test_a_hash_of_older_parameters_is_made_anew(
    person: Person, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    staff = person("city-admin", email=ADDRESS)
    monkeypatch.setattr(passwords, "_hasher", PasswordHasher(2, 1024, 1))
    browser(ADDRESS)
    with database.transaction() as session:
        assert "t=2" in session.get_one(Staff, staff.id).password_hash
    browser(ADDRESS)


def test_a_credential_is_renewed_while_the_session_lives(person: Person, browser: Browser) -> None:
    person("city-admin", email=ADDRESS)
    client = browser(ADDRESS)
    first = client.cookies[SESSION_COOKIE]
    for minutes in (6, 45):  # due for renewal; past the credential's own time
        with later(minutes=minutes):
            answer = client.get("/staff/account?done=x")
            assert answer.headers["location"] == (
                "/staff/session/renew?next=/staff/account%3Fdone%3Dx"
            )
            renewed = client.get(answer.headers["location"])
            assert renewed.headers["location"] == "/staff/account?done=x"
            assert client.cookies[SESSION_COOKIE] != first
            assert client.get("/staff/account").status_code == 200


def test_renewal_says_who_the_person_is_by_now(person: Person, browser: Browser) -> None:
    staff = person("city-admin", email=ADDRESS)
    client = browser(ADDRESS)
    with database.transaction() as session:
        session.get_one(Staff, staff.id).name = "新名字"
    client.get("/staff/session/renew")
    assert "新名字" in client.get("/staff").text


def test_no_session_outlives_the_working_day(person: Person, browser: Browser) -> None:
    person("city-admin", email=ADDRESS)
    client = browser(ADDRESS)
    with later(hours=12, seconds=1):
        answer = client.get("/staff/session/renew?next=/staff/people")
        assert answer.headers["location"] == "/staff/sign-in?next=/staff/people"
        assert SESSION_COOKIE not in client.cookies


def test_signing_out_ends_the_session_everywhere(
    person: Person, browser: Browser, outbox: object
) -> None:
    person("city-admin", email=ADDRESS)
    client = browser(ADDRESS)
    stolen = client.cookies[SESSION_COOKIE]
    answer = client.post("/staff/sign-out")
    assert answer.headers["location"] == "/staff/sign-in?left=1"
    assert "You are signed out." in client.get(answer.headers["location"]).text

    thief = browser()
    thief.cookies.set(SESSION_COOKIE, stolen)
    assert thief.get("/staff/people").headers["location"].startswith("/staff/sign-in")
    thief.cookies.set(SESSION_COOKIE, stolen)
    assert thief.get("/staff/session/renew").headers["location"].startswith("/staff/sign-in")
    events = [event.type for event in outbox("identity")]  # type: ignore[operator]
    assert events.count("staff.credential_revoked.v1") == 1


def test_an_expired_credential_still_signs_out(person: Person, browser: Browser) -> None:
    person("city-admin", email=ADDRESS)
    client = browser(ADDRESS)
    with later(hours=1):
        client.post("/staff/sign-out")
    with database.transaction() as session:
        assert session.scalars(sa.select(SignInSession)).one().ended_at is not None


@pytest.mark.parametrize("damage", ["x", "", "a.b", "{}", "中文"])
def test_a_forged_credential_is_nobodys(browser: Browser, damage: str) -> None:
    genuine = credential_for(Principal("staff", new_id(), new_id(), "name", "viewer", None))
    claims, _, mac = genuine.partition(".")
    client = browser()
    for cookie in (damage, f"{claims}.{damage}", f"{damage}.{mac}", claims):
        headers = {"Cookie": f"{SESSION_COOKIE}={cookie}".encode()}
        for path in ("/staff", "/staff/session/renew"):
            answer = client.get(path, headers=headers)  # type: ignore[arg-type]
            assert answer.status_code == 303
            assert answer.headers["location"].startswith("/staff/sign-in")
        assert client.get("/staff/sign-in", headers=headers).status_code == 200  # type: ignore[arg-type]
        assert client.post("/staff/sign-out", headers=headers).status_code == 303  # type: ignore[arg-type]


def test_a_genuine_credential_without_a_session_is_not_renewed(browser: Browser) -> None:
    client = browser()
    client.cookies.set(
        SESSION_COOKIE,
        credential_for(Principal("staff", new_id(), new_id(), "name", "viewer", None)),
    )
    answer = client.get("/staff/session/renew")
    assert answer.headers["location"].startswith("/staff/sign-in")


def test_a_link_credential_is_no_session(browser: Browser) -> None:
    from services.chassis import crypto

    client = browser()
    client.cookies.set(SESSION_COOKIE, crypto.sign("apikey", {"sid": str(new_id())}, None))
    assert client.get("/staff/session/renew").headers["location"].startswith("/staff/sign-in")


def test_a_part_of_a_page_sends_the_whole_page_to_sign_in(browser: Browser) -> None:
    answer = browser().get(
        "/staff/sign-in?next=/staff/today/content",
        headers={"HX-Request": "true", "HX-Current-URL": "http://testserver/staff?x=1"},
    )
    assert answer.headers["hx-redirect"] == "/staff/sign-in?next=/staff%3Fx%3D1"


def test_a_session_that_was_revoked_here_is_refused_at_once(
    person: Person, browser: Browser
) -> None:
    person("city-admin", email=ADDRESS)
    client = browser(ADDRESS)
    assert client.get("/staff").status_code == 200
    with database.transaction() as session:
        session.add(RevokedCredential(id=session.scalars(sa.select(SignInSession.id)).one()))
    assert client.get("/staff").headers["location"].startswith("/staff/sign-in")


def test_a_credential_lives_shorter_than_a_session() -> None:
    from services.identity.signin.models import LONGEST_SESSION

    assert SESSION_LIFETIME < LONGEST_SESSION


def test_a_browser_in_words() -> None:
    known = {
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
        "Chrome/131.0.0.0 Safari/537.36 Edg/131.0.0.0": "Edge · Windows",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 "
        "(KHTML, like Gecko) Mobile/15E148 MicroMessenger/8.0.50": "WeChat · iPhone",
        "curl/8.5": "",
        "<script>alert(1)</script>": "",
    }
    assert {agent: device_words(agent) for agent in known} == known
