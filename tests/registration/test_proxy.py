"""Registering somebody at the counter, who may have neither mail nor telephone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from starlette.testclient import TestClient

from services.chassis.database import utc_now
from tests.registration.ground import an_activity, begun, edit, register, stored

PERSON = {
    "name": "刘奶奶",
    "party_size": "1",
    "language": "zh-CN",
    "consents.privacy_version": "2026-11",
}
API = "/api/registration/v1"


def test_a_resident_without_a_telephone_gets_a_ticket_on_paper(
    client: Callable[..., TestClient], staff: Callable[..., dict[str, str]]
) -> None:
    clerk = client(
        "registration",
        cookies=staff("check-in", "110102"),
        headers={"Origin": "http://testserver"},
    )
    activity = an_activity()
    place = f"/staff/activities/{activity}/register"
    assert clerk.get(place).status_code == 200
    refused = clerk.post(place, data=PERSON | {"name": "", "consents.privacy_version": ""})
    assert refused.status_code == 422
    done = clerk.post(place, data=PERSON, follow_redirects=False)
    assert done.status_code == 303, done.text
    [row] = stored(activity)
    assert (row.source, row.email, row.phone, row.status) == ("staff", None, None, "confirmed")
    assert row.registered_by is not None
    paper = clerk.get(done.headers["location"])
    assert f"{row.ticket_code[:4]} {row.ticket_code[4:]}" in paper.text
    assert "data:image/svg+xml;base64," in paper.text
    other = an_activity()
    wrong = done.headers["location"].replace(str(activity), str(other))
    assert clerk.get(wrong).status_code == 404


def test_staff_register_after_the_closing_until_the_end_and_never_beyond_the_places(
    client: Callable[[str], TestClient], key: Callable[..., dict[str, str]]
) -> None:
    browser, headers = client("registration"), key("district-editor", "110102")
    activity = an_activity(capacity=1, waiting_list=False, verify_contact=True)
    begun(activity)
    path = f"{API}/activities/{activity}/registrations/on-behalf"
    first = browser.post(path, json={"name": "赵先生"}, headers=headers)
    assert (first.status_code, first.json()["status"]) == (201, "confirmed")
    full = browser.post(path, json={"name": "钱女士"}, headers=headers)
    assert (full.status_code, full.json()["type"].rpartition("/")[2]) == (409, "activity-full")
    edit(activity, ends_at=utc_now() - timedelta(seconds=1))
    over = browser.post(path, json={"name": "钱女士"}, headers=headers)
    assert over.json()["type"].rpartition("/")[2] == "registration-closed"


def test_only_staff_of_the_district_may(
    client: Callable[[str], TestClient], key: Callable[..., dict[str, str]]
) -> None:
    browser, activity = client("registration"), an_activity()
    path = f"{API}/activities/{activity}/registrations/on-behalf"
    body = {"name": "孙女士"}
    assert browser.post(path, json=body).status_code == 401
    for role, district in (("viewer", None), ("district-editor", "110105")):
        answer = browser.post(path, json=body, headers=key(role, district))
        assert answer.status_code == 403
    assert stored(activity) == []


def test_somebody_registered_already_is_not_registered_twice(
    client: Callable[[str], TestClient], key: Callable[..., dict[str, str]]
) -> None:
    browser, activity = client("registration"), an_activity()
    register(activity, 3)
    path = f"{API}/activities/{activity}/registrations/on-behalf"
    body = {"name": "王小明", "email": "person3@example.com"}
    again = browser.post(path, json=body, headers=key("city-editor"))
    assert again.json()["type"].rpartition("/")[2] == "already-registered"
