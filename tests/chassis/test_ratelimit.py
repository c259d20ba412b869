"""Whose request it is, behind which proxies, and how many of them are taken."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from starlette.requests import Request
from starlette.testclient import TestClient

from services.chassis import ratelimit
from services.chassis.settings import SettingsError, settings
from tests.chassis.trial import app, browser

PROXIES = "127.0.0.1,::1,10.0.0.0/8,2001:db8:ffff::/48"


def forget() -> None:
    for cached in (ratelimit._limiter, ratelimit._rate, ratelimit._trusted, settings):
        cached.cache_clear()


@pytest.fixture(autouse=True)
def proxies(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Three a minute, behind the proxies of a production."""
    monkeypatch.setenv("LINGBAO_TRUSTED_PROXIES", PROXIES)
    monkeypatch.setenv("LINGBAO_PUBLIC_RATE", "3/minute")
    forget()
    yield
    monkeypatch.undo()
    forget()


def address(peer: str | None, *forwarded: str) -> str:
    """Whom a request with these ``X-Forwarded-For`` headers is taken to be from."""
    headers = [(b"x-forwarded-for", value.encode()) for value in forwarded]
    client = None if peer is None else (peer, 50_000)
    return ratelimit.client_address(Request({"type": "http", "headers": headers, "client": client}))


@pytest.mark.parametrize(
    ("peer", "forwarded", "whose"),
    [
        ("203.0.113.5", [], "203.0.113.5"),
        ("203.0.113.5", ["198.51.100.1"], "203.0.113.5"),  # nobody we trust says so
        ("127.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("::1", ["2001:db8::5"], "2001:db8::5"),
        ("10.1.2.3", ["198.51.100.1"], "198.51.100.1"),
        ("::ffff:10.1.2.3", ["198.51.100.1"], "198.51.100.1"),  # a socket for both families
        ("127.0.0.1", ["198.51.100.1, 10.9.9.9"], "198.51.100.1"),
        ("127.0.0.1", ["6.6.6.6, 198.51.100.1"], "198.51.100.1"),  # the first was made up
        ("127.0.0.1", ["127.0.0.1, 198.51.100.1"], "198.51.100.1"),
        ("127.0.0.1", ["6.6.6.6", "198.51.100.1"], "198.51.100.1"),  # in a header of its own
        ("127.0.0.1", ["127.0.0.1", "198.51.100.1"], "198.51.100.1"),
        ("127.0.0.1", ["6.6.6.6, evil, 198.51.100.1"], "198.51.100.1"),
        ("127.0.0.1", ["6.6.6.6, evil"], "evil"),  # no address, so nobody further is believed
        ("127.0.0.1", [" , ,198.51.100.1, "], "198.51.100.1"),
        ("127.0.0.1", [""], "127.0.0.1"),
        ("2001:db8:ffff::1", ["2001:db8::5"], "2001:db8::5"),
        (None, [], "127.0.0.1"),
    ],
)
def test_whose_request_it_is(peer: str | None, forwarded: list[str], whose: str) -> None:
    assert address(peer, *forwarded) == whose


def send(*forwarded: str, peer: str = "127.0.0.1") -> int:
    """One public form from somebody behind the proxy; the status of the answer."""
    client = TestClient(app(), follow_redirects=False, client=(peer, 50_000))
    headers = [("X-Forwarded-For", value) for value in forwarded]
    return client.post("/trial", data={"name": "x"}, headers=headers).status_code


def test_one_address_may_send_so_many() -> None:
    assert [send("198.51.100.1") for _ in range(5)] == [303, 303, 303, 429, 429]
    assert send("198.51.100.2") == 303, "somebody else goes on"


def test_a_refusal_is_a_page_that_says_what_to_do() -> None:
    for _ in range(3):
        send("198.51.100.1")
    answer = browser().post(
        "/trial", data={"name": "x"}, headers={"X-Forwarded-For": "198.51.100.1"}
    )
    client = TestClient(app(), client=("127.0.0.1", 1), headers={"Accept-Language": "en"})
    answer = client.post("/trial", data={}, headers={"X-Forwarded-For": "198.51.100.1"})
    assert answer.status_code == 429
    assert "Please wait a minute and send it again." in answer.text


def test_a_made_up_chain_does_not_help() -> None:
    sent = [send(f"203.0.113.{number}, 198.51.100.1") for number in range(4)]
    sent += [send(f"203.0.113.{number}", "198.51.100.1") for number in range(4)]
    assert sent[3:] == [429] * 5


def test_nobody_is_the_machine_itself_by_saying_so() -> None:
    spoofed = ("127.0.0.1", "::1", "localhost")
    assert [send(spoofed[n % 3], peer="203.0.113.9") for n in range(5)][3:] == [429, 429]
    assert [send("127.0.0.1, 198.51.100.7") for _ in range(5)][3:] == [429, 429]


def test_the_machine_itself_is_exempt() -> None:
    assert {send() for _ in range(8)} == {303}
    assert {send("::ffff:127.0.0.1") for _ in range(8)} == {303}


def test_a_household_with_a_network_of_its_own_is_counted_as_one() -> None:
    sent = [send(f"2001:db8:1:1::{number}") for number in range(5)]
    assert sent == [303, 303, 303, 429, 429]
    assert send("2001:db8:1:2::1") == 303


def test_what_is_no_address_shares_one_count() -> None:
    assert [send(text) for text in ("a", "b", "c", "d")] == [303, 303, 303, 429]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LINGBAO_TRUSTED_PROXIES", "caddy"),
        ("LINGBAO_TRUSTED_PROXIES", "10.0.0.0/64"),
        ("LINGBAO_PUBLIC_RATE", "often"),
        ("LINGBAO_PUBLIC_RATE", "60/fortnight"),
    ],
)
def test_a_wrong_setting_is_refused_at_the_start(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    settings.cache_clear()
    with pytest.raises(SettingsError, match=name):
        settings()
    monkeypatch.setenv(name, PROXIES if "PROXIES" in name else "3/minute")
    settings.cache_clear()
