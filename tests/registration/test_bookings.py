"""Bookings: asked for by form and call, answered by staff, agreed by one of both."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from services.chassis import crypto
from services.chassis.database import new_id
from services.chassis.events import Envelope
from services.registration.bookings.models import Booking, manage_token
from services.registration.bookings.words import as_value
from services.registration.database import database

API = "/api/registration/v1"
Headers = Callable[..., dict[str, str]]
SOON = (datetime.now(UTC) + timedelta(days=20)).replace(minute=0, second=0, microsecond=0)
LATER = SOON + timedelta(days=1)
ORIGIN = {"Origin": "http://testserver"}


@pytest.fixture
def browser(client: Callable[..., TestClient]) -> TestClient:
    return client("registration")


def wanted(**changes: Any) -> dict[str, Any]:
    return {
        "kind": "school_session",
        "organisation": {"name": "某中学", "kind": "school", "district": "110105"},
        "contact": {"name": "李老师", "email": "li@example.com", "phone": "１３８１２３４５６７８"},
        "proposed_times": [SOON.isoformat(), LATER.isoformat()],
        "headcount": 120,
        "destinations": ["TH", "jp"],
        "departs_on": f"{SOON.date()}",
        "returns_on": f"{LATER.date()}",
        "topics": ["study-abroad"],
        "note": "第一行\n第二行",
        "language": "zh-CN",
    } | changes


def requested(browser: TestClient, **changes: Any) -> dict[str, Any]:
    answer = browser.post(f"{API}/bookings", json=wanted(**changes))
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def the_booking() -> Booking:
    with database.transaction() as session:
        return session.scalars(sa.select(Booking)).one()


def pass_by(booking_id: str) -> None:
    """Let every proposed time be past."""
    with database.transaction() as session:
        past = [datetime.now(UTC) - timedelta(days=1)]
        session.execute(
            sa.update(Booking).where(Booking.id == booking_id).values(proposed_times=past)
        )


def test_a_call_asks_and_the_event_tells(
    browser: TestClient, outbox: Callable[[str], list[Envelope]]
) -> None:
    done = requested(browser)
    assert done.keys() == {"id", "status", "manage_url"}
    assert done["status"] == "requested"
    (event,) = outbox("registration")
    assert event.type == "booking.requested.v1"
    assert event.data["destinations"] == ["TH", "JP"]
    assert crypto.unseal(event.data["contact"]["phone"]) == "+8613812345678"
    assert crypto.unseal(event.data["organisation"]["name"]) == "某中学"
    text = event.model_dump_json()
    assert "李老师" not in text
    assert "某中学" not in text
    page = browser.get(f"/bookings/{done['manage_url'].rsplit('/', 1)[-1]}?new=1")
    assert "我们已收到您的预约" in page.text


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"kind": "picnic"}, "kind"),
        (
            {"organisation": {"name": "", "kind": "school", "district": "110105"}},
            "organisation.name",
        ),
        (
            {"organisation": {"name": "x", "kind": "school", "district": "999999"}},
            "organisation.district",
        ),
        ({"contact": {"name": "李"}}, "contact.email"),
        ({"contact": {"name": "李", "email": "a@b.cn\nBcc: c@d.cn"}}, "contact.email"),
        ({"proposed_times": []}, "proposed_times"),
        ({"proposed_times": [SOON.isoformat()] * 4}, "proposed_times"),
        ({"proposed_times": ["2020-01-01T10:00:00+08:00"]}, "proposed_times.0"),
        ({"proposed_times": ["2027-02-30T10:00:00+08:00"]}, "proposed_times.0"),
        ({"proposed_times": ["2027-02-03T10:00:00"]}, "proposed_times.0"),
        ({"headcount": 0}, "headcount"),
        ({"headcount": "many"}, "headcount"),
        ({"destinations": ["ZZ"]}, "destinations.0"),
        ({"departs_on": "2027-02-30"}, "departs_on"),
        ({"departs_on": "2020-01-01"}, "departs_on"),
        ({"returns_on": f"{(SOON - timedelta(days=3)).date()}"}, "returns_on"),
        ({"topics": ["cooking"]}, "topics.0"),
        ({"note": "x" * 2001}, "note"),
    ],
)
def test_bad_input_has_a_sentence_beside_its_field(
    browser: TestClient, changes: dict[str, Any], field: str
) -> None:
    for language in ("zh-CN", "en"):
        answer = browser.post(
            f"{API}/bookings", json=wanted(**changes), headers={"Accept-Language": language}
        )
        assert answer.status_code == 422
        (error,) = answer.json()["errors"]
        assert error["field"] == field
        assert bool(re.search("[一-鿿]", error["message"])) is (language == "zh-CN")


def test_the_same_key_asks_once(browser: TestClient) -> None:
    headers = {"Idempotency-Key": "b-1"}
    first = browser.post(f"{API}/bookings", json=wanted(), headers=headers)
    again = browser.post(f"{API}/bookings", json=wanted(), headers=headers)
    assert first.json() == again.json()
    assert the_booking().version == 1


# --- staff ----------------------------------------------------------------------------------------


def test_staff_accept_one_of_the_times(
    browser: TestClient, key: Headers, outbox: Callable[[str], list[Envelope]]
) -> None:
    place = f"{API}/bookings/{requested(browser)['id']}"
    editor = key("district-editor", "110105")
    assert browser.post(f"{place}/accept", json={}).status_code == 401
    assert browser.post(f"{place}/accept", headers=key("viewer"), json={}).status_code == 403
    other = key("district-editor", "110102")
    assert browser.post(f"{place}/accept", headers=other, json={}).status_code == 403
    unnamed = browser.post(f"{place}/accept", headers=editor, json={})
    assert unnamed.json()["errors"][0]["field"] == "agreed_time"
    strange = {"agreed_time": (SOON + timedelta(hours=1)).isoformat()}
    assert browser.post(f"{place}/accept", headers=editor, json=strange).status_code == 422
    body = {"agreed_time": LATER.isoformat(), "answer": "到时见。"}
    accepted = browser.post(f"{place}/accept", headers=editor, json=body).json()
    assert (accepted["status"], accepted["version"]) == ("accepted", 2)
    told = outbox("registration")
    assert [event.type for event in told[1:]] == ["booking.accepted.v1", "audit.recorded.v1"]
    assert told[1].sequence == 2
    assert crypto.unseal(told[1].data["answer"]) == "到时见。"
    again = browser.post(f"{place}/accept", headers=editor, json=body)
    assert (again.status_code, again.json()["type"]) == (409, "booking-accepted")


def test_a_single_time_need_not_be_named(browser: TestClient, key: Headers) -> None:
    booking = requested(browser, proposed_times=[SOON.isoformat()])
    place = f"{API}/bookings/{booking['id']}"
    accepted = browser.post(f"{place}/accept", headers=key("city-editor"))
    assert accepted.json()["agreed_time"] == as_value(SOON)


def test_a_time_that_has_passed_cannot_be_agreed(browser: TestClient, key: Headers) -> None:
    booking = requested(browser)
    pass_by(booking["id"])
    answer = browser.post(f"{API}/bookings/{booking['id']}/accept", headers=key("city-editor"))
    assert answer.status_code == 422


def test_staff_decline_with_words_and_nothing_follows(browser: TestClient, key: Headers) -> None:
    place = f"{API}/bookings/{requested(browser)['id']}"
    editor = key("city-editor")
    assert browser.post(f"{place}/decline", headers=editor, json={}).status_code == 422
    declined = browser.post(f"{place}/decline", headers=editor, json={"reason": "人手不足。"})
    assert (declined.json()["status"], declined.json()["answer"]) == ("declined", "人手不足。")
    times = {"proposed_times": [SOON.isoformat()]}
    late = browser.post(f"{place}/propose", headers=editor, json=times)
    assert (late.status_code, late.json()["type"]) == (409, "booking-declined")


def test_the_list_is_the_district_s_own(browser: TestClient, key: Headers) -> None:
    for district in ("110105", "110102", "110102"):
        organisation = {"name": "某单位", "kind": "enterprise", "district": district}
        requested(browser, organisation=organisation)
    everyone = browser.get(f"{API}/bookings?limit=2", headers=key("viewer")).json()
    assert len(everyone["items"]) == 2
    assert everyone["next_cursor"]
    own = browser.get(f"{API}/bookings", headers=key("district-editor", "110102")).json()
    assert {item["organisation"]["district"] for item in own["items"]} == {"110102"}
    assert len(own["items"]) == 2
    assert browser.get(f"{API}/bookings").status_code == 401


def test_staff_see_what_is_sent_before_they_send_it(
    browser: TestClient, staff: Headers, outbox: Callable[[str], list[Envelope]]
) -> None:
    booking = requested(browser, language="en")
    place = f"/staff/bookings/{booking['id']}"
    browser.cookies = staff("city-editor")
    assert "某中学" in browser.get("/staff/bookings?status=requested").text
    assert browser.get(place).status_code == 200
    for act in ("accept", "propose", "decline"):
        assert browser.get(f"{place}/{act}").status_code == 200
    empty = browser.post(f"{place}/decline", data={"answer": " "}, headers=ORIGIN)
    assert empty.status_code == 422
    typed = {"time-2": "2030-05-06T09:30", "answer": "Would this suit you?"}
    preview = browser.post(f"{place}/propose", data=typed | {"go": "preview"}, headers=ORIGIN)
    assert preview.status_code == 200
    assert "We propose another time" in preview.text  # in the organisation's language
    assert "Monday 6 May 2030, 09:30" in preview.text
    assert the_booking().status == "requested"
    changed = browser.post(f"{place}/propose", data=typed | {"go": "change"}, headers=ORIGIN)
    assert 'value="2030-05-06T09:30"' in changed.text
    sent = browser.post(f"{place}/propose", data=typed | {"go": "send"}, headers=ORIGIN)
    assert sent.status_code == 303
    zone = ZoneInfo("Asia/Shanghai")
    assert the_booking().proposed_times == [datetime(2030, 5, 6, 9, 30, tzinfo=zone)]
    assert outbox("registration")[-2].type == "booking.proposed.v1"
    bad = browser.post(f"{place}/propose", data={"time-3": "2030-02-30T09:30"}, headers=ORIGIN)
    assert bad.status_code == 422
    assert 'href="#field-time-3"' in bad.text


# --- the organisation's own page ------------------------------------------------------------------


def test_the_organisation_takes_an_offered_time(
    browser: TestClient, key: Headers, outbox: Callable[[str], list[Envelope]]
) -> None:
    booking = requested(browser)
    token = booking["manage_url"].rsplit("/", 1)[-1]
    early = browser.post(f"/bookings/{token}/accept", data={"agreed_time": as_value(SOON)})
    assert early.status_code == 409  # nothing has been offered
    offered = SOON + timedelta(days=5)
    browser.post(
        f"{API}/bookings/{booking['id']}/propose",
        headers=key("city-editor"),
        json={"proposed_times": [offered.isoformat()]},
    )
    assert as_value(offered) in browser.get(f"/bookings/{token}").text.replace("%3A", ":")
    asked = browser.get(f"/bookings/{token}/accept", params={"agreed_time": as_value(offered)})
    assert asked.status_code == 200
    assert the_booking().status == "proposed"
    wrong = browser.post(f"/bookings/{token}/accept", data={"agreed_time": as_value(SOON)})
    assert wrong.status_code == 422
    for _ in range(2):
        done = browser.post(f"/bookings/{token}/accept", data={"agreed_time": as_value(offered)})
        assert done.status_code == 303
    assert the_booking().agreed_time == offered
    assert [e.type for e in outbox("registration")].count("booking.accepted.v1") == 1


def test_the_organisation_withdraws_after_a_question(
    browser: TestClient, outbox: Callable[[str], list[Envelope]]
) -> None:
    token = requested(browser)["manage_url"].rsplit("/", 1)[-1]
    assert browser.get(f"/bookings/{token}/withdraw").status_code == 200
    assert the_booking().status == "requested"
    for _ in range(2):
        assert browser.post(f"/bookings/{token}/withdraw").status_code == 303
    assert the_booking().status == "withdrawn"
    told = [event for event in outbox("registration") if event.type == "booking.withdrawn.v1"]
    assert [(event.sequence, event.data["agreed_time"]) for event in told] == [(2, None)]
    assert "撤回" in browser.get(f"/bookings/{token}").text


@pytest.mark.parametrize("token", ["x", crypto.encode(bytes(32)), "%00"])
def test_a_forged_link_leads_nowhere(browser: TestClient, token: str) -> None:
    for page in ("", "/withdraw", f"/accept?agreed_time={as_value(SOON)}"):
        assert browser.get(f"/bookings/{token}{page}").status_code == 404
    registration = crypto.sign_id("registration", new_id())
    assert browser.get(f"/bookings/{registration}").status_code == 404


# --- the four steps -------------------------------------------------------------------------------

STEPS: list[dict[str, str]] = [
    {
        "kind": "enterprise_visit",
        "organisation.name": "某油服公司",
        "organisation.kind": "enterprise",
        "organisation.district": "110105",
    },
    {"contact.name": "赵工", "contact.phone": "13812345678", "contact.email": ""},
    {"time-1": "", "time-2": "2030-05-06T14:00", "time-3": "", "headcount": "６０"},
    {"destination-1": "IQ", "destination-3": "KW", "note": "三十多个国家"},
]


def hidden(page: str) -> dict[str, str]:
    """What a page's form carries along."""
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page))


