"""Certificates: for who came, once, checked by anybody, learnt from by nobody."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from services.chassis import certificates
from services.chassis.database import utc_now
from services.chassis.events import Envelope
from services.registration.certificates import service
from services.registration.certificates.models import Certificate
from services.registration.certificates.schemas import RevokeIn
from services.registration.database import database
from services.registration.registrations.models import Registration
from services.registration.registrations.tickets import ALPHABET
from tests.conftest import principal
from tests.registration.aftermath import a_past_activity, came, over
from tests.registration.ground import XICHENG, an_activity, at_once, register, token

API = "/api/registration/v1"
Headers = Callable[..., dict[str, str]]
ORIGIN = {"Origin": "http://testserver"}


@pytest.fixture
def browser(client: Callable[..., TestClient]) -> TestClient:
    return client("registration")


def issued() -> list[Certificate]:
    with database.transaction() as session:
        return list(session.scalars(sa.select(Certificate)))


def test_who_came_gets_one_after_the_end_and_nobody_else() -> None:
    activity = an_activity(certificates=True)
    guest = came(activity, 1)
    register(activity, 2)
    without = an_activity()
    came(without, 3)
    assert service.issue_due() == 0
    over(activity)
    over(without)
    assert service.issue_due() == 1
    assert [one.registration_id for one in issued()] == [guest.id]
    assert service.issue_due() == 0


def test_the_end_is_the_threshold() -> None:
    activity, _ = a_past_activity(certificates=True)
    ended = utc_now() - timedelta(hours=1)
    assert service.issue_due(ended - timedelta(seconds=10)) == 0
    assert service.issue_due(ended + timedelta(seconds=10)) == 1
    assert activity


def test_ticks_at_the_same_time_issue_one_each() -> None:
    a_past_activity(5, certificates=True)
    assert sum(at_once(*(service.issue_due for _ in range(6)))) == 5
    assert len(issued()) == 5


def test_a_cancelled_activity_gives_none() -> None:
    activity, _ = a_past_activity(certificates=True)
    with database.transaction() as session:
        session.execute(sa.text("UPDATE activities SET status = 'cancelled'"))
    assert service.issue_due() == 0
    assert activity


def test_a_code_cannot_be_guessed_from_another() -> None:
    drawn = {certificates.fresh_code(ALPHABET) for _ in range(2000)}
    assert len(drawn) == 2000
    assert all(len(code) == 12 and set(code) <= set(ALPHABET) for code in drawn)
    # Every place takes every sign: nothing in it counts up, and no part of it is a time.
    assert all(len({code[place] for code in drawn}) == len(ALPHABET) for place in range(12))


def test_a_stranger_sees_a_masked_name() -> None:
    seen = {
        "王小明": "王*明",
        "王明": "王*",
        "欧阳若兰": "欧*兰",
        "明": "明*",
        "John Smith": "J*** S***",
        "Li": "L***",
        "": "",
        "<b>x</b>": "<***",
    }
    assert {name: certificates.masked(name) for name in seen} == seen


def test_a_stranger_checks_it_however_the_code_is_typed(browser: TestClient) -> None:
    _, (guest,) = a_past_activity(certificates=True)
    service.issue_due()
    code = issued()[0].code
    typed = f"{code[:4].lower()} {code[4:8]}-{code[8:]}"
    moved = browser.get("/certificates", params={"code": typed})
    assert moved.headers["location"] == f"/certificates/{code}"
    page = browser.get(f"/certificates/{code}").text
    assert "证明属实" in page
    assert "王*0" in page
    assert "王小明" not in page
    answer = browser.get(f"{API}/certificates/{code}").json()
    assert (answer["result"], answer["name"], answer["minutes"]) == ("valid", "王*0", 120)
    assert str(guest.id) not in str(answer)


def test_an_unknown_code_is_answered_in_the_same_form(browser: TestClient) -> None:
    a_past_activity(certificates=True)
    service.issue_due()
    known = browser.get(f"{API}/certificates/{issued()[0].code}").json()
    for code in ("A" * 12, "x", "<img src=x onerror=alert(1)>", "%00", "王小明", "9" * 500):
        answer = browser.get(f"{API}/certificates/{code}")
        assert answer.status_code == 200
        assert answer.json().keys() == known.keys()
        assert answer.json()["result"] == "unknown"
        assert answer.json()["name"] is None
        page = browser.get(f"/certificates/{code}")
        assert page.status_code == 200
        assert "<img src=x" not in page.text


def test_checking_is_rate_limited(browser: TestClient) -> None:
    stranger = {"X-Forwarded-For": "203.0.113.9"}
    proxied = TestClient(browser.app, client=("127.0.0.1", 5000), headers=stranger)
    answers = [proxied.get(f"{API}/certificates/{'A' * 12}").status_code for _ in range(61)]
    assert answers[0] == 200
    assert answers[-1] == 429


def test_the_sheet_is_in_both_languages_with_a_picture(browser: TestClient) -> None:
    _, (guest,) = a_past_activity(certificates=True)
    place = f"/registrations/{token(guest)}/certificate"
    assert browser.get(place).status_code == 404
    service.issue_due()
    page = browser.get(place)
    assert page.status_code == 200
    for words in (
        "参加证明",
        "Certificate of attendance",
        "王小明0",
        "安全出行讲座",
        "Travelling safely",
        "2 小时",
        "2 hours",
        certificates.spaced(issued()[0].code),
    ):
        assert words in page.text
    picture = browser.get(f"{place}/qr.svg")
    assert picture.headers["content-type"] == "image/svg+xml"
    assert browser.get("/registrations/made-up/certificate").status_code == 404


def test_staff_of_the_district_revoke_with_a_reason(
    browser: TestClient, staff: Headers, outbox: Callable[[str], list[Envelope]]
) -> None:
    activity, (guest,) = a_past_activity(certificates=True)
    service.issue_due()
    (certificate,) = issued()
    place = f"/staff/activities/{activity}/certificates"
    revoke = f"{place}/{certificate.id}/revoke"
    browser.cookies = staff("district-editor", "110105")
    assert browser.get(place).status_code == 403
    assert browser.post(revoke, data={"reason": "x"}, headers=ORIGIN).status_code == 403
    browser.cookies = staff("check-in")
    assert "王小明0" in browser.get(place).text
    assert browser.get(revoke).status_code == 403
    browser.cookies = staff("district-editor", "110102")
    assert browser.get(revoke).status_code == 200
    assert issued()[0].revoked_at is None
    refused = browser.post(revoke, data={"reason": " "}, headers=ORIGIN)
    assert refused.status_code == 422
    assert "请填写此项" in refused.text
    sent = browser.post(revoke, data={"reason": "冒名 <i>领取</i>"}, headers=ORIGIN)
    assert sent.status_code == 303
    assert "冒名 &lt;i&gt;领取&lt;/i&gt;" in browser.get(place).text

    public = browser.get(f"{API}/certificates/{certificate.code}").json()
    assert public["result"] == "revoked"
    assert "冒名" not in browser.get(f"/certificates/{certificate.code}").text
    assert "已失效" in browser.get(f"/registrations/{token(guest)}/certificate").text
    noted = [event for event in outbox("registration") if event.type == "audit.recorded.v1"]
    assert [event.data["action"] for event in noted] == ["certificate.revoked"]
    assert "冒名" not in str(noted[0].data)
    with database.transaction() as session:
        raw = session.scalar(sa.text("SELECT revoked_reason FROM certificates"))
    assert "冒名" not in raw


def test_revoking_twice_keeps_the_first_reason() -> None:
    activity, _ = a_past_activity(certificates=True)
    service.issue_due()
    who = principal("city-editor")
    for reason in ("first", "second"):
        service.revoke(who, activity, issued()[0].id, RevokeIn(reason=reason))
    assert issued()[0].revoked_reason == "first"


def test_a_certificate_of_another_activity_is_not_found(
    browser: TestClient, staff: Headers
) -> None:
    a_past_activity(certificates=True)
    service.issue_due()
    other = an_activity()
    browser.cookies = staff("city-editor")
    for identifier in (issued()[0].id, uuid.uuid4()):
        place = f"/staff/activities/{other}/certificates/{identifier}/revoke"
        assert browser.get(place).status_code == 404


def test_it_falls_with_a_check_in_that_is_taken_back() -> None:
    a_past_activity(certificates=True)
    service.issue_due()
    with database.transaction() as session:
        session.execute(sa.update(Registration).values(checked_in_at=None))
    assert service.verify(issued()[0].code).result == "revoked"


def test_a_program_lists_them_for_its_district(
    browser: TestClient, key: Callable[..., dict[str, str]]
) -> None:
    activity, guests = a_past_activity(2, certificates=True)
    service.issue_due()
    place = f"/api/registration/v1/activities/{activity}/certificates"
    found = browser.get(place, headers=key("district-editor", XICHENG)).json()["items"]
    assert [one["registration_id"] for one in found] == [str(guest.id) for guest in guests]
    assert browser.get(place, headers=key("district-editor", "110105")).status_code == 403
    assert browser.get(place).status_code == 401
