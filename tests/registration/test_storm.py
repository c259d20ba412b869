"""What must hold whatever happens at once, in several processes with several connections each."""

from __future__ import annotations

import json
import os
import signal
import uuid
from collections import Counter
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from services.chassis.stack.nursery import Nursery
from services.registration.activities.models import Activity
from services.registration.database import database
from services.registration.registrations.models import Registration
from tests.registration.ground import an_activity, register, stored
from tests.stack import PATIENCE, ROOT

PROCESSES = 3
_MODULES = ("tests.registration.ground", "services.registration.registrations.moving")
# What a person may be told in a storm; anything else would have been an error page.
REFUSALS = {
    "activity-full",
    "offer-over",
    "registration-cancelled",
    "already-registered",
    "invalid",
}


def storm(seed: int, acts: int, *more: str) -> tuple[list[uuid.UUID], Counter[str]]:
    """Let every thread act so often; returns the activities, and how often each thing was done."""
    series = uuid.uuid4()
    activities = [an_activity(capacity=4, series_id=series) for _ in range(2)]
    for activity in activities:
        for number in range(8):
            register(activity, seed * 1000 + number, party_size=1 + number % 2)
    listed = ",".join(str(activity) for activity in activities)
    # Forked from one that has imported everything: a storm that begins at once.
    nursery = Nursery(_MODULES)
    running = [
        nursery.spawn(
            ["python", "-m", "tests.registration.storm", str(seed + n), str(acts), listed, *more],
            os.environ,
            ROOT,
            signal.SIGKILL,
        )
        for n in range(PROCESSES)
    ]
    counts: Counter[str] = Counter()
    for process in running:
        said = process.stdout.read().decode()
        assert process.wait(PATIENCE) == 0, said
        counts += Counter(json.loads(said.splitlines()[-1]))
    return activities, counts


def test_a_storm_leaves_every_place_counted_once_and_the_list_in_order(rounds: int) -> None:
    for round_ in range(rounds):
        activities, counts = storm(7 + 10 * round_, 30 if rounds == 1 else 200)
        assert counts["done"] > 100, counts
        assert counts.keys() <= REFUSALS | {"done"}, counts
        for activity in activities:
            rows = stored(activity)
            with database.transaction() as session:
                now = session.get_one(Activity, activity)
                capacity, taken = now.capacity or 0, now.seats_taken
            held = [row for row in rows if row.status in ("confirmed", "offered")]
            assert taken == sum(row.party_size for row in held) <= capacity, counts
            assert taken == sum(row.seats_held for row in rows)
            waiting = [row for row in rows if row.status == "waiting"]
            assert all(row.party_size > capacity - taken for row in waiting), "a place lies idle"
            assert len({row.waiting_since for row in waiting}) == len(waiting)
            assert overtaken(rows) == [], counts


def overtaken(rows: list[Registration]) -> list[tuple[int, int]]:
    """Single people who still wait, though one who came later has an open offer: both places.

    Who has changed the party since (its version rose) may have been passed over as a larger one.
    """
    return [
        (offered.waiting_since or 0, waits.waiting_since or 0)
        for offered in rows
        if (offered.status, offered.party_size) == ("offered", 1)
        for waits in rows
        if (waits.status, waits.party_size, waits.version) == ("waiting", 1, 1)
        and (offered.waiting_since or 0) > (waits.waiting_since or 0)
    ]


# The negative controls need a chance meeting: where one storm has none, the next one has.
STORMS = 10


def test_the_same_storm_overtakes_without_the_order() -> None:
    found: list[tuple[int, int]] = []
    for seed in range(5, 5 + STORMS):
        activities, _counts = storm(seed, 20, "out-of-order")
        found = [pair for activity in activities for pair in overtaken(stored(activity))]
        if found:
            break
    assert found


@pytest.fixture
def without_the_tables_own_check() -> Iterator[None]:
    """The table refuses an oversold activity too; for the negative control it must not."""
    check = "ck_activities_seats"
    definition = "seats_taken >= 0 AND (capacity IS NULL OR seats_taken <= capacity)"
    with database.engine.begin() as connection:
        connection.execute(sa.text(f"ALTER TABLE activities DROP CONSTRAINT {check}"))
    yield
    with database.engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM registrations"))
        connection.execute(sa.text("DELETE FROM activities"))
        connection.execute(
            sa.text(f"ALTER TABLE activities ADD CONSTRAINT {check} CHECK ({definition})")
        )


@pytest.mark.usefixtures("without_the_tables_own_check")
def test_the_same_storm_oversells_without_the_guard() -> None:
    over: list[Activity] = []
    for seed in range(3, 3 + STORMS):
        activities, _counts = storm(seed, 20, "without-guard")
        oversold = sa.and_(
            Activity.id.in_(activities),
            Activity.seats_taken > sa.func.coalesce(Activity.capacity, 0),
        )
        with database.transaction() as session:
            over = list(session.scalars(sa.select(Activity).where(oversold)))
        if over:
            break
    assert over
