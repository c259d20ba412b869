"""Rooms and lecturers: entered, chosen, followed, and who may do so."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from services.chassis.events import Envelope
from services.chassis.i18n import speaking, words_of
from services.chassis.problems import Invalid, Problem
from services.registration.activities import service as activities
from services.registration.activities.models import Activity
from services.registration.activities.schemas import ActivityPatch, CancelIn
from services.registration.database import database
from services.registration.resources import lecturers, venues
from services.registration.resources.models import Lecturer, Occupancy
from services.registration.resources.public import speakers_of
from services.registration.resources.schemas import LecturerIn
from services.registration.series import service as series
from services.registration.series.schemas import SeriesIn
from tests.conftest import principal
from tests.registration.ground import an_activity, edit
from tests.registration.making import API
from tests.registration.planning import CITY, TEN, a_lecturer, a_room, arrange, at, occupied

Key = Callable[..., dict[str, str]]
XICHENG, TONGZHOU = "110102", "110112"


@pytest.fixture
def browser(client: Callable[..., TestClient]) -> TestClient:
    return client("registration")


def stored(activity_id: uuid.UUID) -> Activity:
    with database.transaction() as session:
        return session.get_one(Activity, activity_id)


def test_a_room_brings_its_name_address_and_place(
    outbox: Callable[[str], list[Envelope]],
) -> None:
    room, lecturer = a_room(), a_lecturer()
    activity = an_activity(**at(0))
    found = arrange(activity, venue_id=room.id, lecturer_ids=[lecturer.id])
    assert {(one.kind, one.tentative) for one in found.occupancies} == {
        ("venue", False),
        ("lecturer", False),
    }
    row = stored(activity)
    assert (row.venue_id, row.venue_name, row.latitude, row.step_free) == (
        room.id,
        room.name,
        39.9,
        True,
    )
    (changed,) = [e for e in outbox("registration") if e.type == "activity.changed.v1"]
    assert "venue" in changed.data["changed"]
    assert changed.data["activity"]["venue"]["name"] == room.name
    # The same again tells nobody anything.
    arrange(activity, venue_id=room.id, lecturer_ids=[lecturer.id])
    assert len([e for e in outbox("registration") if e.type == "activity.changed.v1"]) == 1
    with database.transaction() as session:
        assert [one.name for one in speakers_of(session, activity)] == [lecturer.name]


def test_the_room_s_occupancy_ends_when_another_place_is_written_by_hand() -> None:
    room, activity = a_room(), an_activity(**at(0))
    arrange(activity, venue_id=room.id)
    patch = ActivityPatch.model_validate({"venue": {"name": "露天广场"}})
    activities.edit_activity(CITY, activity, patch)
    assert occupied(room.id) == []
    assert stored(activity).venue_id is None


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_a_clash_says_with_what_when_and_the_way_out(language: str) -> None:
    lecturer = a_lecturer()
    arrange(an_activity(**at(0)), lecturer_ids=[lecturer.id])
    with speaking(language), words_of("registration"), pytest.raises(Problem) as refused:
        arrange(an_activity(**at(1)), lecturer_ids=[lecturer.id])
    problem = refused.value
    assert (problem.status, problem.kind) == (409, "resource-busy")
    said = str(problem.detail)
    if language == "en":
        assert "Ms Lin is taken by “Travelling safely”: " in said
        assert "10:00–12:00. Please choose another time" in said
    else:
        assert "林老师在" in said
        assert "10:00–12:00已安排“安全出行讲座”。请改选时间" in said
    assert problem.extra["clashes"][0]["taken_by"] == "activity"


def test_times_that_only_touch_do_not_clash() -> None:
    lecturer = a_lecturer()
    for hour in (0, 2, 4):
        arrange(an_activity(**at(hour)), lecturer_ids=[lecturer.id])
    assert len(occupied(lecturer.id)) == 3


def test_a_reason_lets_it_overlap_is_kept_and_holds_for_that_alone() -> None:
    lecturer = a_lecturer()
    first, second = an_activity(**at(0)), an_activity(**at(1))
    arrange(first, lecturer_ids=[lecturer.id])
    found = arrange(second, lecturer_ids=[lecturer.id], override_reason="两场合并举行")
    assert found.occupancies[0].override_reason == "两场合并举行"
    # A third has neither a reason against the first nor against the second.
    for hours in (-1, 2):
        with pytest.raises(Problem, match="resource-busy"):
            arrange(an_activity(**at(hours, lasting=1.5)), lecturer_ids=[lecturer.id])
    # Moved to another clash, the second needs a fresh reason; a shorter part of it does not.
    arrange(an_activity(**at(10)), lecturer_ids=[lecturer.id])
    with pytest.raises(Problem, match="resource-busy"):
        activities.edit_activity(CITY, second, ActivityPatch(**at(9)))
    activities.edit_activity(CITY, second, ActivityPatch(**at(1, lasting=1)))
    # Moved to where nothing stands in the way, the reason is no longer there.
    activities.edit_activity(CITY, second, ActivityPatch(**at(20)))
    assert [row.override_reason for row in occupied(lecturer.id)] == [None, None, None]
    with database.transaction() as session:
        kept = session.scalars(
            sa.select(Occupancy.override_reason).where(Occupancy.released_at.is_not(None))
        )
        assert set(kept) == {"两场合并举行"}


def test_a_reason_that_is_not_needed_lifts_nothing() -> None:
    lecturer = a_lecturer()
    arrange(an_activity(**at(0)), lecturer_ids=[lecturer.id], override_reason="以防万一")
    (row,) = occupied(lecturer.id)
    assert (row.overlaps, row.override_reason) == (False, None)


def test_outside_the_hours_needs_a_reason_and_still_is_never_doubled() -> None:
    weekday = TEN.weekday()
    lecturer = a_lecturer(hours=[{"weekday": weekday, "begins": "14:00", "ends": "24:00"}])
    activity = an_activity(**at(0))
    with pytest.raises(Problem, match="lecturer-unavailable") as refused:
        arrange(activity, lecturer_ids=[lecturer.id])
    assert refused.value.extra["clashes"][0]["taken_by"] is None
    arrange(activity, lecturer_ids=[lecturer.id], override_reason="电话确认过")
    (row,) = occupied(lecturer.id)
    assert (row.overlaps, row.override_reason) == (False, "电话确认过")
    arrange(an_activity(**at(4)), lecturer_ids=[lecturer.id])


def test_a_draft_holds_tentatively_publishing_makes_it_firm_cancelling_gives_it_back() -> None:
    lecturer = a_lecturer()
    draft = an_activity(status="draft", **at(0))
    arrange(draft, lecturer_ids=[lecturer.id])
    assert [row.tentative for row in occupied(lecturer.id)] == [True]
    with words_of("registration"), pytest.raises(Problem) as refused:
        arrange(an_activity(**at(0)), lecturer_ids=[lecturer.id])
    assert "西城区的一场活动（草稿）" in str(refused.value.detail)
    activities.publish_activity(CITY, draft)
    assert [row.tentative for row in occupied(lecturer.id)] == [False]
    activities.cancel_activity(CITY, draft, CancelIn(reason="讲师生病"))
    assert occupied(lecturer.id) == []
    arrange(an_activity(**at(0)), lecturer_ids=[lecturer.id])


def test_what_is_occupied_follows_a_new_time_or_refuses_it() -> None:
    lecturer = a_lecturer()
    first, second = an_activity(**at(0)), an_activity(**at(5))
    for activity in (first, second):
        arrange(activity, lecturer_ids=[lecturer.id])
    with pytest.raises(Problem, match="resource-busy"):
        activities.edit_activity(CITY, first, ActivityPatch(**at(4)))
    assert stored(first).starts_at == TEN
    activities.edit_activity(CITY, first, ActivityPatch(**at(2)))
    assert [row.during.lower for row in occupied(lecturer.id)] == [
        TEN + timedelta(hours=2),
        TEN + timedelta(hours=5),
    ]


def test_occurrences_of_a_series_take_room_and_lecturers_along_and_move_together() -> None:
    room, lecturer = a_room(), a_lecturer()
    activity = an_activity(**at(0))
    arrange(activity, venue_id=room.id, lecturer_ids=[lecturer.id])
    weeks = {"every": "week", "times": 3}
    wanted = {"activity_id": activity, "repeat": weeks, "publish": True}
    series.begin(CITY, SeriesIn.model_validate(wanted))
    assert len(occupied(lecturer.id)) == len(occupied(room.id)) == 4
    assert not any(row.tentative for row in occupied(lecturer.id))
    # Each moves by half an hour, into no one's time but its own.
    patch = ActivityPatch(**at(0.5), scope="all")
    activities.edit_activity(CITY, activity, patch)
    begins = [row.during.lower for row in occupied(lecturer.id)]
    assert begins == [TEN + timedelta(hours=0.5, weeks=week) for week in range(4)]


def test_archived_ones_cannot_be_chosen_but_stay_where_they_are() -> None:
    lecturer, activity = a_lecturer(), an_activity(**at(0))
    arrange(activity, lecturer_ids=[lecturer.id])
    lecturers.archive(CITY, lecturer.id)
    arrange(activity, lecturer_ids=[lecturer.id])
    with pytest.raises(Invalid):
        arrange(an_activity(**at(9)), lecturer_ids=[lecturer.id])
    assert lecturers.listed(CITY) == []
    lecturers.archive(CITY, lecturer.id, archived=False)
    arrange(an_activity(**at(9)), lecturer_ids=[lecturer.id])


def test_nothing_is_arranged_for_what_is_over_or_somebody_else_s_version() -> None:
    lecturer, activity = a_lecturer(), an_activity(**at(0))
    with pytest.raises(Problem, match="edited-meanwhile"):
        arrange(activity, version=7, lecturer_ids=[lecturer.id])
    edit(activity, status="completed")
    with pytest.raises(Problem, match="activity-completed"):
        arrange(activity, lecturer_ids=[lecturer.id])
    with pytest.raises(Invalid):
        arrange(an_activity(), lecturer_ids=[uuid.uuid4()])


def test_district_staff_keep_their_own_and_plan_with_the_city_s() -> None:
    xicheng, tongzhou = (principal("district-editor", code) for code in (XICHENG, TONGZHOU))
    the_city_s, theirs = a_lecturer(), a_lecturer(xicheng, districts=[XICHENG])
    room = a_room()
    assert {one.id for one in lecturers.listed(xicheng)} == {the_city_s.id, theirs.id}
    assert {one.id for one in lecturers.listed(tongzhou)} == {the_city_s.id}
    assert [venues.listed(who) for who in (xicheng, tongzhou)] == [[room], []]
    for act in (
        lambda: lecturers.one(tongzhou, theirs.id),
        lambda: lecturers.archive(tongzhou, theirs.id),
        lambda: lecturers.archive(xicheng, the_city_s.id),
        lambda: a_lecturer(xicheng),
        lambda: a_lecturer(xicheng, districts=[XICHENG, TONGZHOU]),
        lambda: venues.one(tongzhou, room.id),
        lambda: a_room(tongzhou),
        lambda: arrange(an_activity(), tongzhou),
        lambda: arrange(an_activity(district=TONGZHOU), tongzhou, venue_id=room.id),
        lambda: arrange(an_activity(district=TONGZHOU), tongzhou, lecturer_ids=[theirs.id]),
    ):
        with pytest.raises(Problem, match="other-district"):
            act()
    arrange(an_activity(**at(0)), xicheng, venue_id=room.id, lecturer_ids=[the_city_s.id])


def test_how_to_reach_a_lecturer_is_sealed_and_not_for_viewers(
    browser: TestClient, key: Key
) -> None:
    lecturer = a_lecturer(email="lin@example.com", phone="13812345678")
    with database.engine.connect() as connection:
        row = connection.execute(sa.text("SELECT email, phone FROM lecturers")).one()
    assert "lin@" not in row.email
    assert "138" not in row.phone
    path = f"{API}/lecturers/{lecturer.id}"
    assert browser.get(path, headers=key("city-editor")).json()["phone"] == "+8613812345678"
    assert browser.get(path, headers=key("viewer")).json()["email"] is None


def test_the_calls_write_read_and_archive(browser: TestClient, key: Key) -> None:
    headers = key("city-editor") | {"Idempotency-Key": "one"}
    body = {"name": "会议室", "district": XICHENG, "capacity": 20}
    made = [browser.post(f"{API}/venues", json=body, headers=headers).json() for _ in range(2)]
    assert made[0] == made[1]
    path = f"{API}/venues/{made[0]['id']}"
    again = body | {"capacity": 30, "version": 1}
    assert browser.put(path, json=again, headers=key("city-editor")).json()["version"] == 2
    assert browser.put(path, json=again, headers=key("city-editor")).status_code == 409
    assert browser.put(path, json=body, headers=key("viewer")).status_code == 403
    assert browser.delete(path, headers=key("city-editor")).json()["archived"] is True
    assert browser.get(f"{API}/venues", headers=key("viewer")).json()["items"] == []
    assert browser.get(path).status_code == 401
    missing = f"{API}/venues/{uuid.uuid4()}"
    assert browser.get(missing, headers=key("viewer")).status_code == 404


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": {}}, "name"),
        ({"languages": []}, "languages"),
        ({"languages": ["fr"]}, "languages.0"),
        ({"topics": ["cooking"]}, "topics.0"),
        ({"districts": ["999999"]}, "districts.0"),
        ({"timezone": "Mars/Olympus"}, "timezone"),
        ({"hours": [{"weekday": 7, "begins": "09:00", "ends": "10:00"}]}, "hours.0.weekday"),
        ({"hours": [{"weekday": 1, "begins": "25:00", "ends": "26:00"}]}, "hours.0.begins"),
        ({"hours": [{"weekday": 1, "begins": "12:00", "ends": "09:00"}]}, "hours.0.ends"),
        ({"exceptions": [{"first": "2027-03-05", "last": "2027-03-01"}]}, "exceptions.0.last"),
        ({"email": "a@b.cn\nBcc: x@y.cn"}, "email"),
    ],
)
@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_a_lecturer_that_cannot_be_has_a_sentence_beside_the_field(
    browser: TestClient, key: Key, changes: dict[str, Any], field: str, language: str
) -> None:
    headers = key("city-editor") | {"Accept-Language": language}
    answer = browser.post(f"{API}/lecturers", json={"name": "林老师"} | changes, headers=headers)
    assert answer.status_code == 422
    found = {error["field"]: error["message"] for error in answer.json()["errors"]}
    assert any("\u4e00" <= char <= "\u9fff" for char in found[field]) is (language == "zh-CN")


def test_availability_says_what_is_left(browser: TestClient, key: Key) -> None:
    day = TEN.date()
    lecturer = a_lecturer(hours=[{"weekday": TEN.weekday(), "begins": "09:00", "ends": "18:00"}])
    activity = an_activity(status="draft", **at(0))
    arrange(activity, lecturer_ids=[lecturer.id])
    path = f"{API}/lecturers/{lecturer.id}/availability"
    answer = browser.get(path, params={"from": f"{day}", "to": f"{day}"}, headers=key("viewer"))
    assert answer.json() == {
        "timezone": "Asia/Shanghai",
        "available": [{"from": f"{day}T01:00:00Z", "to": f"{day}T10:00:00Z"}],
        "taken": [
            {
                "from": f"{day}T02:00:00Z",
                "to": f"{day}T04:00:00Z",
                "by": "activity",
                "tentative": True,
            }
        ],
        "free": [
            {"from": f"{day}T01:00:00Z", "to": f"{day}T02:00:00Z"},
            {"from": f"{day}T04:00:00Z", "to": f"{day}T10:00:00Z"},
        ],
    }
    for first, last in ((day, day - timedelta(days=1)), (day, day + timedelta(days=93))):
        params = {"from": f"{first}", "to": f"{last}"}
        assert browser.get(path, params=params, headers=key("viewer")).status_code == 422


def test_the_call_refuses_and_takes_a_reason(browser: TestClient, key: Key) -> None:
    lecturer = a_lecturer()
    arrange(an_activity(**at(0)), lecturer_ids=[lecturer.id])
    path = f"{API}/activities/{an_activity(**at(0))}/resources"
    wanted: dict[str, Any] = {"lecturer_ids": [str(lecturer.id)]}
    refused = browser.put(path, json=wanted, headers=key("city-editor"))
    assert refused.status_code == 409
    assert refused.json()["type"] == "resource-busy"
    assert refused.json()["errors"][0]["field"] == "override_reason"
    wanted["override_reason"] = "合办"
    assert browser.put(path, json=wanted, headers=key("city-editor")).status_code == 200
    found = browser.get(path, headers=key("viewer")).json()
    assert found["lecturer_ids"] == [str(lecturer.id)]
    assert found["occupancies"][0]["override_reason"] == "合办"
    assert browser.put(path, json=wanted, headers=key("viewer")).status_code == 403


def test_rewriting_a_lecturer_keeps_the_exceptions_unless_given() -> None:
    lecturer = a_lecturer(exceptions=[{"first": "2027-03-01", "note": "出差"}])
    again = lecturers.edit(CITY, lecturer.id, LecturerIn(name={"zh-CN": "林教授"}))
    assert [(one.first, one.last) for one in again.exceptions] == [
        (one.first, one.first) for one in lecturer.exceptions
    ]
    gone = lecturers.edit(CITY, lecturer.id, LecturerIn(name={"zh-CN": "林教授"}, exceptions=[]))
    assert gone.exceptions == []
    with database.transaction() as session:
        assert session.get_one(Lecturer, lecturer.id).version == 3
