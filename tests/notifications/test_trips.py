"""Before a trip its pack, once and in time; after it nothing is left."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from services.chassis.crypto import seal
from services.chassis.database import utc_now
from services.notifications.contacts import service as contacts
from services.notifications.contacts.models import Contact, Trip
from services.notifications.database import database
from services.notifications.delivery import lanes
from services.notifications.delivery.models import Delivery
from services.notifications.trips import packs, retention
from services.notifications.trips.models import TripPack
from services.notifications.trips.schedule import today
from tests.notifications import told
from tests.notifications.test_subscribing import in_days, link_in, rows, wish
from tests.sink import SmtpSink

EMAIL = "traveller@example.com"
SUBSCRIPTIONS = "/api/notifications/v1/subscriptions"


@pytest.fixture
def site(client: Callable[..., TestClient]) -> TestClient:
    return client("notifications")


def subscribed(site: TestClient, smtp: SmtpSink, departs: int, back: int, **more: Any) -> None:
    """Somebody told us of one trip to Thailand, and of nothing else."""
    # What waits from before goes first, so that the newest mail is the one with the link.
    lanes.run_lane("transactional")
    wishes = wish(
        email=EMAIL,
        districts=[],
        countries=[],
        topics=[],
        trips=[{"country": "TH", "from": in_days(departs), "to": in_days(back)}],
    )
    site.post(SUBSCRIPTIONS, json=wishes | more)
    site.post(link_in(smtp, EMAIL))


def booking(version: int = 1, kind: str = "accepted", **changes: Any) -> None:
    identifier = uuid.UUID(int=7)
    data = {
        "subject_id": str(identifier),
        "version": version,
        "kind": "school_session",
        "status": kind,
        "organisation": {"name": seal("第三中学"), "kind": "school", "district": "110102"},
        "contact": {"name": seal("赵老师"), "email": seal(EMAIL), "phone": seal(told.PHONE)},
        "language": "zh-CN",
        "timezone": "Asia/Shanghai",
        "headcount": 90,
        "destinations": ["TH"],
        "departs_on": in_days(5),
        "returns_on": in_days(10),
        "manage_url": seal("http://testserver/bookings/token"),
    }
    told.hear(f"booking.{kind}.v1", f"booking/{identifier}", version, data | changes)


def material(title: str, countries: list[str], version: int = 1, **changes: Any) -> None:
    identifier = uuid.uuid5(uuid.NAMESPACE_URL, title)
    data = {
        "subject_id": str(identifier),
        "version": version,
        "kind": "brochure",
        "title": {"zh-CN": title},
        "summary": {"zh-CN": "要点"},
        "topics": [],
        "countries": countries,
        "url": f"http://testserver/library/{identifier}",
        "withdrawn": False,
    }
    told.hear("material.published.v1", f"material/{identifier}", version, data | changes)


def advisory() -> None:
    identifier = uuid.uuid4()
    data = {
        "subject_id": str(identifier),
        "version": 1,
        "country": "TH",
        "level": "orange",
        "word": "travel-with-caution",
        "headline": {"zh-CN": "泰国南部谨慎前往"},
        "advice": {"zh-CN": "请避开集会。"},
        "valid_from": told.soon(days=-1).isoformat(),
        "url": "http://testserver/advisories/TH",
    }
    told.hear("advisory.published.v1", f"advisory/{identifier}", 1, data)


def mails(smtp: SmtpSink) -> list[Any]:
    lanes.run_lane("transactional")
    return [mail for mail in smtp.to(EMAIL) if "赴泰国" in str(mail.message["Subject"])]


def test_a_pack_goes_out_a_week_before_and_once(site: TestClient, smtp: SmtpSink) -> None:
    material("泰国安全手册", ["TH"])
    material("出行清单", [])
    material("日本手册", ["JP"])
    material("旧手册", ["TH"])
    material("旧手册", ["TH"], 2, withdrawn=True)
    advisory()
    subscribed(site, smtp, 20, 30)
    [pack] = rows(TripPack)
    due = pack.due_at.astimezone(told.BEIJING)
    assert (due.date().isoformat(), due.hour) == (in_days(13), 9)
    assert packs.plan_due(pack.due_at - timedelta(seconds=1)) == 0
    assert [packs.plan_due(pack.due_at) for _ in range(2)] == [1, 0]
    [mail] = mails(smtp)
    for there in (
        "泰国安全手册",
        "出行清单",
        "谨慎前往",
        "12308",
        "/advisories/TH",
        "/preferences/",
    ):
        assert there in mail.text, there
    for not_there in ("日本手册", "旧手册"):
        assert not_there not in mail.text


def test_a_trip_that_is_near_or_has_begun_gets_its_pack_at_once(
    site: TestClient, smtp: SmtpSink
) -> None:
    for departs in (2, -1):
        subscribed(site, smtp, departs, 9)
        assert packs.plan_due(utc_now()) == 1
    assert len(mails(smtp)) == 2


def test_a_trip_that_is_off_gets_none(site: TestClient, smtp: SmtpSink) -> None:
    subscribed(site, smtp, 3, 9)
    packs.plan_due(utc_now())
    with database.transaction() as session:  # planned, and called off before it is written
        session.execute(sa.delete(Trip))
    assert mails(smtp) == []
    subscribed(site, smtp, 4, 9)
    packs.plan_due(utc_now())
    with database.transaction() as session:  # or the traveller wants nothing more
        contacts.unsubscribe(session, "email", EMAIL)
    assert mails(smtp) == []


def test_whoever_booked_passes_it_on(smtp: SmtpSink) -> None:
    booking()
    booking(2, "proposed")  # the same trips, written anew
    assert [pack.state for pack in rows(TripPack)] == ["waiting"]
    packs.plan_due(utc_now())
    booking(3, "accepted")
    assert packs.plan_due(utc_now()) == 0
    [mail] = mails(smtp)
    assert "您是 90 位出行人员的联系人" in mail.text
    assert told.states(kind="trip-pack", channel="sms") == []  # by mail, which holds more
    booking(4, "withdrawn", departs_on=in_days(6))
    assert packs.plan_due(utc_now()) == 0


def test_thirty_days_after_the_return_nothing_is_left(site: TestClient, smtp: SmtpSink) -> None:
    subscribed(site, smtp, 1, 5)
    packs.plan_due(utc_now())
    assert len(mails(smtp)) == 1
    back = datetime.combine(today(utc_now()) + timedelta(days=5), datetime.min.time(), told.BEIJING)
    assert retention.erase_past(back + timedelta(days=29)) == 0
    assert retention.erase_past((back + timedelta(days=30)).astimezone(UTC)) == 1
    assert [rows(table) for table in (Trip, TripPack, Contact)] == [[], [], []]
    assert {delivery.address for delivery in rows(Delivery)} == {""}


def test_whoever_follows_something_stays_and_loses_the_trip_alone(
    site: TestClient, smtp: SmtpSink
) -> None:
    subscribed(site, smtp, 1, 5, countries=["JP"])
    assert retention.erase_past(utc_now() + timedelta(days=40)) == 1
    [contact] = rows(Contact)
    assert contact.countries == ["JP"]
    assert rows(TripPack) == []
