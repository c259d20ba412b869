"""Seats: never oversold, given back once, offered to the waiting list in its order."""

from __future__ import annotations

import random
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa

from services.chassis.events import Envelope
from services.chassis.problems import Problem
from services.registration.activities.models import Activity
from services.registration.database import database
from services.registration.registrations import seats, service, upkeep
from services.registration.registrations.models import Registration
from services.registration.registrations.schemas import RegistrationPatch
from tests.registration.ground import (
    an_activity,
    at_once,
    edit,
    outcome,
    register,
    seats_taken,
    stored,
    token,
)

RACERS = 50
LAST_PLACES = 5


def without_the_guard(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the condition out of the statement, which is put together anew."""
    monkeypatch.setattr(seats, "fits", lambda _party: sa.true())
    monkeypatch.setattr(seats, "_taking", seats._taking.__wrapped__)


def test_fifty_race_for_the_last_five_and_the_rest_wait_in_order() -> None:
    activity = an_activity(capacity=LAST_PLACES)
    results = at_once(*(partial(register, activity, n) for n in range(RACERS)), threads=RACERS)

    assert Counter(result.status for result in results) == {
        "confirmed": LAST_PLACES,
        "waiting": RACERS - LAST_PLACES,
    }
    waiting = [row for row in stored(activity) if row.status == "waiting"]
    in_order = sorted(waiting, key=lambda row: row.waiting_since or 0)
    said = {result.id: result.waiting_position for result in results}
    assert [said[row.id] for row in in_order] == list(range(1, RACERS - LAST_PLACES + 1))


def test_fifty_race_for_the_last_five_without_a_waiting_list() -> None:
    activity = an_activity(capacity=LAST_PLACES, waiting_list=False)
    results = at_once(*(partial(outcome, activity, n) for n in range(RACERS)), threads=RACERS)
    assert Counter(results) == {"confirmed": LAST_PLACES, "activity-full": RACERS - LAST_PLACES}


@pytest.fixture
def without_the_tables_own_check() -> Iterator[None]:
    """The table refuses an oversold activity too; for the negative control it must not."""
    check = "ck_activities_seats"
    definition = "seats_taken >= 0 AND (capacity IS NULL OR seats_taken <= capacity)"
    with database.engine.begin() as connection:
        connection.execute(sa.text(f"ALTER TABLE activities DROP CONSTRAINT {check}"))
    yield
    with database.engine.begin() as connection:
        connection.execute(sa.text("TRUNCATE activities CASCADE"))
        connection.execute(
            sa.text(f"ALTER TABLE activities ADD CONSTRAINT {check} CHECK ({definition})")
        )


@pytest.mark.usefixtures("without_the_tables_own_check")
def test_the_same_race_oversells_without_the_guard(monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control: with the condition taken out of the statement the race is lost."""
    without_the_guard(monkeypatch)
    activity = an_activity(capacity=LAST_PLACES)
    results = at_once(*(partial(outcome, activity, n) for n in range(RACERS)), threads=RACERS)
    assert Counter(results)["confirmed"] > LAST_PLACES
    assert seats_taken(activity) > LAST_PLACES


def test_the_table_refuses_what_the_guard_would_let_through(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    without_the_guard(monkeypatch)
    activity = an_activity(capacity=1)
    register(activity, 1)
    with pytest.raises(sa.exc.IntegrityError):
        register(activity, 2)


def test_parties_race_for_places_of_mixed_size() -> None:
    activity = an_activity(capacity=10, waiting_list=False)
    sizes = [random.Random(7).randint(1, 4) for _ in range(30)]
    results = at_once(
        *(partial(outcome, activity, n, party_size=size) for n, size in enumerate(sizes)),
        threads=30,
    )
    confirmed = sum(size for size, result in zip(sizes, results, strict=True) if result[0] == "c")
    assert confirmed == seats_taken(activity) <= 10


def test_a_place_that_comes_free_goes_to_the_first_who_waits(
    outbox: Callable[[str], list[Envelope]],
) -> None:
    activity = an_activity(capacity=1)
    first, second, third = (register(activity, n) for n in range(3))
    service.cancel(token(first))

    assert service.look(token(second)).status == "offered"
    assert service.look(token(third)).waiting_position == 1
    told = [(event.type, event.data["subject_id"]) for event in outbox("registration")]
    assert told[-2:] == [
        ("registration.cancelled.v1", str(first.id)),
        ("registration.offered.v1", str(second.id)),
    ]
    offered = outbox("registration")[-1]
    assert offered.data["promoted"] is True
    assert offered.sequence == 2

    assert service.accept(token(second)).status == "confirmed"
    assert service.accept(token(second)).status == "confirmed"  # twice changes nothing
    confirmed = outbox("registration")[-1]
    assert (confirmed.type, confirmed.sequence) == ("registration.confirmed.v1", 3)


def test_a_party_that_does_not_fit_is_passed_over_and_keeps_its_place() -> None:
    activity = an_activity(capacity=3)
    one, two = register(activity, 1), register(activity, 2, party_size=2)
    large = register(activity, 3, party_size=3)
    small = register(activity, 4)
    service.cancel(token(one))

    assert service.look(token(small)).status == "offered"
    assert service.look(token(large)).waiting_position == 1
    service.cancel(token(two))
    assert service.look(token(large)).status == "waiting"
    service.cancel(token(small))
    assert service.look(token(large)).status == "offered"


def test_cancelling_at_the_same_time_gives_a_place_back_once(
    outbox: Callable[[str], list[Envelope]],
) -> None:
    activity = an_activity(capacity=5)
    other, mine = register(activity, 1, party_size=2), register(activity, 2, party_size=2)
    at_once(*(partial(service.cancel, token(mine)) for _ in range(10)))

    assert seats_taken(activity) == 2
    assert service.look(token(other)).status == "confirmed"
    cancelled = [e for e in outbox("registration") if e.type == "registration.cancelled.v1"]
    assert len(cancelled) == 1


def test_without_its_guard_a_double_cancel_gives_back_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The negative control: a cancel that does not look at the state breaks the sum."""
    activity = an_activity(capacity=5)
    register(activity, 1, party_size=2)
    mine = register(activity, 2, party_size=2)

    with database.transaction() as session:
        row = session.get_one(Registration, mine.id)
        held = seats.locked(session, activity)
        monkeypatch.setattr(seats, "move", lambda *_args, **_values: True)
        monkeypatch.setattr(seats, "tell", lambda *_args, **_values: None)
        seats.cancel(session, held, row, cause="registrant", now=held.created_at)
        seats.cancel(session, held, row, cause="registrant", now=held.created_at)
        assert held.seats_taken == 0  # though two people still hold their places
        session.rollback()


def test_cancels_and_registrations_race_and_nobody_is_left_waiting_beside_a_free_place() -> None:
    activity = an_activity(capacity=4)
    before = [register(activity, n) for n in range(8)]
    cancels = [partial(service.cancel, token(done)) for done in before[:6]]
    newcomers = [partial(outcome, activity, 100 + n) for n in range(12)]
    calls = [*cancels, *newcomers]
    random.Random(3).shuffle(calls)
    at_once(*calls)

    assert seats_taken(activity) == 4
    counts = Counter(row.status for row in stored(activity))
    assert counts["confirmed"] + counts["offered"] == 4
    assert (counts["waiting"], counts["cancelled"]) == (10, 6)


def test_the_waiting_list_moves_when_a_party_becomes_smaller() -> None:
    activity = an_activity(capacity=4)
    large, next_one = register(activity, 1, party_size=4), register(activity, 2, party_size=2)
    service.change(token(large), RegistrationPatch(party_size=2))
    assert service.look(token(next_one)).status == "offered"
    assert seats_taken(activity) == 4


def test_a_waiting_party_that_becomes_small_enough_gets_its_places() -> None:
    activity = an_activity(capacity=4)
    register(activity, 1, party_size=3)
    waiting = register(activity, 2, party_size=2)
    changed = service.change(token(waiting), RegistrationPatch(party_size=1))
    assert (changed.status, changed.waiting_position) == ("offered", None)


def test_a_party_grows_only_into_free_places() -> None:
    activity = an_activity(capacity=4)
    mine = register(activity, 1, party_size=2)
    register(activity, 2)
    assert service.change(token(mine), RegistrationPatch(party_size=3)).party_size == 3
    with pytest.raises(Problem) as refused:
        service.change(token(mine), RegistrationPatch(party_size=4))
    assert refused.value.kind == "activity-full"
    assert service.look(token(mine)).party_size == 3
    assert seats_taken(activity) == 4


def test_parties_that_grow_at_the_same_time_do_not_oversell() -> None:
    activity = an_activity(capacity=10)
    done = [register(activity, n) for n in range(6)]

    def grow(which: int) -> bool:
        try:
            service.change(token(done[which]), RegistrationPatch(party_size=3))
        except Problem as problem:
            assert problem.kind == "activity-full"
            return False
        return True

    grown = at_once(*(partial(grow, n) for n in range(6)))
    assert sum(grown) == 2
    assert seats_taken(activity) == 10


def test_nobody_is_promoted_into_what_has_begun() -> None:
    activity = an_activity(capacity=1)
    register(activity, 1)
    waiting = register(activity, 2)
    with database.transaction() as session:
        row = seats.locked(session, activity)
        assert seats.offer_places(session, row, row.starts_at) == 0
    edit(activity, capacity=2)
    with database.transaction() as session:
        assert upkeep.offer_places(session, activity) == 1
    assert service.look(token(waiting)).status == "offered"


def test_without_a_limit_everyone_gets_in() -> None:
    activity = an_activity(capacity=None)
    results = at_once(*(partial(outcome, activity, n, party_size=4) for n in range(10)))
    assert set(results) == {"confirmed"}
    assert seats_taken(activity) == 40


def test_cancelling_the_activity_ends_every_registration_while_others_register(
    outbox: Callable[[str], list[Envelope]],
) -> None:
    activity = an_activity(capacity=3)
    for n in range(5):
        register(activity, n)

    def call_off() -> str:
        with database.transaction() as session:
            row = seats.locked(session, activity)
            row.status = "cancelled"
            row.version += 1
            upkeep.cancel_all_of(session, row)
        return "called-off"

    results = at_once(call_off, *(partial(outcome, activity, 50 + n) for n in range(10)))
    assert set(results) <= {"called-off", "confirmed", "waiting", "activity-cancelled"}
    rows = stored(activity)
    assert {row.status for row in rows} == {"cancelled"}
    assert {row.cancel_cause for row in rows} == {"activity"}
    assert seats_taken(activity) == 0
    told = [e for e in outbox("registration") if e.type == "registration.cancelled.v1"]
    assert sorted(e.data["subject_id"] for e in told) == sorted(str(row.id) for row in rows)
    assert {e.data["cause"] for e in told} == {"activity"}


def test_a_registration_does_not_lock_the_activity_before_its_seat(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """While a registration is being prepared, another transaction can take the row at once."""
    activity = an_activity()
    taken: list[uuid.UUID] = []
    take = seats.take

    def probed(session: sa.orm.Session, row: dict[str, object], *told: Any, **how: Any) -> bool:
        with database.transaction() as other:
            query = sa.select(Activity.id).where(Activity.id == activity)
            taken.append(other.scalars(query.with_for_update(nowait=True)).one())
        return take(session, row, *told, **how)

    monkeypatch.setattr(seats, "take", probed)
    assert register(activity, 1).status == "confirmed"
    assert taken == [activity]
