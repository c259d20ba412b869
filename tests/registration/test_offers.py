"""Offers from the waiting list: kept for a while, taken once, given back once."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from services.chassis.database import utc_now
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
    register,
    seats_taken,
    stored,
    token,
)

Outbox = Callable[[str], list[Envelope]]


def _offered(capacity: int = 1, waiting: int = 2) -> tuple[uuid.UUID, list[str]]:
    """A full activity, one of whose registrations ended: the tokens of those who then waited."""
    activity = an_activity(capacity=capacity)
    holders = [register(activity, n) for n in range(capacity)]
    tokens = [token(register(activity, 50 + n)) for n in range(waiting)]
    service.cancel(token(holders[0]))
    return activity, tokens


def _run_out(activity: uuid.UUID) -> None:
    with database.transaction() as session:
        session.execute(
            sa.update(Registration)
            .where(Registration.activity_id == activity, Registration.status == "offered")
            .values(hold_expires_at=utc_now() - timedelta(seconds=1))
        )


def test_an_offer_stands_for_a_day_and_near_the_beginning_for_half_of_what_is_left() -> None:
    activity = Activity(starts_at=utc_now())
    begins = activity.starts_at
    assert seats.offer_until(activity, begins - timedelta(days=9)) == begins - timedelta(days=8)
    assert seats.offer_until(activity, begins - timedelta(hours=8)) == begins - timedelta(hours=4)
    assert seats.offer_until(activity, begins - timedelta(minutes=60)) is None
    assert seats.offer_until(activity, begins) is None


def test_an_offer_that_nobody_takes_goes_to_the_next_and_is_told(outbox: Outbox) -> None:
    activity, (first, second) = _offered()
    assert upkeep.expire_holds() == 0
    _run_out(activity)
    assert upkeep.expire_holds() == 1
    gone = service.look(first)
    assert (gone.status, gone.cancel_cause) == ("cancelled", "expired")
    assert service.look(second).status == "offered"
    assert seats_taken(activity) == 1
    assert [event.type for event in outbox("registration")][-2:] == [
        "registration.cancelled.v1",
        "registration.offered.v1",
    ]
    with pytest.raises(Problem) as refused:
        service.accept(first)
    assert refused.value.kind == "offer-over"


def test_an_offer_that_ran_out_cannot_be_taken_before_the_tick_either() -> None:
    activity, (first, _) = _offered()
    _run_out(activity)
    with pytest.raises(Problem) as refused:
        service.accept(first)
    assert refused.value.kind == "offer-over"


def test_nothing_is_offered_in_the_last_hour_and_whoever_comes_gets_the_place() -> None:
    activity = an_activity(capacity=1)
    holder, waiting = register(activity, 1), register(activity, 2)
    edit(activity, starts_at=utc_now() + timedelta(minutes=50))
    service.cancel(token(holder))
    assert service.look(token(waiting)).status == "waiting"
    assert register(activity, 3).status == "confirmed"


def test_a_smaller_party_may_take_its_offer_and_the_rest_goes_on() -> None:
    activity = an_activity(capacity=3)
    holder = register(activity, 1, party_size=3)
    large, small = register(activity, 2, party_size=3), register(activity, 3, party_size=1)
    service.cancel(token(holder))
    assert service.look(token(large)).status == "offered"
    service.change(token(large), RegistrationPatch(party_size=2))
    assert service.look(token(small)).status == "offered"
    assert service.accept(token(large)).status == "confirmed"
    assert seats_taken(activity) == 3


def test_without_a_limit_those_who_wait_are_confirmed_and_need_not_accept() -> None:
    activity = an_activity(capacity=1)
    register(activity, 1)
    waiting = register(activity, 2)
    edit(activity, capacity=None)
    with database.transaction() as session:
        upkeep.offer_places(session, activity)
    assert service.look(token(waiting)).status == "confirmed"


def test_acceptance_expiry_cancel_and_more_places_race_and_every_place_counts_once() -> None:
    """Everything at once; the sum of the seats is checked after every test of this folder."""
    for round_ in range(3):
        activity = an_activity(capacity=6)
        holders = [token(register(activity, n)) for n in range(6)]
        waiting = [token(register(activity, 50 + n)) for n in range(12)]
        for holder in holders[:4]:
            service.cancel(holder)
        offered = [link for link in waiting if service.look(link).status == "offered"]
        assert len(offered) == 4
        with database.transaction() as session:
            session.execute(
                sa.update(Registration)
                .where(Registration.id == service.look(offered[0]).id)
                .values(hold_expires_at=utc_now() - timedelta(seconds=1))
            )

        def widen(activity: uuid.UUID = activity) -> None:
            with database.transaction() as session:
                seats.locked(session, activity).capacity = 8
                session.flush()
                upkeep.offer_places(session, activity)

        def try_to(act: Callable[[str], object], link: str) -> str:
            try:
                act(link)
            except Problem as problem:
                return problem.kind
            return "done"

        calls = [partial(try_to, service.accept, link) for link in offered for _ in range(2)]
        calls += [partial(try_to, service.cancel, offered[1])]
        calls += [upkeep.expire_holds, upkeep.expire_holds, widen]
        calls += [partial(try_to, service.cancel, holders[4])]
        at_once(*calls)
        upkeep.expire_holds()

        counts = Counter(row.status for row in stored(activity))
        held = counts["confirmed"] + counts["offered"]
        assert held == seats_taken(activity) == 8, (round_, counts)
        assert counts["waiting"] == 18 - counts["cancelled"] - 8


def test_without_its_guard_an_offer_that_ends_twice_gives_back_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The negative control: an expiry that does not look at the state breaks the sum."""
    activity, (first, _) = _offered(waiting=2)
    _run_out(activity)
    with database.transaction() as session:
        row = session.get_one(Registration, service.look(first).id)
        held = seats.locked(session, activity)
        edit_free = partial(seats.cancel, session, held, row, cause="expired", now=utc_now())
        monkeypatch.setattr(seats, "move", lambda *_args, **_values: True)
        monkeypatch.setattr(seats, "tell", lambda *_args, **_values: None)
        monkeypatch.setattr(seats, "offer_places", lambda *_args: 0)
        edit_free()
        assert held.seats_taken == 0
        with pytest.raises(sa.exc.IntegrityError):
            edit_free()  # the table's own check is the last to refuse
        session.rollback()


