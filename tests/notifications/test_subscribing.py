"""Subscribing: asked for by anybody, done by the holder of the address alone."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from services.chassis.crypto import sign_id
from services.chassis.database import new_id, utc_now
from services.chassis.events import Envelope
from services.chassis.settings import settings
from services.notifications.consents import service as consents
from services.notifications.contacts.models import Contact, Unsubscribe
from services.notifications.contacts.service import address_hashes, suppress, unsubscribe
from services.notifications.database import database
from services.notifications.delivery import lanes
from services.notifications.delivery.models import Delivery
from services.notifications.subscribing import limits, service
from services.notifications.subscribing.models import Subscription
from services.notifications.trips.schedule import today
from tests.notifications import told
from tests.notifications.broadcasting import person
from tests.sink import SmtpSink

API = "/api/notifications/v1/subscriptions"
ADDRESS = "Zhao.Min@example.com"
PHONE = "+8613800138000"


@pytest.fixture
def site(client: Callable[..., TestClient]) -> TestClient:
    return client("notifications")


def in_days(number: int) -> str:
    return (today(utc_now()) + timedelta(days=number)).isoformat()


def wish(**changes: Any) -> dict[str, Any]:
    return {
        "email": ADDRESS,
        "language": "zh-CN",
        "districts": ["110105"],
        "countries": ["TH"],
        "topics": ["travel"],
        "trips": [{"country": "JP", "from": in_days(20), "to": in_days(30)}],
    } | changes


def link_in(smtp: SmtpSink, address: str = ADDRESS) -> str:
    """The path behind the button of the newest mail."""
    lanes.run_lane("transactional")
    text = smtp.to(address)[-1].text
    found = re.search(r"http://testserver(/(?:subscribe|preferences)/\S+)", text)
    assert found, text
    return found[1]


def code_of(phone: str = PHONE) -> str:
    [*_, last] = told.deliveries(kind="subscription-asked", channel="sms")
    assert last.address == phone
    found = re.search(r'"code": "(\d{6})"', last.context or "")
    assert found
    return found[1]


def rows(model: type[Any]) -> list[Any]:
    with database.transaction() as session:
        return list(session.scalars(sa.select(model)))


def test_asking_does_nothing_until_the_address_confirms(
    site: TestClient, smtp: SmtpSink, outbox: Callable[[str], list[Envelope]]
) -> None:
    answer = site.post(API, json=wish())
    assert (answer.status_code, answer.json()) == (202, {"status": "accepted"})
    assert rows(Contact) == []
    path = link_in(smtp)
    for _ in range(2):  # a mail scanner, then the person
        page = site.get(path)
        assert "Z***@example.com" in page.text
        assert ADDRESS not in page.text
    assert rows(Contact) == []
    opened = site.post(path)
    assert opened.status_code == 303
    [contact] = rows(Contact)
    with database.transaction() as session:
        contact = session.get_one(Contact, contact.id)
        assert (contact.holder, contact.email, contact.email_verified) == ("email", ADDRESS, True)
        assert contact.source.startswith("subscription/")
        assert contact.wants_broadcasts
        assert contact.reachable
        assert (contact.districts, contact.countries, contact.topics) == (
            ["110105"],
            ["TH"],
            ["travel"],
        )
        assert [(trip.country, str(trip.departs_on)) for trip in contact.trips] == [
            ("JP", in_days(20))
        ]
        said = consents.history(session, "email", address_hashes(ADDRESS))
    assert {(one.what, one.given, one.version) for one in said} == {
        ("broadcasts", True, consents.VERSION),
        ("emergencies", True, consents.VERSION),
    }
    [event] = [one for one in outbox("notifications") if one.type == "preference.changed.v1"]
    assert event.data["contact_id"] == str(contact.id)
    assert ADDRESS.lower() not in event.model_dump_json().lower()
    # Pressing again changes nothing and leads to the same page.
    assert site.post(path).headers["location"] == opened.headers["location"]
    assert len(rows(Contact)) == 1
    assert site.get(opened.headers["location"]).status_code == 200


def test_a_code_by_sms_as_people_type_it(site: TestClient) -> None:
    answer = site.post(
        "/subscribe",
        data={"phone": "１３８ ００１３ ８０００", "language": "zh-CN", "agrees": "on"},
    )
    page = answer.headers["location"]
    assert page.startswith("/subscribe/code/")
    right = code_of()
    wrong = f"{(int(right) + 1) % 1_000_000:06}"
    refused = site.post(page, data={"code": wrong})
    assert refused.status_code == 422
    assert wrong in refused.text
    wide = right.translate({ord(str(digit)): 0xFF10 + digit for digit in range(10)})
    assert site.post(page, data={"code": f"{wide[:3]} {wide[3:]}"}).status_code == 303
    [contact] = rows(Contact)
    assert (contact.holder, contact.phone, contact.phone_verified) == ("sms", PHONE, True)
    assert contact.email is None


def test_a_code_cannot_be_guessed(site: TestClient) -> None:
    site.post(API, json=wish(email=None, phone=PHONE))
    right = code_of()
    for guess in range(service.MOST_WRONG):
        wrong = f"{(int(right) + 1 + guess) % 1_000_000:06}"
        answer = site.post(f"{API}/confirm", json={"phone": PHONE, "code": wrong})
        assert answer.status_code == 422
    assert site.post(f"{API}/confirm", json={"phone": PHONE, "code": right}).status_code == 422
    assert rows(Contact) == []


def test_a_stranger_s_address_is_not_flooded(site: TestClient, smtp: SmtpSink) -> None:
    with ThreadPoolExecutor(6) as many:  # all at once, too
        answers = list(many.map(lambda _: site.post(API, json=wish()), range(6)))
    answers.append(site.post(API, json=wish(email="somebody.else@example.com")))
    assert {(one.status_code, one.text) for one in answers} == {(202, '{"status":"accepted"}')}
    lanes.run_lane("transactional")
    assert len(smtp.to(ADDRESS)) == 3
    assert "不是您" in smtp.to(ADDRESS)[0].text
    # The same limit holds for links, and asking for one says nothing either.
    asked = site.post("/api/notifications/v1/preferences/links", json={"email": ADDRESS})
    assert (asked.status_code, asked.json()) == (202, {"status": "accepted"})
    assert told.deliveries(kind="preferences-link") == []


def test_nor_is_it_written_to_day_and_night() -> None:
    begin = utc_now()
    with database.transaction() as session:
        wrote = [
            limits.may_write(session, ADDRESS, begin + timedelta(minutes=21 * number))
            for number in range(60)
        ]
        limits.forget(session, begin + timedelta(hours=21))
        assert not limits.may_write(session, ADDRESS, begin + timedelta(hours=22))
        assert limits.may_write(session, ADDRESS, begin + timedelta(hours=25))
    assert sum(wrote) == limits.MOST_A_DAY


def test_nor_is_the_office_s_money_spent_on_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings(), "sms_asked_per_hour", 2)
    now = utc_now()
    with database.transaction() as session:
        wrote = [limits.may_write(session, f"+861380013800{n}", now) for n in range(4)]
        assert wrote == [True, True, False, False]
        assert limits.may_write(session, ADDRESS, now), "mail goes on"
        later = now + timedelta(minutes=61)
        assert limits.may_write(session, "+8613800138009", later)


def test_the_new_wishes_take_the_place_of_the_former_ones(site: TestClient, smtp: SmtpSink) -> None:
    typed = person(ADDRESS.lower(), countries=["FR"])
    with database.transaction() as session:
        unsubscribe(session, "email", ADDRESS)
    for countries in (["TH"], ["JP", "KR"]):
        site.post(API, json=wish(countries=countries, trips=[]))
        site.post(link_in(smtp))
    [holder] = [one for one in rows(Contact) if one.holder]
    assert holder.countries == ["JP", "KR"]
    assert holder.id != typed  # what somebody else typed is left as it was
    assert rows(Unsubscribe) == []


def test_a_suppressed_address_stays_so(site: TestClient, smtp: SmtpSink) -> None:
    with database.transaction() as session:
        suppress(session, "email", ADDRESS, "bounced")
    assert site.post(API, json=wish()).json() == {"status": "accepted"}
    lanes.run_lane("transactional")
    assert smtp.to(ADDRESS) == []
    assert told.states(kind="subscription-asked") == ["suppressed"]


def test_what_nobody_confirmed_is_forgotten_without_a_trace(
    site: TestClient, smtp: SmtpSink
) -> None:
    site.post(API, json=wish())
    path = link_in(smtp)
    service.forget_unconfirmed(utc_now() + service.CONFIRM_WITHIN - timedelta(minutes=1))
    assert site.get(path).status_code == 200
    service.forget_unconfirmed(utc_now() + service.CONFIRM_WITHIN)
    assert rows(Subscription) == []
    [delivery] = rows(Delivery)
    assert (delivery.address, delivery.context, delivery.state) == ("", None, "accepted")
    for old in (site.get(path), site.post(path)):
        assert old.status_code == 410
        assert "/subscribe" in old.text
    assert rows(Contact) == []


def test_forged_links_say_nothing(site: TestClient) -> None:
    for token in ("x", "%00", "é" * 20, sign_id("unsubscribe", new_id())):
        for path in ("/subscribe/", "/subscribe/code/", "/preferences/"):
            assert site.get(f"{path}{token}").status_code == 404
            assert site.post(f"{path}{token}", data={"code": "1"}).status_code in (404, 422)


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "both addresses": ({"phone": PHONE}, "email"),
    "no address": ({"email": None}, "email"),
    "no address at all": ({"email": "no-address"}, "email"),
    "unknown country": ({"countries": ["Atlantis"]}, "countries"),
    "unknown district": ({"districts": ["999999"]}, "districts.0"),
    "return before departure": (
        {"trips": [{"country": "TH", "from": "2099-05-02", "to": "2099-05-01"}]},
        "trips.0.from",
    ),
    "ends before it begins": (
        {"trips": [{"country": "TH", "from": in_days(9), "to": in_days(8)}]},
        "trips.0.to",
    ),
    "over already": (
        {"trips": [{"country": "TH", "from": in_days(-9), "to": in_days(-1)}]},
        "trips.0.to",
    ),
    "begun, no return": ({"trips": [{"country": "TH", "from": in_days(-1)}]}, "trips.0.to"),
    "no date": ({"trips": [{"country": "TH", "from": "soon"}]}, "trips.0.from"),
    "unknown place": ({"trips": [{"country": "XX", "from": in_days(1)}]}, "trips.0.country"),
    "too many": ({"trips": [{"country": "TH", "from": in_days(1)}] * 11}, "trips"),
}


def test_what_cannot_be_is_refused_with_a_sentence(site: TestClient) -> None:
    for what, (changes, field) in BAD.items():
        answer = site.post(API, json=wish(**changes))
        assert answer.status_code == 422, what
        assert field in [error["field"] for error in answer.json()["errors"]], (what, answer.text)
    assert rows(Subscription) == []


def test_the_form_keeps_what_was_typed(site: TestClient) -> None:
    page = site.get("/subscribe?country=TH&lang=en")
    assert '<option value="TH" selected>' in page.text
    assert (
        " checked"
        not in page.text.replace('id="field-language-2" name="language"', "")
        .split('id="field-agrees"')[1]
        .split(">")[0]
    )
    refused = site.post(
        "/subscribe",
        data={
            "email": ADDRESS,
            "trip.country": "TH",
            "trip.from": in_days(5),
            "trip.to": in_days(3),
            "countries": "Japan, Atlantis",
            "districts": ["110105", "110108"],
            "language": "en",
        },
        headers={"Accept-Language": "en"},
    )
    assert refused.status_code == 422
    for kept in (ADDRESS, in_days(3), "Japan, Atlantis"):
        assert f'value="{kept}"' in refused.text
    for sentence in ("Atlantis", "return is before the departure", "only write to you if"):
        assert sentence in refused.text
    assert refused.text.count(" checked") >= 2  # both districts
    accepted = site.post(
        "/subscribe",
        data={
            "email": ADDRESS,
            "trip.country": "FR",  # without days: to follow
            "countries": "泰国、Japan",
            "agrees": "on",
            "language": "en",
        },
    )
    assert urlsplit(accepted.headers["location"]).path == "/subscribe"
    [row] = rows(Subscription)
    assert row.wishes["countries"] == ["FR", "TH", "JP"]
    assert row.wishes["trips"] == []
    assert ADDRESS not in accepted.headers["location"]

    # "Check the address and send it again" brings everything back but the consent.
    [again] = re.findall(
        r'href="(/subscribe\?typed=[^"]+)"', site.get(accepted.headers["location"]).text
    )
    form = site.get(again).text
    assert f'value="{ADDRESS}"' in form
    assert 'value="泰国、Japan"' in form
    assert '<option value="FR" selected>' in form
    assert form.count(" checked") == 1  # the language
    for damaged in (again[:-3], "/subscribe?typed=1"):
        assert ADDRESS not in site.get(damaged).text
