"""The staff's pages of rooms and lecturers, and bookings that occupy them."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from services.chassis.events import Envelope
from services.chassis.idempotency import NOT_REPEATED
from services.chassis.problems import Problem
from services.registration.bookings import service as bookings
from services.registration.bookings.models import manage_token
from services.registration.bookings.schemas import AcceptIn, BookingIn, DeclineIn, ProposeIn
from services.registration.resources import lecturers, sample, venues
from services.registration.resources.schemas import LecturerIn
from tests.registration.ground import an_activity
from tests.registration.planning import CITY, TEN, a_lecturer, a_room, arrange, at, occupied

Staff = Callable[..., dict[str, str]]
Desk = Callable[..., TestClient]
SAME_SITE = {"Sec-Fetch-Site": "same-origin"}
LATER = TEN + timedelta(hours=1)


@pytest.fixture
def desk(client: Callable[..., TestClient], staff: Staff) -> Desk:
    """``desk("city-editor")``: the browser of somebody who is signed in."""

    def make(role: str, district: str | None = None) -> TestClient:
        return client("registration", cookies=staff(role, district), headers=SAME_SITE)

    return make


def a_booking(**changes: Any) -> uuid.UUID:
    wanted = {
        "kind": "school_session",
        "organisation": {"name": "第三中学", "kind": "school", "district": "110102"},
        "contact": {"name": "李老师", "email": "li@example.com"},
        "proposed_times": [TEN.isoformat(), LATER.isoformat()],
        "headcount": 30,
    }
    return bookings.request_booking(BookingIn.model_validate(wanted | changes), NOT_REPEATED).id


def lecturer_typed(**changes: Any) -> dict[str, Any]:
    return {
        "_once": uuid.uuid4().hex,
        "name.zh-CN": "林老师",
        "name.en": "Ms Lin",
        "languages": ["zh-CN"],
        "timezone": "Asia/Shanghai",
        "day-0": "９：００—12:00，14:00~24:00",
        "day-4": "",
    } | changes


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_a_lecturer_is_entered_shown_and_edited(desk: Desk, language: str) -> None:
    editor = desk("city-editor")
    editor.headers["Accept-Language"] = language
    assert editor.get("/staff/lecturers").status_code == 200
    form = lecturer_typed()
    made = editor.post("/staff/lecturers/new", data=form)
    assert made.status_code == 303, made.text
    assert (
        editor.post("/staff/lecturers/new", data=form).headers["location"]
        == made.headers["location"]
    )
    (found,) = lecturers.listed(CITY)
    assert [(f"{row.begins:%H:%M}", f"{row.ends:%H:%M}") for row in found.hours] == [
        ("09:00", "12:00"),
        ("14:00", "00:00"),
    ]
    page = editor.get(made.headers["location"]).text
    assert ("可安排：09:00–12:00、14:00–24:00" in page) is (language == "zh-CN")
    assert 'value="09:00-12:00, 14:00-24:00"' in editor.get(f"{made.headers['location']}/edit").text
    again = lecturer_typed(version="7") | {"name.zh-CN": "林教授"}
    stale = editor.post(f"{made.headers['location']}/edit", data=again)
    assert stale.status_code == 409
    assert 'value="林教授"' in stale.text
    assert 'name="version" value="1"' in stale.text


@pytest.mark.parametrize("text", ["morning", "9-12", "12:00-09:00", "09:00-25:00", "09:00-24:30"])
def test_hours_that_cannot_be_read_are_given_back(desk: Desk, text: str) -> None:
    answer = desk("city-editor").post(
        "/staff/lecturers/new", data=lecturer_typed(**{"day-2": text})
    )
    assert answer.status_code == 422
    assert f'value="{text}"' in answer.text
    assert 'id="error-day-2"' in answer.text
    assert lecturers.listed(CITY) == []


def test_exceptions_come_and_go(desk: Desk) -> None:
    editor, lecturer = desk("city-editor"), a_lecturer()
    here = f"/staff/lecturers/{lecturer.id}"
    form = {"first": "2027-03-03", "last": "2027-03-01", "available": "away", "note": "出差"}
    wrong = editor.post(f"{here}/exceptions", data=form)
    assert wrong.status_code == 422
    assert 'id="error-last"' in wrong.text
    added = editor.post(f"{here}/exceptions", data=form | {"last": ""})
    page = editor.get(added.headers["location"], headers={"Accept-Language": "zh"}).text
    assert "出差" in page
    assert "2027年3月3日" in page
    (found,) = lecturers.one(CITY, lecturer.id).exceptions
    assert (found.first, found.available) == (found.last, False)
    for _ in range(2):
        assert editor.post(f"{here}/exceptions/{found.id}/delete").status_code == 303
    assert lecturers.one(CITY, lecturer.id).exceptions == []


def test_a_room_is_entered_archived_and_brought_back(desk: Desk) -> None:
    editor = desk("city-editor")
    form = {"_once": "1", "name.zh-CN": "报告厅", "district": "110102", "latitude": "39.9"}
    wrong = editor.post("/staff/venues/new", data=form)
    assert wrong.status_code == 422
    assert 'id="error-longitude"' in wrong.text
    made = editor.post("/staff/venues/new", data=form | {"longitude": "116.4"})
    here = made.headers["location"]
    assert editor.get(f"{here}/archive").status_code == 200
    assert len(venues.listed(CITY)) == 1
    editor.post(f"{here}/archive")
    assert "报告厅" not in editor.get("/staff/venues").text
    assert "报告厅" in editor.get("/staff/venues?archived=1").text
    editor.post(f"{here}/restore")
    assert len(venues.listed(CITY)) == 1


def test_a_week_names_what_is_one_s_own_and_hides_what_is_not(desk: Desk) -> None:
    lecturer = a_lecturer()
    arrange(an_activity(status="draft", **at(0)), lecturer_ids=[lecturer.id])
    here = f"/staff/lecturers/{lecturer.id}?week={TEN.date()}"
    ours = desk("district-editor", "110102").get(here).text
    theirs = desk("district-editor", "110112").get(here).text
    assert "安全出行讲座" in ours
    assert "安全出行讲座" not in theirs
    assert "西城区的一场活动（草稿）" in theirs
    assert "slot-tentative" in theirs
    for odd in ("nonsense", "0001-01-01", "9999-12-31", "2027-13-40"):
        assert desk("viewer").get(f"/staff/lecturers/{lecturer.id}?week={odd}").status_code == 200


def test_viewers_look_and_change_nothing(desk: Desk) -> None:
    viewer, lecturer, room = desk("viewer"), a_lecturer(), a_room()
    activity = an_activity()
    for path in (f"/staff/lecturers/{lecturer.id}", f"/staff/venues/{room.id}"):
        page = viewer.get(path)
        assert page.status_code == 200
        assert "/edit" not in page.text
        assert viewer.get(f"{path}/edit").status_code == 403
        assert viewer.post(f"{path}/archive").status_code == 403
    assert viewer.get(f"/staff/activities/{activity}/resources").status_code == 403
    assert viewer.post(f"/staff/lecturers/{lecturer.id}/exceptions").status_code == 403


def test_choosing_shows_who_is_free_and_takes_a_reason(desk: Desk) -> None:
    editor = desk("city-editor")
    busy, free = a_lecturer(), a_lecturer(name={"zh-CN": "周老师"})
    small = a_room(capacity=3)
    arrange(an_activity(**at(0)), lecturer_ids=[busy.id])
    activity = an_activity(**at(1))
    path = f"/staff/activities/{activity}/resources"
    page = editor.get(path).text
    assert page.index("周老师") < page.index("林老师")
    assert "已安排“安全出行讲座”" in page
    assert "容纳不下 5 人" in page
    form = {"version": "1", "venue_id": str(small.id), "lecturer_ids": [str(busy.id), str(free.id)]}
    refused = editor.post(path, data=form)
    assert refused.status_code == 409
    assert 'id="error-override_reason"' in refused.text
    assert refused.text.count(" checked") == 3
    done = editor.post(path, data=form | {"override_reason": "两场合并"})
    assert done.headers["location"] == f"/staff/activities/{activity}"
    assert "两场合并" in editor.get(path).text
    assert "林老师、周老师" in editor.get(done.headers["location"]).text
    slug = re.search(r'href="/activities/([\w-]+)"', editor.get(done.headers["location"]).text)
    assert slug
    assert "周老师" in editor.get(f"/activities/{slug[1]}").text


def test_a_booking_that_is_accepted_occupies_and_one_withdrawn_gives_back(
    outbox: Callable[[str], list[Envelope]], client: Callable[..., TestClient]
) -> None:
    lecturer, booking = a_lecturer(), a_booking()
    chosen = {"agreed_time": TEN, "duration_minutes": 90, "lecturer_ids": [lecturer.id]}
    bookings.accept(CITY, booking, AcceptIn.model_validate(chosen))
    (row,) = occupied(lecturer.id)
    assert (row.during.lower, row.during.upper) == (TEN, TEN + timedelta(minutes=90))
    assert row.tentative is False
    assert outbox("registration")[-2].data["duration_minutes"] == 90
    with pytest.raises(Problem, match="resource-busy") as refused:
        arrange(an_activity(**at(1)), lecturer_ids=[lecturer.id])
    assert "第三中学" not in str(refused.value.detail)
    school = client("registration", headers={"Accept-Language": "en"})
    page = f"/bookings/{manage_token(booking)}"
    assert "Who comes to you: Ms Lin" in school.get(page).text
    bookings.withdraw(manage_token(booking))
    assert occupied(lecturer.id) == []
    assert "Ms Lin" not in school.get(page).text


def test_times_that_are_proposed_are_held_and_the_one_taken_is_kept() -> None:
    lecturer, booking = a_lecturer(), a_booking()
    far = TEN + timedelta(days=1)
    offered = {"proposed_times": [TEN, LATER, far], "lecturer_ids": [lecturer.id]}
    bookings.propose(CITY, booking, ProposeIn.model_validate(offered))
    held = occupied(lecturer.id)
    # The first two overlap each other and are held as one.
    assert [row.during.lower for row in held] == [TEN, far]
    assert all(row.tentative for row in held)
    with pytest.raises(Problem, match="resource-busy"):
        arrange(an_activity(**at(2)), lecturer_ids=[lecturer.id])
    # The organisation is not refused because the lecturer's week has changed meanwhile.
    hours = [{"weekday": 0, "begins": "01:00", "ends": "02:00"}]
    again = LecturerIn.model_validate({"name": "林老师", "hours": hours})
    lecturers.edit(CITY, lecturer.id, again)
    bookings.take_time(manage_token(booking), LATER)
    (row,) = occupied(lecturer.id)
    assert (row.during.lower, row.tentative) == (LATER, False)
    bookings.decline(CITY, booking, DeclineIn(answer="很抱歉"))
    assert occupied(lecturer.id) == []


def test_a_booking_s_form_offers_refuses_and_plans(desk: Desk) -> None:
    editor = desk("city-editor")
    lecturer, booking = a_lecturer(), a_booking()
    arrange(an_activity(**at(0)), lecturer_ids=[lecturer.id])
    path = f"/staff/bookings/{booking}/accept"
    assert "已安排“安全出行讲座”" in editor.get(path).text
    form = {
        "agreed_time": f"{TEN:%Y-%m-%dT%H:%M:%SZ}",
        "duration_minutes": "６０",
        "venue_id": "",
        "lecturer_ids": [str(lecturer.id)],
    }
    assert editor.post(path, data=form | {"go": "preview"}).status_code == 200
    refused = editor.post(path, data=form | {"go": "send"})
    assert refused.status_code == 409
    assert 'id="error-override_reason"' in refused.text
    assert editor.post(path, data=form | {"go": "send", "duration_minutes": "5"}).status_code == 422
    done = editor.post(path, data=form | {"go": "send", "override_reason": "两位讲师分头去"})
    assert done.status_code == 303
    assert "两位讲师分头去" in editor.get(f"/staff/bookings/{booking}").text


def test_the_samples_can_be_entered_once(desk: Desk) -> None:
    plans = sample.load(CITY)
    assert (len(venues.listed(CITY)), len(lecturers.listed(CITY))) == (3, 4)
    assert sum(len(plan.lecturer_ids) for plan in plans.values()) == 6
    assert sample.load(CITY) == {}
    for path in ("/staff/venues", "/staff/lecturers"):
        for code in re.findall(rf"{path}/[0-9a-f-]{{36}}", desk("viewer").get(path).text):
            assert desk("viewer").get(code).status_code == 200