def test_the_list_is_served_in_its_order() -> None:
    activity = an_activity(capacity=1)
    holder = token(register(activity, 0))
    waiting = [token(register(activity, n)) for n in range(1, 6)]
    served = []
    for _ in waiting:
        service.cancel(holder)
        [holder] = [link for link in waiting if service.look(link).status == "offered"]
        service.accept(holder)
        served.append(holder)
    assert served == waiting


def test_the_page_offers_accepts_and_says_when_it_is_too_late(
    client: Callable[[str], TestClient],
) -> None:
    browser = client("registration")
    activity, (first, second) = _offered()
    page = browser.get(f"/registrations/{first}")
    assert "接受名额" in page.text
    assert browser.get(f"/registrations/{first}?lang=en").text.count("Accept the place") == 1
    browser.get("/?lang=zh-CN")
    done = browser.post(f"/registrations/{first}/accept", follow_redirects=False)
    assert done.status_code == 303
    assert service.look(first).status == "confirmed"

    service.cancel(first)
    _run_out(activity)
    late = browser.post(f"/registrations/{second}/accept")
    assert late.status_code == 409
    assert "名额已不再为您保留" in late.text
    assert browser.post("/registrations/forged/accept").status_code in (400, 404)
    answer = browser.post(f"/api/registration/v1/registrations/{second}/accept")
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (409, "offer-over")
