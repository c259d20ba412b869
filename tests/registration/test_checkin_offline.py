"""Doors without a network: batches late, twice and in any order; wrong clocks; conflicts."""

from __future__ import annotations

import random
import uuid
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from services.chassis.database import utc_now
from services.chassis.problems import Problem
from services.registration.checkin import lists, scans, walk_ins
from services.registration.checkin.schemas import ConfirmIn, ScanIn, WalkInIn
from services.registration.registrations import moving
from tests.registration.door import (
    DOORKEEPER,
    aged,
    ago,
    counts,
    record_of,
    results,
    scan,
    send,
)
from tests.registration.ground import an_activity, at_once, register, stored, token

DAY_MS = 86_400_000


@pytest.mark.parametrize("seed", range(2))
def test_any_order_of_batches_leads_to_the_same_record(seed: int) -> None:
    activity = an_activity(capacity=60)
    parties = [register(activity, number, party_size=1 + number % 4) for number in range(6)]
    aged(activity)
    dice = random.Random(5)
    taken: list[ScanIn] = []
    for minute in range(24):
        party = dice.choice(parties)
        more: dict[str, Any] = {"shown": "checked-in"}
        if dice.random() < 0.4:
            more["people"] = dice.randint(1, 3)
        if dice.random() < 0.2:
            more["undone_at"] = ago(1).isoformat()
        # Two at the very same time are told apart by their ids.
        taken.append(scan(party.id, 50 - minute // 2, **more))

    for one in taken:
        send(activity, one)
    expected = record_of(activity)

    other = an_activity(capacity=60)
    again = [register(other, number, party_size=1 + number % 4) for number in range(6)]
    aged(other)
    same = {mine.id: theirs.id for mine, theirs in zip(parties, again, strict=True)}
    fresh = {one.id: uuid.UUID(int=one.id.int ^ 1) for one in taken}
    moved = [
        one.model_copy(update={"id": fresh[one.id], "registration_id": same[one.registration_id]})
        for one in taken
    ]
    sent = moved + random.Random(seed).sample(moved, 12)  # half of them twice
    random.Random(seed).shuffle(sent)
    while sent:
        size = random.Random(len(sent)).randint(1, 7)
        send(other, *sent[:size], door="South")
        del sent[:size]
    found = record_of(other)
    assert found["scans"] == {fresh[key]: value for key, value in expected["scans"].items()}
    assert found["came"] == {same[key]: value for key, value in expected["came"].items()}


def test_batches_of_many_doors_at_once() -> None:
    activity = an_activity(capacity=60)
    parties = [register(activity, number) for number in range(12)]
    aged(activity)
    batches = [
        [scan(party.ticket_code, 20 - door, shown="checked-in") for party in parties]
        for door in range(4)
    ]
    for batch in batches:
        random.Random(batch[0].id.int).shuffle(batch)
    calls = [partial(send, activity, *batch) for batch in batches]
    at_once(*calls, *calls)  # each twice
    found = counts(activity)
    assert (found.came, found.conflicts) == (12, 36)
    earliest = {one.id for one in batches[0]}
    let_in = {key for key, (result, *_) in record_of(activity)["scans"].items() if result[0] == "c"}
    assert let_in == earliest


def test_both_doors_were_without_a_network_and_let_one_ticket_in() -> None:
    activity = an_activity()
    mine = register(activity, 1, party_size=2)
    aged(activity)
    late = scan(mine.ticket_code, 5, shown="checked-in")
    (first,) = send(activity, late, door="South").results
    assert (first.result, first.conflict) == ("checked-in", False)

    early = scan(mine.ticket_code, 9, shown="checked-in")
    (second,) = send(activity, early, door="North").results
    assert (second.result, second.conflict) == ("checked-in", False)
    assert stored(activity)[0].checked_in_at == second.at
    (conflict,) = lists.doorway(DOORKEEPER, activity, None).conflicts
    assert (conflict.id, conflict.result, conflict.conflict) == (late.id, "already", True)
    assert (conflict.door, conflict.first_door, conflict.first_at) == ("South", "North", early.at)
    assert (counts(activity).came, counts(activity).conflicts) == (2, 1)

    # Staff look who is in the room, and take the wrong one back.
    send(activity, late.model_copy(update={"undone_at": utc_now()}))
    assert counts(activity).conflicts == 0


def test_a_door_that_was_told_no_is_no_conflict() -> None:
    activity = an_activity()
    mine = register(activity, 1)
    aged(activity)
    assert results(activity, scan(mine.ticket_code, 4), scan(mine.ticket_code, 2)) == [
        "checked-in",
        "already",
    ]
    assert counts(activity).conflicts == 0


@pytest.mark.parametrize("wrong", [-56 * 366 * DAY_MS, -3_600_000, 3_600_000, 40 * 366 * DAY_MS])
def test_a_wrong_clock_whose_error_is_known_is_corrected(wrong: int) -> None:
    activity = an_activity()
    mine = register(activity, 1)
    aged(activity)
    true = scan(mine.ticket_code, 10)
    shifted = true.at + timedelta(milliseconds=wrong)
    kept = true.model_copy(update={"at": shifted, "clock_offset_ms": -wrong})
    (found,) = send(activity, kept).results
    assert (found.result, found.clock_wrong) == ("checked-in", False)
    assert found.at == true.at


@pytest.mark.parametrize(
    "at",
    [
        "9999-12-31T23:59:59-12:00",
        "2091-01-01T00:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "1970-01-01T00:05:00Z",
    ],
    ids=["edge", "future", "first", "unset"],
)
def test_a_time_that_cannot_be_is_the_time_of_arrival(at: str) -> None:
    activity = an_activity()
    mine = register(activity, 1)
    aged(activity)
    before = utc_now()
    (found,) = send(activity, scan(mine.ticket_code, at=at)).results
    assert (found.result, found.clock_wrong) == ("checked-in", True)
    assert before <= found.at <= utc_now()


def test_a_number_of_another_activity_s_scan_is_refused() -> None:
    activity, other = an_activity(), an_activity()
    mine = scan(register(activity, 1).ticket_code)
    send(activity, mine)
    with pytest.raises(Problem) as refused:
        send(other, mine)
    assert refused.value.kind == "scan-of-another-activity"
    for refuse in (
        partial(walk_ins.walk_in, DOORKEEPER, other, WalkInIn(id=mine.id)),
        partial(walk_ins.confirm, DOORKEEPER, other, register(other, 2).id, ConfirmIn(id=mine.id)),
    ):
        with pytest.raises(Problem) as refused:
            refuse()
        assert refused.value.kind == "scan-of-another-activity"
    assert len(stored(other)) == 1, "nobody was registered by the way"


def test_a_ticket_of_another_date_is_counted_there_alone() -> None:
    series = uuid.uuid4()
    here, there = an_activity(series_id=series), an_activity(series_id=series)
    guest = register(here, 1)
    first = scan(guest.ticket_code)
    assert results(here, first) == ["checked-in"]
    before = record_of(here)
    assert results(there, scan(guest.ticket_code)) == ["wrong-activity"]
    assert record_of(here) == before
    assert (counts(here).came, counts(there).came) == (1, 0)

    # Taken back, moved, and let in where it belongs: the other door's list hears of it.
    scans.undo(DOORKEEPER, here, first.id)
    moving.move(token(guest), there)
    assert results(there, scan(guest.ticket_code)) == ["checked-in"]
    assert [one.id for one in lists.changes(DOORKEEPER, there, 0).items] == [guest.id]
    assert lists.changes(DOORKEEPER, here, 0).items == []