def test_four_steps_carry_everything_to_the_summary_and_send_it_once(browser: TestClient) -> None:
    carried = hidden(browser.get("/bookings").text)
    for number, typed in enumerate(STEPS, 1):
        assert carried["step"] == str(number)
        page = browser.post("/bookings", data=carried | typed | {"go": "next"})
        assert page.status_code == 200
        carried = hidden(page.text)
    for shown in ("某油服公司", "+8613812345678", "5月6日", "60", "伊拉克", "三十多个国家"):
        assert shown in page.text
    with database.transaction() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Booking)) == 0
    first = browser.post("/bookings", data=carried | {"go": "send"})
    again = browser.post("/bookings", data=carried | {"go": "send"})
    assert first.status_code == 303
    assert first.headers["location"] == again.headers["location"]
    booking = the_booking()
    assert booking.destinations == ["IQ", "KW"]
    assert booking.headcount == 60
    assert first.headers["location"] == f"/bookings/{manage_token(booking.id)}?new=1"


def test_going_back_loses_nothing_and_changing_leads_back_to_the_summary(
    browser: TestClient,
) -> None:
    carried = hidden(browser.get("/bookings").text)
    for typed in STEPS[:2]:
        carried = hidden(browser.post("/bookings", data=carried | typed | {"go": "next"}).text)
    back = browser.post("/bookings", data=carried | {"headcount": "nonsense", "go": "back"})
    assert 'value="赵工"' in back.text
    assert hidden(back.text)["headcount"] == "nonsense"
    everything = {name: text for step in STEPS for name, text in step.items()}
    summary = browser.post("/bookings", data=everything | {"step": "4", "go": "next"})
    step = browser.post("/bookings", data=hidden(summary.text) | {"go": "2"})
    assert 'value="赵工"' in step.text
    after = browser.post(
        "/bookings", data=hidden(step.text) | STEPS[1] | {"contact.name": "钱工", "go": "next"}
    )
    assert "钱工" in after.text
    assert hidden(after.text)["step"] == "5"


@pytest.mark.parametrize(
    ("step", "changes", "field"),
    [
        (1, {"organisation.district": "999"}, "organisation.district"),
        (2, {"contact.phone": "", "contact.email": ""}, "contact.email"),
        (3, {"time-2": "2030-02-30T10:00"}, "time-2"),
        (3, {"time-2": ""}, "time-1"),
        (3, {"headcount": "-1"}, "headcount"),
        (4, {"destination-3": "ZZ"}, "destination-3"),
        (4, {"departs_on": "2030-05-06", "returns_on": "2030-05-05"}, "returns_on"),
    ],
)
def test_a_step_and_the_last_press_find_the_same_mistake(
    browser: TestClient, step: int, changes: dict[str, str], field: str
) -> None:
    everything = {name: text for one in STEPS for name, text in one.items()} | changes
    for go, number in (("next", step), ("send", 5)):
        page = browser.post("/bookings", data=everything | {"step": str(number), "go": go})
        assert page.status_code == 422
        assert f'href="#field-{field}"' in page.text
        assert hidden(page.text)["step"] == str(step)
        assert "三十多个国家" in page.text  # carried along, or in its field
