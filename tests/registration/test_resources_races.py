"""A lecturer or a room is never twice at one time, whoever asks at the same moment."""

from __future__ import annotations

import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa

from services.chassis.database import new_id
from services.chassis.idempotency import NOT_REPEATED
from services.chassis.problems import Problem
from services.registration.activities import service as activities
from services.registration.activities.schemas import ActivityPatch, CancelIn
from services.registration.bookings import service as bookings
from services.registration.bookings.schemas import AcceptIn, BookingIn
from services.registration.database import database
from services.registration.resources import occupancy
from tests.registration.ground import an_activity, at_once
from tests.registration.planning import (
    CITY,
    TEN,
    a_lecturer,
    a_room,
    arrange,
    at,
    doubled,
    occupied,
    outcome,
)

RACERS = 30
CONSTRAINT = "ex_occupancies_never_twice"


def a_booking() -> uuid.UUID:
    wanted = {
        "kind": "school_session",
        "organisation": {"name": "某中学", "kind": "school", "district": "110102"},
        "contact": {"name": "李老师", "email": f"{new_id().hex}@example.com"},
        "proposed_times": [TEN.isoformat()],
        "headcount": 30,
    }
    return bookings.request_booking(BookingIn.model_validate(wanted), NOT_REPEATED).id


def accepted(booking_id: uuid.UUID, lecturer_id: uuid.UUID) -> str:
    try:
        bookings.accept(CITY, booking_id, AcceptIn(lecturer_ids=[lecturer_id]))
    except Problem as problem:
        return problem.kind
    return "planned"


def test_thirty_activities_and_bookings_race_for_one_lecturer_and_one_wins() -> None:
    lecturer = a_lecturer().id
    asked: list[Any] = [
        partial(outcome, an_activity(**at(minutes / 60)), lecturer)
        for minutes in range(RACERS - 10)
    ]
    asked += [partial(accepted, a_booking(), lecturer) for _ in range(10)]
    results = at_once(*asked, threads=RACERS)
    assert Counter(results) == {"planned": 1, "resource-busy": RACERS - 1}
    assert len(occupied(lecturer)) == 1
    assert doubled() == 0


def test_thirty_race_for_one_room() -> None:
    room = a_room()

    def ask(activity_id: uuid.UUID) -> str:
        try:
            arrange(activity_id, venue_id=room.id)
        except Problem as problem:
            return problem.kind
        return "planned"

    results = at_once(*(partial(ask, an_activity(**at(0))) for _ in range(RACERS)), threads=RACERS)
    assert Counter(results) == {"planned": 1, "resource-busy": RACERS - 1}


@pytest.fixture
def without_the_constraint() -> Iterator[None]:
    with database.engine.begin() as connection:
        definition = connection.scalar(
            sa.text("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = :name"),
            {"name": CONSTRAINT},
        )
        connection.execute(sa.text(f"ALTER TABLE occupancies DROP CONSTRAINT {CONSTRAINT}"))
    yield
    with database.engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM occupancies"))
        connection.execute(
            sa.text(f"ALTER TABLE occupancies ADD CONSTRAINT {CONSTRAINT} {definition}")
        )


def _ask_together(monkeypatch: pytest.MonkeyPatch, racers: int) -> Counter[str]:
    """So many ask for one lecturer, and all have looked before the first of them writes."""
    lecturer = a_lecturer().id
    everybody = threading.Barrier(racers, timeout=60)
    looked = threading.local()
    look = occupancy.hindrances

    def look_together(*given: Any, **named: Any) -> Any:
        found = look(*given, **named)
        if not hasattr(looked, "once"):
            looked.once = True
            everybody.wait()
        return found

    monkeypatch.setattr(occupancy, "hindrances", look_together)
    calls = [partial(outcome, an_activity(**at(0)), lecturer) for _ in range(racers)]
    return Counter(at_once(*calls, threads=racers))


def test_all_who_looked_and_found_a_lecturer_free_still_get_one_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert _ask_together(monkeypatch, 8) == {"planned": 1, "resource-busy": 7}
    assert doubled() == 0


@pytest.mark.usefixtures("without_the_constraint")
def test_the_same_race_plans_a_lecturer_twice_without_the_constraint(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The negative control: looking first is not enough."""
    assert _ask_together(monkeypatch, 8)["planned"] == 8
    assert doubled() > 0


def test_activities_that_are_moved_onto_each_other_at_once() -> None:
    """Each has the lecturer at another hour; all are moved to one; the others stay as they are."""
    lecturer = a_lecturer().id
    found = [an_activity(**at(hour * 3)) for hour in range(1, 11)]
    for activity in found:
        arrange(activity, lecturer_ids=[lecturer])

    def move(activity: uuid.UUID) -> str:
        try:
            activities.edit_activity(CITY, activity, ActivityPatch(**at(0)))
        except Problem as problem:
            return problem.kind
        return "moved"

    results = Counter(at_once(*(partial(move, activity) for activity in found)))
    assert results == {"moved": 1, "resource-busy": 9}
    assert doubled() == 0
    assert len(occupied(lecturer)) == 10


def test_lecturers_asked_for_in_opposite_order_do_not_wait_for_each_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Taken as they are named, each would have one of the two and wait for the other."""
    pair = [a_lecturer().id for _ in range(2)]
    both = threading.Barrier(2, timeout=60)
    looked = threading.local()
    look = occupancy.hindrances

    def look_slowly(*given: Any, **named: Any) -> Any:
        found = look(*given, **named)
        if hasattr(looked, "once"):
            time.sleep(0.1)
        else:
            looked.once = True
            both.wait()
        return found

    monkeypatch.setattr(occupancy, "hindrances", look_slowly)

    def ask(activity: uuid.UUID, order: list[uuid.UUID]) -> str:
        try:
            arrange(activity, lecturer_ids=order)
        except Problem as problem:
            return problem.kind
        return "planned"

    calls = [partial(ask, an_activity(**at(0)), order) for order in (pair, pair[::-1])]
    assert Counter(at_once(*calls, threads=2)) == {"planned": 1, "resource-busy": 1}
    assert [len(occupied(lecturer)) for lecturer in pair] == [1, 1]


def test_giving_back_and_taking_at_once() -> None:
    """Cancelling, and asking for what is given back: one more has it, or nobody, never two."""
    lecturer = a_lecturer().id
    first = an_activity(**at(0))
    arrange(first, lecturer_ids=[lecturer])
    others = [an_activity(**at(0.5)) for _ in range(8)]

    def cancel() -> str:
        activities.cancel_activity(CITY, first, CancelIn(reason="讲师生病"))
        return "cancelled"

    results = Counter(at_once(cancel, *(partial(outcome, other, lecturer) for other in others)))
    assert results["cancelled"] == 1
    assert results["planned"] <= 1
    assert len(occupied(lecturer)) == results["planned"]


def test_the_table_refuses_two_whatever_the_code_does() -> None:
    lecturer = a_lecturer().id
    arrange(an_activity(**at(0)), lecturer_ids=[lecturer])
    (row,) = occupied(lecturer)
    with pytest.raises(sa.exc.IntegrityError), database.transaction() as session:
        session.add(
            occupancy.Occupancy(
                resource_kind="lecturer",
                resource_id=lecturer,
                during=sa.dialects.postgresql.Range(
                    TEN + timedelta(minutes=119), TEN + timedelta(hours=9)
                ),
                holder_kind="booking",
                holder_id=new_id(),
                tentative=True,
                overlaps=False,
                override_reason=row.override_reason,
            )
        )
