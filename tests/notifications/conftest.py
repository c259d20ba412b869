"""What the tests of notifications share."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from starlette.testclient import TestClient

from services.chassis import auth
from services.chassis.auth import Principal
from services.notifications.senders.breaker import Breaker
from services.notifications.senders.configured import senders


@pytest.fixture(autouse=True)
def _rested(servers: None) -> Iterator[None]:
    """No test finds a mail server left alone because an earlier one had it drop connections."""
    yield
    for relay in senders().email._relays:
        relay.breaker = Breaker()


@pytest.fixture
def visit(client: Callable[..., TestClient]) -> Callable[[Principal], TestClient]:
    """A browser in English, in which somebody is signed in."""

    def make(who: Principal) -> TestClient:
        found = client(
            "notifications", headers={"Sec-Fetch-Site": "same-origin", "Accept-Language": "en"}
        )
        found.cookies.set(auth.SESSION_COOKIE, auth.credential_for(who))
        return found

    return make
