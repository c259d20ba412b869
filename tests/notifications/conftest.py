"""What the tests of notifications share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from services.notifications.senders.breaker import Breaker
from services.notifications.senders.configured import senders


@pytest.fixture(autouse=True)
def _rested(servers: None) -> Iterator[None]:
    """No test finds a mail server left alone because an earlier one had it drop connections."""
    yield
    for relay in senders().email._relays:
        relay.breaker = Breaker()
