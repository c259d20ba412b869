"""Every state, kind and move of broadcasts and deliveries is known, and has its word."""

from __future__ import annotations

import pytest

from services.chassis.problems import Problem
from services.notifications.broadcasts.models import MOVES, STATUS_NAMES, Broadcast, Status
from services.notifications.delivery.labels import KIND_NAMES, STATE_HINTS, STATE_NAMES, STATE_TONES
from services.notifications.delivery.models import STATES
from services.notifications.messages.composers import COMPOSERS


def test_every_status_has_its_moves_and_its_word() -> None:
    assert set(MOVES) == set(STATUS_NAMES) == set(Status)


@pytest.mark.parametrize("before", Status)
@pytest.mark.parametrize("after", Status)
def test_only_the_moves_of_the_table_are_made(before: Status, after: Status) -> None:
    broadcast = Broadcast(status=before.value, version=1)
    if after in MOVES[before]:
        broadcast.become(after)
        assert (broadcast.status, broadcast.version) == (after, 2)
    else:
        with pytest.raises(Problem, match="broadcast-state"):
            broadcast.become(after)
        assert (broadcast.status, broadcast.version) == (before, 1)


def test_every_state_and_kind_of_message_has_its_word() -> None:
    assert set(STATE_NAMES) == set(STATE_HINTS) == set(STATE_TONES) == set(STATES)
    assert set(KIND_NAMES) == set(COMPOSERS)
