"""Deliveries on the staff's pages and for programs: by address, one with its history, settled."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from services.chassis.database import utc_now
from services.chassis.events import Envelope
from services.notifications.broadcasts import sending
from services.notifications.broadcasts.schemas import BroadcastOut
from services.notifications.contacts.service import address_hash
from services.notifications.database import database
from services.notifications.delivery.models import Delivery, happened
from tests.notifications import told
from tests.notifications.broadcasting import approved, author, people

HERE = "/staff/deliveries"
WHO = "person0@example.com"

SAME = {"Sec-Fetch-Site": "same-origin"}

Make = Callable[..., TestClient]
Headers = Callable[..., dict[str, str]]


@pytest.fixture
def lost() -> BroadcastOut:
    """A broadcast of which nobody knows whether it arrived, for two people."""
    people(2)
    broadcast = approved(title="Floods in the south")
    sending.send(author(), broadcast.id)
    entry = happened(utc_now(), "unknown", "The connection was lost.", "first-relay")
    with database.transaction() as session:
        session.execute(
            sa.update(Delivery).values(
                state="unknown", attempts=1, history=[entry], district="110102"
            )
        )
    sending.look_after(utc_now())
    return broadcast


def one(**where: Any) -> Delivery:
    return told.deliveries(**where)[0]


@pytest.mark.parametrize(
    ("language", "words"),
    [("zh-CN", ["群发", "未获答复", "first-relay"]), ("en", ["Broadcast", "may have arrived"])],
)
def test_one_message_says_why_and_what_happened(
    client: Make, staff: Headers, lost: BroadcastOut, language: str, words: list[str]
) -> None:
    browser = client("notifications", headers=SAME, cookies=staff("city-editor"))
    headers = {"Accept-Language": language}
    page = browser.get(f"{HERE}/{one().id}", headers=headers)
    assert page.status_code == 200
    assert all(word in page.text for word in [*words, "Floods in the south", "p***@example.com"])
    assert WHO not in page.text
    assert browser.get(f"{HERE}/{uuid.uuid4()}").status_code == 404


def test_the_address_in_full_is_noted(
    client: Make,
    staff: Headers,
    lost: BroadcastOut,
    outbox: Callable[[str], list[Envelope]],
) -> None:
    delivery = one()
    browser = client("notifications", headers=SAME, cookies=staff("city-editor"))
    assert delivery.address in browser.post(f"{HERE}/{delivery.id}").text
    assert "delivery.address-opened" in {
        event.data["action"] for event in outbox("notifications") if "action" in event.data
    }
    viewer = client("notifications", headers=SAME, cookies=staff("viewer"))
    assert viewer.post(f"{HERE}/{delivery.id}").status_code == 403
    assert viewer.get(f"{HERE}/{delivery.id}").status_code == 200
    other = client("notifications", headers=SAME, cookies=staff("district-editor", "110105"))
    assert other.get(f"{HERE}/{delivery.id}").status_code == 403


def test_everything_that_went_to_an_address(
    client: Make, staff: Headers, lost: BroadcastOut
) -> None:
    browser = client("notifications", headers=SAME, cookies=staff("city-editor"))
    assert browser.get(f"{HERE}/search").status_code == 200
    found = browser.post(f"{HERE}/search", data={"address": f" {WHO.upper()} "})
    assert f"{HERE}/{one(address_hash=address_hash(WHO)).id}" in found.text
    nobody = browser.post(f"{HERE}/search", data={"address": "other@example.com"})
    assert "没有发往该地址的消息" in nobody.text
    wrong = browser.post(f"{HERE}/search", data={"address": "person0"})
    assert wrong.status_code == 422
    assert "请填写完整的电子邮箱或电话号码" in wrong.text
    assert 'value="person0"' in wrong.text, "nothing typed is lost"
    elsewhere = client("notifications", headers=SAME, cookies=staff("district-editor", "110105"))
    assert "没有发往该地址的消息" in elsewhere.post(f"{HERE}/search", data={"address": WHO}).text
    assert (
        client("notifications", headers=SAME, cookies=staff("viewer"))
        .get(f"{HERE}/search")
        .status_code
        == 403
    )


def test_settling_the_unknown_asks_first_and_does_it_once(
    client: Make, staff: Headers, lost: BroadcastOut
) -> None:
    browser = client("notifications", headers=SAME, cookies=staff("city-editor"))
    listing = browser.get(f"{HERE}/unknown?broadcast_id={lost.id}")
    assert listing.text.count('name="id"') == 2
    ticked = {"id": str(one().id), "scope": "chosen", "act": "count-as-arrived"}
    asked = browser.post(f"{HERE}/unknown", data=ticked)
    assert "将 1 条消息记为已送达？" in asked.text
    assert told.states() == ["unknown"] * 2, "asking changes nothing"
    done = browser.post(f"{HERE}/unknown/count-as-arrived", data=ticked)
    assert done.status_code == 303
    assert "已记为送达" in browser.get(done.headers["location"]).text
    assert sorted(told.states()) == ["delivered", "unknown"]
    everything = {"scope": "all", "broadcast_id": str(lost.id)}
    asked = browser.post(f"{HERE}/unknown", data=everything | {"act": "send-again"})
    assert "再次发送 1 条消息？" in asked.text
    for _ in range(2):
        browser.post(f"{HERE}/unknown/send-again", data=everything)
    assert sorted(told.states()) == ["delivered", "pending"]
    assert one(state="pending").repeated
    nothing = browser.post(f"{HERE}/unknown/count-as-arrived", data={"scope": "chosen"})
    assert nothing.status_code == 303
    assert sorted(told.states()) == ["delivered", "pending"], "nothing ticked is nothing"
    viewer = client("notifications", headers=SAME, cookies=staff("viewer"))
    assert viewer.post(f"{HERE}/unknown/send-again", data=everything).status_code == 403


def test_who_did_not_get_it(client: Make, staff: Headers, lost: BroadcastOut) -> None:
    browser = client("notifications", headers=SAME, cookies=staff("city-editor"))
    page = browser.get(f"/staff/broadcasts/{lost.id}/deliveries?state=missed").text
    assert "未收到者 (2)" in page
    assert f"{HERE}/unknown?broadcast_id={lost.id}" in page
    assert browser.get(HERE).status_code == 200


def test_a_program_can_do_the_same(client: Make, key: Headers, lost: BroadcastOut) -> None:
    api = client("notifications")
    here, headers = "/api/notifications/v1/deliveries", key("city-editor")
    listed = api.get(here, params={"state": "unknown", "limit": 1}, headers=headers).json()
    assert len(listed["items"]) == 1
    assert listed["next_cursor"]
    assert listed["items"][0]["address"] == "p***@example.com"
    whole = api.get(f"{here}/{listed['items'][0]['id']}", headers=headers).json()
    assert whole["history"][0]["sender"] == "first-relay"
    found = api.post(f"{here}/search", json={"address": WHO}, headers=headers).json()
    assert len(found["items"]) == 1
    empty = api.post(f"{here}/unknown/send-again", json={}, headers=headers)
    assert empty.status_code == 422
    body = {"broadcast_id": str(lost.id)}
    changed = [
        api.post(f"{here}/unknown/send-again", json=body, headers=headers).json() for _ in range(2)
    ]
    assert changed == [{"changed": 2}, {"changed": 0}]
    viewer = api.post(f"{here}/unknown/send-again", json=body, headers=key("viewer"))
    assert viewer.status_code == 403
