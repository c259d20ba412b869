"""Guessing at passwords gets slower, and its victim is not kept out."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import sqlalchemy as sa
import time_machine
from starlette.testclient import TestClient

from services.chassis.database import utc_now
from services.identity.database import database
from services.identity.signin import attempts
from services.identity.signin.attempts import FREE_ATTEMPTS, LONGEST_WAIT, wait_after
from services.identity.signin.models import SignInAttempts
from tests.identity.conftest import PASSWORD, Browser, Person

ADDRESS = "admin@lingbao.example"
WRONG = "not-the-password-1"


def tries(client: TestClient, email: str, password: str = WRONG) -> int:
    return client.post("/staff/sign-in", data={"email": email, "password": password}).status_code


@pytest.mark.parametrize("email", [ADDRESS, "nobody@lingbao.example"])
def test_after_five_failures_one_waits_whether_or_not_there_is_an_account(
    person: Person, browser: Browser, email: str
) -> None:
    person("city-admin", email=ADDRESS)
    client = browser()
    assert [tries(client, email) for _ in range(FREE_ATTEMPTS + 1)] == [422] * FREE_ATTEMPTS + [429]
    answer = client.post("/staff/sign-in", data={"email": email, "password": PASSWORD})
    assert answer.status_code == 429
    assert "Please wait 1 min" in answer.text
    assert f'value="{email}"' in answer.text


def test_upper_case_is_no_way_around(person: Person, browser: Browser) -> None:
    person("city-admin", email=ADDRESS)
    client = browser()
    for address in (ADDRESS, ADDRESS.upper(), ADDRESS.title(), ADDRESS, f" {ADDRESS}"):
        assert tries(client, address) == 422
    assert tries(client, "aDMIN@lingbao.example") == 429


def test_the_wait_ends_and_grows(person: Person, browser: Browser) -> None:
    person("city-admin", email=ADDRESS)
    client = browser()
    for _ in range(FREE_ATTEMPTS):
        tries(client, ADDRESS)
    with time_machine.travel(utc_now() + timedelta(seconds=31)):
        assert tries(client, ADDRESS) == 422
        assert tries(client, ADDRESS, PASSWORD) == 429
    with time_machine.travel(utc_now() + timedelta(seconds=31 + 61)):
        assert tries(client, ADDRESS, PASSWORD) == 303
    assert tries(client, ADDRESS) == 422  # a success wipes the slate clean


def test_the_wait_has_a_bound() -> None:
    waits = [wait_after(failures) for failures in range(1000)]
    assert waits == sorted(waits)
    assert waits[FREE_ATTEMPTS - 1] == timedelta(0) < waits[FREE_ATTEMPTS]
    assert waits[-1] == LONGEST_WAIT


def test_many_guesses_at_one_moment_gain_nothing(person: Person, browser: Browser) -> None:
    person("city-admin", email=ADDRESS)
    with ThreadPoolExecutor(12) as pool:
        found = list(pool.map(lambda _: tries(browser(), ADDRESS), range(24)))
    assert found.count(422) == FREE_ATTEMPTS
    assert found.count(429) == 24 - FREE_ATTEMPTS


def test_without_the_count_beforehand_they_would_all_be_heard(
    person: Person, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control of the test above."""
    person("city-admin", email=ADDRESS)
    monkeypatch.setattr(attempts, "count", lambda _key: None)
    with ThreadPoolExecutor(12) as pool:
        found = list(pool.map(lambda _: tries(browser(), ADDRESS), range(24)))
    assert found.count(422) == 24


def test_a_stranger_who_guesses_does_not_keep_the_owner_out(
    person: Person, browser: Browser
) -> None:
    person("city-admin", email=ADDRESS)
    owner, stranger = browser(ADDRESS), browser()
    owner.post("/staff/sign-out")
    for _ in range(FREE_ATTEMPTS):
        tries(stranger, ADDRESS)
    assert tries(stranger, ADDRESS, PASSWORD) == 429
    assert tries(owner, ADDRESS, PASSWORD) == 303


def test_a_known_browser_has_no_more_attempts_than_another(
    person: Person, browser: Browser
) -> None:
    person("city-admin", email=ADDRESS)
    owner = browser(ADDRESS)
    owner.post("/staff/sign-out")
    found = [tries(owner, ADDRESS) for _ in range(FREE_ATTEMPTS + 1)]
    assert found == [422] * FREE_ATTEMPTS + [429]


def test_a_browser_known_for_one_account_is_a_stranger_to_another(
    person: Person, browser: Browser
) -> None:
    person("city-admin", email=ADDRESS)
    person("viewer", email="viewer@lingbao.example")
    viewer, stranger = browser("viewer@lingbao.example"), browser()
    for _ in range(FREE_ATTEMPTS):
        tries(stranger, ADDRESS)
    assert tries(viewer, ADDRESS, PASSWORD) == 429


def test_no_address_is_kept_and_old_counts_are_forgotten(browser: Browser) -> None:
    from services.identity.worker import forget_sign_ins  # needs the queue's address

    tries(browser(), ADDRESS)
    with database.transaction() as session:
        assert ADDRESS not in session.scalars(sa.select(SignInAttempts)).one().key
    forget_sign_ins()
    with database.transaction() as session:
        assert session.scalars(sa.select(SignInAttempts)).all()
    with time_machine.travel(utc_now() + timedelta(days=1, minutes=1)):
        forget_sign_ins()
    with database.transaction() as session:
        assert not session.scalars(sa.select(SignInAttempts)).all()
