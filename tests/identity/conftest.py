"""People with real accounts, and browsers in which they are signed in."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from argon2 import PasswordHasher
from starlette.testclient import TestClient

from services import house
from services.identity.staff import passwords
from services.identity.staff.schemas import StaffOut
from services.identity.staff.service import add_staff

PASSWORD = "four-quiet-herons-88"

Browser = Callable[..., TestClient]
Person = Callable[..., StaffOut]


@pytest.fixture(autouse=True)
def light_hashing(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The real argon2id, with less memory: these tests compare hundreds of times."""
    monkeypatch.setattr(passwords, "_hasher", PasswordHasher(1, 1024, 1))
    passwords._nobodys_hash.cache_clear()
    yield
    passwords._nobodys_hash.cache_clear()


@pytest.fixture
def person() -> Person:
    """``person("city-admin")``: a member of staff with an account and the password of the tests."""

    def make(role: str, district: str | None = None, email: str | None = None) -> StaffOut:
        address = email or f"{role}.{district or 'city'}@lingbao.example"
        return add_staff(address, f"测试{role}", role, district, PASSWORD)

    return make


@pytest.fixture
def browser() -> Browser:
    """``browser("a@b.example")``: a browser, signed in when an address is given."""

    def open_one(email: str | None = None, password: str = PASSWORD) -> TestClient:
        client = TestClient(
            house.app("identity"),
            follow_redirects=False,
            headers={"Origin": "http://testserver", "Accept-Language": "en"},
        )
        if email is not None:
            answer = client.post("/staff/sign-in", data={"email": email, "password": password})
            assert answer.status_code == 303, answer.text
        return client

    return open_one
