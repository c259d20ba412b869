"""A pack from hand to hand: a booking is agreed, its pack is wanted, made, mailed and shown."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from services.chassis.database import utc_now
from services.chassis.i18n import speaking, words_of
from services.content.packs import following
from services.content.packs.occasions import wanted
from services.notifications.database import database as notifications
from services.notifications.delivery.models import Delivery
from services.notifications.messages.composers import COMPOSERS
from services.notifications.messages.content import MailContent
from tests.conftest import principal
from tests.content.test_packs import API, a_day_later

BOOKINGS = "/api/registration/v1/bookings"


@pytest.fixture
def registration(client: Callable[..., TestClient]) -> TestClient:
    return client("registration")


def mails(language: str = "en") -> list[MailContent]:
    """What the mails about packs say, the first one first."""
    found = []
    with notifications.transaction() as session, speaking(language), words_of("notifications"):
        kept = sa.select(Delivery).where(Delivery.kind == "booking-pack").order_by(Delivery.id)
        for delivery in session.scalars(kept):
            content = COMPOSERS[delivery.kind](session, delivery)
            assert isinstance(content, MailContent)
            found.append(content)
    return found


def test_a_school_gets_its_pack(web, registration, key, deliver, published_material):
    material = published_material(countries=["TH"])
    soon = utc_now() + timedelta(days=20)
    asked = registration.post(
        BOOKINGS,
        json={
            "kind": "school_session",
            "organisation": {"name": "某中学", "kind": "school", "district": "110105"},
            "contact": {"name": "李老师", "email": "li@example.com"},
            "proposed_times": [soon.isoformat()],
            "headcount": 120,
            "destinations": ["TH"],
            "language": "en",
        },
    ).json()
    accept = {"agreed_time": soon.isoformat()}
    editor = key("district-editor", "110105")
    accepted = registration.post(f"{BOOKINGS}/{asked['id']}/accept", json=accept, headers=editor)
    assert accepted.status_code == 200, accepted.text
    deliver()
    assert [one.value for one in wanted(principal("district-editor", "110105"))] == [
        f"booking/{asked['id']}"
    ]
    assert wanted(principal("district-editor", "110102")) == []
    pack = {"title": {"zh-CN": "行前资料", "en": "Before you fly"}, "booking_id": asked["id"]}
    made = web.post(f"{API}/packs", json=pack, headers=editor).json()
    assert [item["kind"] for item in made["items"]] == ["country", "material"]
    url = web.post(f"{API}/packs/{made['id']}/publish", headers=editor).json()["url"]
    deliver()
    assert wanted(principal("district-editor", "110105")) == []
    page = registration.get(asked["manage_url"].partition("8000")[2] or asked["manage_url"])
    assert url in page.text
    [mail] = mails()
    assert url in mail.text
    patch = {"summary": {"en": "Eight steps"}, "changes": {"en": "Two more steps"}}
    web.patch(f"{API}/materials/{material['id']}", json=patch, headers=key("city-editor"))
    a_day_later()
    assert following.follow() == 1
    deliver()
    assert "Two more steps" in mails()[-1].text
    withdraw = {"reason": "The journey is off"}
    web.post(f"{API}/packs/{made['id']}/withdraw", json=withdraw, headers=editor)
    deliver()
    assert url not in registration.get(asked["manage_url"]).text
