"""The door: results, parties that come in parts, what is no ticket, taking back, permissions."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from threading import Barrier

import pytest
from starlette.testclient import TestClient

from services.chassis.database import new_id, utc_now
from services.chassis.problems import Problem
from services.registration.activities.models import Activity
from services.registration.checkin import attendance, lists, merging, scans
from services.registration.checkin.models import Scan
from services.registration.checkin.reading import read
from services.registration.checkin.schemas import CheckInIn
from services.registration.database import database
from services.registration.registrations import seats
from services.registration.registrations.models import Registration
from tests.conftest import principal
from tests.registration.door import DOORKEEPER, aged, counts, record_of, results, scan, send
from tests.registration.ground import XICHENG, an_activity, at_once, edit, register, stored

API = "/api/registration/v1"
Headers = Callable[..., dict[str, str]]


@pytest.fixture
def browser(client: Callable[..., TestClient]) -> TestClient:
    return client("registration")


def cancelled(activity: uuid.UUID, registration: uuid.UUID) -> None:
    with database.transaction() as session:
        held = seats.locked(session, activity)
        row = session.get_one(Registration, registration)
        seats.cancel(session, held, row, cause="staff", now=utc_now())


def test_a_program_checks_a_ticket_in(browser: TestClient, key: Headers) -> None:
    activity, other = an_activity(capacity=2), an_activity()
    mine, gone, waiting = (register(activity, number) for number in range(3))
    place = f"{API}/activities/{activity}/check-ins"
    door = key("check-in")

    def show(code: str, at: str | None = None) -> dict[str, object]:
        answer = browser.post(place, json={"ticket_code": code, "at": at}, headers=door)
        assert answer.status_code == 200, answer.text
        found: dict[str, object] = answer.json()
        return found

    first = show(f" {mine.ticket_code[:4].lower()}-{mine.ticket_code[4:]}")
    assert (first["result"], first["name"], first["party_size"]) == ("checked-in", "王小明0", 1)
    again = show(mine.ticket_code)
    assert (again["result"], again["at"]) == ("already", first["at"])
    assert show(waiting.ticket_code)["result"] == "waiting"
    edit(activity, starts_at=utc_now() + timedelta(minutes=10))  # too late for an offer
    cancelled(activity, gone.id)
    assert show(gone.ticket_code)["result"] == "cancelled"
    elsewhere = show(register(other, 9).ticket_code)
    assert (elsewhere["result"], elsewhere["name"]) == ("wrong-activity", None)
    assert show("22222222")["result"] == "not-found"
    future = browser.post(
        place, json={"ticket_code": mine.ticket_code, "at": "2090-01-01T00:00:00Z"}, headers=door
    )
    assert future.json()["errors"][0]["field"] == "at"
    assert browser.post(place, json={"ticket_code": "x"}).status_code == 401
    missing = f"{API}/activities/{new_id()}/check-ins"
    assert browser.post(missing, json={"ticket_code": "x"}, headers=door).status_code == 404


def test_two_doors_let_one_ticket_in_once() -> None:
    activity = an_activity()
    shown = CheckInIn(ticket_code=register(activity, 1).ticket_code)
    found = at_once(*(partial(scans.check_in, DOORKEEPER, activity, shown) for _ in range(8)))
    assert sorted(result.result for result in found) == ["already"] * 7 + ["checked-in"]
    assert counts(activity).came == 1


def test_without_the_lock_two_doors_let_it_in_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control: each door counts its own scan alone, and both say welcome."""
    activity = an_activity()
    code = register(activity, 1).ticket_code
    both, fold = Barrier(2), merging.fold

    def met(party_size: int, found: Sequence[Scan]) -> int:
        both.wait(timeout=60)
        return fold(party_size, found)

    monkeypatch.setattr(merging, "fold", met)
    monkeypatch.setattr(seats, "locked", lambda session, one: session.get_one(Activity, one))
    found = at_once(*(partial(results, activity, scan(code)) for _ in range(2)))
    assert found == [["checked-in"], ["checked-in"]]


def test_a_party_comes_in_parts() -> None:
    activity = an_activity(capacity=20)
    party = register(activity, 1, party_size=4)
    aged(activity)
    first, again, rest, more = (
        scan(party.ticket_code, 9, people=1),
        scan(party.ticket_code, 8),
        scan(party.id, 7, people=2),
        scan(party.id, 6, people=3),
    )
    found = send(activity, first, again, rest, more).results
    assert [(one.result, one.let_in) for one in found] == [
        ("checked-in", 1),
        ("already", 0),  # a whole party is not let in upon a part: the doorkeeper asks
        ("checked-in", 2),
        ("checked-in", 1),
    ]
    assert found[1].first_at == found[0].at
    assert found[-1].registration is not None
    assert found[-1].registration.came == 4
    assert (counts(activity).came, counts(activity).expected) == (4, 4)
    with database.transaction() as session:
        (attended,) = attendance.attended(session, activity)
        assert (attended.registration.id, attended.came) == (party.id, 4)
        assert attended.registration.checked_in_at == found[0].at


