"""Another date of the same series: one place taken there, one given back here, at the same time."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
from starlette.testclient import TestClient

from services.chassis.database import utc_now
from services.chassis.events import Envelope
from services.chassis.problems import Problem
from services.registration.database import database
from services.registration.registrations import moving, seats, service, upkeep
from services.registration.registrations.schemas import RegistrationPatch
from tests.registration.ground import (
    an_activity,
    at_once,
    edit,
    register,
    seats_taken,
    stored,
    token,
)

MEAL = {
    "id": "meal",
    "kind": "choice",
    "label": {"zh-CN": "用餐", "en": "Meal"},
    "options": [
        {"value": "beef", "label": {"zh-CN": "牛肉", "en": "Beef"}},
        {"value": "none", "label": {"zh-CN": "不用餐", "en": "None"}},
    ],
}


def _two(**changes: object) -> tuple[uuid.UUID, uuid.UUID]:
    series = uuid.uuid4()
    here = an_activity(series_id=series, **changes)
    later = utc_now() + timedelta(days=14)
    there = an_activity(
        series_id=series, starts_at=later, ends_at=later + timedelta(hours=2), **changes
    )
    return here, there


def _kind(act: Callable[[], object]) -> str:
    try:
        act()
    except Problem as problem:
        return problem.kind
    return "moved"


def test_a_party_moves_with_its_ticket_and_its_old_places_are_offered(
    outbox: Callable[[str], list[Envelope]],
) -> None:
    here, there = _two(capacity=2)
    mine = register(here, 1, party_size=2)
    waiting = register(here, 2)
    [date] = moving.other_dates(token(mine))
    assert (date.id, date.seats_left) == (there, 2)

    moved = moving.move(token(mine), there)
    assert (moved.activity_id, moved.status, moved.ticket_code) == (
        there,
        "confirmed",
        mine.ticket_code,
    )
    assert (seats_taken(here), seats_taken(there)) == (1, 2)
    assert service.look(token(waiting)).status == "offered"
    told = [(event.type, event.data["activity"]["id"]) for event in outbox("registration")[-2:]]
    assert told == [
        ("registration.confirmed.v1", str(there)),
        ("registration.offered.v1", str(here)),
    ]
    assert moving.move(token(mine), there).version == moved.version  # again changes nothing


def test_nothing_changes_where_there_is_no_room_or_another_series() -> None:
    here, there = _two(capacity=2)
    mine = register(here, 1, party_size=2)
    register(there, 2)
    assert moving.other_dates(token(mine)) == []
    assert _kind(partial(moving.move, token(mine), there)) == "activity-full"
    assert _kind(partial(moving.move, token(mine), an_activity())) == "other-series"
    assert _kind(partial(moving.move, token(mine), uuid.uuid4())) == "other-series"
    assert service.look(token(mine)).activity_id == here
    assert (seats_taken(here), seats_taken(there)) == (2, 1)


def test_nobody_comes_around_the_verification_by_way_of_another_date() -> None:
    here, there = _two()
    edit(there, verify_contact=True)
    mine = token(register(here, 1))
    assert moving.other_dates(mine) == []
    assert _kind(partial(moving.move, mine, there)) == "other-series"


def test_an_address_that_is_registered_there_already_stays_here() -> None:
    here, there = _two()
    mine = register(here, 1)
    register(there, 1)
    assert _kind(partial(moving.move, token(mine), there)) == "already-registered"
    assert (seats_taken(here), seats_taken(there)) == (1, 1)


def test_what_only_the_other_date_asks_is_asked_before_moving(
    client: Callable[[str], TestClient],
) -> None:
    here, there = _two(questions=[MEAL | {"required": True}])
    boat = {"id": "boat", "kind": "text", "label": {"zh-CN": "船票", "en": "Boat"}}
    edit(there, questions=[MEAL | {"required": True}, boat | {"required": True}])
    mine = register(here, 1, answers={"meal": "beef"})
    browser = client("registration")
    call = f"/api/registration/v1/registrations/{token(mine)}/move"
    refused = browser.post(call, json={"activity_id": str(there)})
    assert refused.status_code == 422
    assert [error["field"] for error in refused.json()["errors"]] == ["answers.boat"]
    assert (seats_taken(here), seats_taken(there)) == (1, 0)

    place, form = f"/registrations/{token(mine)}/move", {"activity_id": str(there)}
    asked = browser.post(place, data=form)
    assert asked.status_code == 422
    assert "船票" in asked.text
    assert 'value="beef" checked' in " ".join(asked.text.split())
    done = browser.post(place, data=form | {"answers.boat": "A7", "answers.meal": "none"})
    assert done.status_code == 303, done.text
    assert service.look(token(mine)).answers == {"meal": "none", "boat": "A7"}
    assert (seats_taken(here), seats_taken(there)) == (0, 1)


def test_somebody_who_waits_gets_a_place_on_another_date() -> None:
    here, there = _two(capacity=1)
    register(here, 1)
    waiting = register(here, 2)
    assert moving.move(token(waiting), there).status == "confirmed"
    assert (seats_taken(here), seats_taken(there)) == (1, 1)


def test_nobody_comes_around_the_verification_by_moving() -> None:
    here, there = _two(verify_contact=True)
    mine = register(here, 1)
    assert mine.status == "unverified"
    assert moving.other_dates(token(mine)) == []
    assert _kind(partial(moving.move, token(mine), there)) == "registration-unverified"
    assert (seats_taken(here), seats_taken(there)) == (1, 0)


def test_moves_in_both_directions_neither_wait_in_a_ring_nor_oversell() -> None:
    here, there = _two(capacity=8)
    ours = [token(register(here, n)) for n in range(6)]
    theirs = [token(register(there, 50 + n)) for n in range(6)]
    calls = [partial(_kind, partial(moving.move, link, there)) for link in ours]
    calls += [partial(_kind, partial(moving.move, link, here)) for link in theirs]
    results = Counter(at_once(*calls))
    assert set(results) <= {"moved", "activity-full"}
    assert results["moved"] >= 2
    assert seats_taken(here) + seats_taken(there) == 12
    assert max(seats_taken(here), seats_taken(there)) <= 8


def test_a_move_and_a_cancel_of_the_same_registration_end_it_or_move_it_never_both() -> None:
    for n in range(4):
        here, there = _two()
        mine = token(register(here, n))
        at_once(
            partial(_kind, partial(moving.move, mine, there)),
            partial(_kind, partial(service.cancel, mine)),
        )
        [row] = stored(here) + stored(there)
        assert row.status == "cancelled"
        assert (seats_taken(here), seats_taken(there)) == (0, 0)


@pytest.mark.parametrize("tag", ["zh-CN", "en"])
def test_the_page_shows_the_dates_and_moves(client: Callable[[str], TestClient], tag: str) -> None:
    browser = client("registration")
    here, there = _two()
    mine = token(register(here, 1))
    place = f"/registrations/{mine}"
    words = {"zh-CN": "改到其他场次", "en": "Come on another date"}[tag]
    assert words in browser.get(f"{place}?lang={tag}").text
    assert str(there) in browser.get(f"{place}/move").text
    nothing = browser.post(f"{place}/move")
    assert nothing.status_code == 422
    done = browser.post(f"{place}/move", data={"activity_id": str(there)}, follow_redirects=False)
    assert done.status_code == 303
    assert service.look(mine).activity_id == there


def test_after_a_change_people_are_asked_and_answer_in_one_step(
    client: Callable[[str], TestClient],
) -> None:
    browser = client("registration")
    activity = an_activity()
    mine = token(register(activity, 1))
    with database.transaction() as session:
        assert upkeep.ask_again(session, seats.locked(session, activity), utc_now()) == 1
    page = browser.get(f"/registrations/{mine}").text
    assert "时间或地点有变动" in page
    assert browser.get(f"/registrations/{mine}/keep").status_code == 405  # a GET changes nothing
    assert browser.post(f"/registrations/{mine}/keep", follow_redirects=False).status_code == 303
    assert service.look(mine).asked_at is None
    assert "时间或地点有变动" not in browser.get(f"/registrations/{mine}").text
    with database.transaction() as session:
        upkeep.ask_again(session, seats.locked(session, activity), utc_now())
    changed = service.change(mine, RegistrationPatch(party_size=2))
    assert changed.asked_at is None, "who changes what they come with, comes"
    edit(activity, starts_at=utc_now() - timedelta(minutes=5))
    assert _kind(partial(service.keep, mine)) == "registration-closed"