def test_taking_back_the_first_makes_room_for_the_second() -> None:
    activity = an_activity()
    mine = register(activity, 1)
    aged(activity)
    first, second = scan(mine.ticket_code, 5), scan(mine.ticket_code, 3)
    assert results(activity, first, second) == ["checked-in", "already"]
    for _ in range(2):
        assert scans.undo(DOORKEEPER, activity, first.id).undone_at is not None
    assert record_of(activity)["scans"][second.id] == ("checked-in", 1, True)
    scans.undo(DOORKEEPER, activity, second.id)
    assert counts(activity).came == 0
    assert stored(activity)[0].checked_in_at is None
    assert results(activity, scan(mine.ticket_code)) == ["checked-in"]
    with pytest.raises(Problem) as missing:
        scans.undo(DOORKEEPER, an_activity(), first.id)
    assert missing.value.status == 404


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("BEGIN:VCARD\nVERSION:3.0\nFN:王芳\nEND:VCARD", "card"),
        ("MECARD:N:Wang;TEL:13800138000;;", "card"),
        ("https://example.com/t/K7Q2MX4R", "address"),
        ("http://[broken", "address"),
        ("https://example.com/registrations/not-a-token", "address"),
        ("WIFI:S:hall;T:WPA;P:secret;;", "other"),
        ("王小明", "other"),
        ("K7Q2 MX", "part"),
        ("ｋ７ｑ２ｍｘ４ｒ", "ticket"),
        ("K7Q2-MX4R", "ticket"),
        ("9" * 1999, "other"),
    ],
    ids=["vcard", "mecard", "url", "broken", "forged", "wifi", "name", "part", "wide", "dash", "9"],
)
def test_what_is_no_ticket_is_told_apart(text: str, what: str) -> None:
    assert read(text).what == what
    if what != "ticket":
        (found,) = send(an_activity(), scan(text)).results
        assert (found.result, found.what, found.registration) == ("not-found", what, None)


def test_a_registrant_s_own_link_is_as_good_as_the_ticket() -> None:
    activity, other = an_activity(), an_activity()
    mine = register(activity, 1)
    (found,) = send(activity, scan(mine.manage_url)).results
    assert (found.result, found.what) == ("checked-in", "link")
    assert results(other, scan(mine.manage_url)) == ["wrong-activity"]
    damaged = mine.manage_url[:-4] + ("AAAA" if mine.manage_url[-4:] != "AAAA" else "BBBB")
    assert results(activity, scan(damaged)) == ["not-found"]


def test_the_list_is_fetched_once_and_then_followed(browser: TestClient, key: Headers) -> None:
    activity = an_activity(capacity=9)
    mine, other = register(activity, 1), register(activity, 2, party_size=3)
    place, door = f"{API}/activities/{activity}/door", key("check-in")
    first = browser.get(place, headers=door)
    body = first.json()
    assert {row["id"]: row["came"] for row in body["items"]} == {str(mine.id): 0, str(other.id): 0}
    assert "email" not in body["items"][0]
    same = browser.get(place, headers=door | {"If-None-Match": first.headers["ETag"]})
    assert (same.status_code, same.content) == (304, b"")

    send(activity, scan(other.ticket_code))
    changes = browser.get(f"{place}/changes?since={body['cursor']}", headers=door).json()
    assert [(row["id"], row["came"]) for row in changes["items"]] == [(str(other.id), 3)]
    assert (changes["counts"]["came"], changes["version"]) == (3, body["version"])
    later = browser.get(f"{place}/changes?since={changes['cursor']}", headers=door).json()
    assert later["items"] == []
    register(activity, 3)
    newer = browser.get(f"{place}/changes?since={changes['cursor']}", headers=door).json()
    assert newer["version"] != body["version"]
    fresh = browser.get(place, headers=door | {"If-None-Match": first.headers["ETag"]})
    assert len(fresh.json()["items"]) == 3


@pytest.mark.parametrize(
    ("role", "district", "status"),
    [
        ("check-in", None, 200),
        ("district-editor", XICHENG, 200),
        ("district-editor", "110105", 403),
        ("viewer", None, 403),
    ],
    ids=["check-in", "own", "other", "viewer"],
)
def test_a_door_belongs_to_its_district(  # noqa: PLR0917 - three of the case, three fixtures
    browser: TestClient, key: Headers, staff: Headers, role: str, district: str, status: int
) -> None:
    activity = an_activity(starts_at=utc_now(), ends_at=utc_now() + timedelta(hours=1))
    place, headers = f"{API}/activities/{activity}", key(role, district)
    body = {"scans": [{"id": str(new_id()), "ticket_code": "x", "at": utc_now().isoformat()}]}
    assert browser.get(f"{place}/door", headers=headers).status_code == status
    assert browser.get(f"{place}/door/changes", headers=headers).status_code == status
    assert browser.get(f"{place}/attendance", headers=headers).status_code == status
    assert browser.post(f"{place}/scans", json=body, headers=headers).status_code == status
    walk_in = {"id": str(new_id())}
    answer = browser.post(f"{place}/walk-ins", json=walk_in, headers=headers)
    assert answer.status_code == (201 if status == 200 else status)
    browser.cookies = staff(role, district)
    for path in ("", "/shell", "/screen", "/screen/figures", "/awake"):
        answer = browser.get(f"/staff/checkin/{activity}{path}")
        assert answer.status_code == (204 if path == "/awake" and status == 200 else status), path
    if role != "viewer":
        shown = str(activity) in browser.get("/staff/checkin").text
        assert shown == (status == 200)


def test_drafts_have_no_door() -> None:
    with pytest.raises(Problem) as refused:
        lists.whole(principal("city-admin"), an_activity(status="draft"))
    assert refused.value.status == 404
