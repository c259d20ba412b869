"""Orders that did not arrive, what stays of them, and what a list of them costs."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from services.chassis.i18n import speaking, words_of
from services.chassis.problems import Invalid
from services.content.database import database
from services.content.orders import erasing, marking, places, reading, service, staff_service
from services.content.orders.marking import MarkIn
from services.content.orders.models import Order, order_token
from services.content.orders.reading import Filters
from services.content.orders.schemas import Address
from services.content.orders.staff_schemas import ApproveIn, ReturnIn
from services.content.stock import reading as stock
from services.notifications.database import database as notifications
from services.notifications.delivery.models import Delivery
from services.notifications.messages.composers import COMPOSERS
from tests.content.conftest import statements
from tests.content.ordering import ADDRESS, CITY, a_title, ordered, shelf, stored

API = "/api/content/v1"
ORIGIN = {"Origin": "http://testserver"}


def bring(order_id, *acts: str) -> None:
    for act in acts:
        marking.mark_one(CITY, order_id, MarkIn(act=act, orders=[order_id]))


def some_days_later(order_id, days: int) -> None:
    """As if everything that happened to an order had happened so many days before."""
    with database.transaction() as session:
        order = session.get_one(Order, order_id)
        earlier = timedelta(days=days)
        order.history = [
            step | {"at": (datetime.fromisoformat(step["at"]) - earlier).isoformat()}
            for step in order.history
        ]
        if order.over_at:
            order.over_at -= earlier


def test_what_is_said_to_be_missing_is_settled(web, staff, key):
    title = a_title()
    found, back = ordered(title), ordered(title)
    for one in (found, back):
        bring(one.id, "packed", "sent")
        said = web.post(f"{API}/orders/{order_token(one.id)}/missing")
        assert said.json()["missing"], said.text
    bring(found.id, "delivered")
    some_days_later(found.id, 29)
    service.missing(order_token(found.id))
    some_days_later(back.id, 5)
    assert reading.count_late(CITY) == 2
    # Staff are looking for it: its address stays for as long again.
    some_days_later(found.id, 2)
    assert erasing.erase_old() == 0 and stored(found.id).address_line
    staff_service.came_back(CITY, back.id, ReturnIn(fit="yes", reason="查无此人"))
    assert reading.count_late(CITY) == 1
    web.cookies.update(staff("city-editor"))
    here = f"/staff/orders/{found.id}"
    assert f"{here}/looked-into" in web.get(here).text
    assert web.post(f"{here}/looked-into", headers=ORIGIN).status_code == 303
    assert reading.count_late(CITY) == 0 and "looked-into" not in web.get(here).text
    other = key("district-editor", "110105")
    refused = web.post(f"{API}/orders/{found.id}/looked-into", headers=other)
    assert refused.status_code == 403


def test_a_parcel_nobody_speaks_of_any_more_is_erased():
    title = a_title()
    sent, young = ordered(title), ordered(title)
    for one in (sent, young):
        bring(one.id, "packed", "sent")
    service.missing(order_token(sent.id))
    some_days_later(sent.id, 91)
    some_days_later(young.id, 89)
    assert reading.count_late(CITY) == 2
    assert erasing.erase_old() == 1
    assert stored(sent.id).name is None and stored(young.id).name
    assert reading.count_late(CITY) == 1, "nobody can look for what is erased"
    # Back it may come all the same; then nothing about it is kept again.
    staff_service.came_back(CITY, sent.id, ReturnIn(fit="yes", reason="某人拒收"))
    assert stored(sent.id).reason is None and shelf(title) == (19, 0)


def test_whoever_gets_nothing_is_told_why(deliver):
    title = a_title()
    mailed, texted = ordered(title, language="en"), ordered(title, language="en", email=None)
    for one in (mailed, texted):
        bring(one.id, "packed", "sent")
        staff_service.came_back(CITY, one.id, ReturnIn(fit="no", reason="refused at the door"))
    deliver()
    with notifications.transaction() as session, speaking("en"), words_of("notifications"):
        told = {
            (row.order_id, row.channel): COMPOSERS[row.kind](session, row).text
            for row in session.scalars(
                sa.select(Delivery).where(
                    Delivery.kind == "order-returned", Delivery.state == "pending"
                )
            )
        }
    assert set(told) == {(mailed.id, "email"), (texted.id, "sms")}
    assert "refused at the door" in told[mailed.id, "email"]
    assert "could not be delivered" in told[texted.id, "sms"]


def test_correcting_an_address_tells_nobody_a_name():
    made = ordered(a_title())
    for _ in range(places.SHOWN_FROM):
        service.readdress(order_token(made.id), Address.model_validate(ADDRESS))
    assert places.names("subdistrict") == []


def test_an_erased_order_is_not_found_by_its_telephone():
    made = ordered(a_title())
    phone = stored(made.id).phone
    assert [one.id for one in reading.list_orders(CITY, Filters(words=phone)).items] == [made.id]
    erasing.erase_own(order_token(made.id))
    assert stored(made.id).phone_hash, "the limit per person counts it"
    assert reading.list_orders(CITY, Filters(words=phone)).items == []


def test_a_count_of_what_was_not_asked_for_is_refused():
    title, other = a_title(), a_title()
    organisation = {"name": "某公司", "headcount": 30, "purpose": "行前培训"}
    made = ordered(title, 30, organisation=organisation)
    with pytest.raises(Invalid) as refused:
        staff_service.approve(CITY, made.id, ApproveIn(copies={other.slug: 3}))
    assert other.slug in str(refused.value.errors[0].message)
    assert stored(made.id).state == "requested"


def test_marking_twice_with_one_key_marks_once_and_is_told_after_it_can_be_undone(web, key, outbox):
    made = ordered(a_title())
    once = key("city-editor") | {"Idempotency-Key": "one"}
    wanted = {"act": "packed", "orders": [str(made.id)]}
    first = web.post(f"{API}/orders/marks", json=wanted, headers=once)
    again = web.post(f"{API}/orders/marks", json=wanted, headers=once)
    assert (again.status_code, again.json()) == (201, first.json())
    (told,) = [event for event in outbox("content") if event.type == "order.packed.v1"]
    undo_until = datetime.fromisoformat(first.json()["undo_until"])
    assert datetime.fromisoformat(told.data["told_from"]) > undo_until


def test_a_list_asks_as_often_however_long_it_is(published_material):
    def lists() -> list[int]:
        return [statements(one) for one in (stock.offered, stock.all_titles, lines, orders)]

    def lines() -> None:
        stock.stock_lines(CITY)
        stock.low(CITY, 50)

    def orders() -> None:
        reading.list_orders(CITY, Filters())

    def more() -> None:
        for _ in range(2):
            title = a_title({"city": 5}, material_id=published_material()["id"])
            ordered(title)

    more()
    few = lists()
    more()
    assert lists() == few


def test_the_report_by_call_is_each_store_s_own(web, key):
    title = a_title({"city": 5, "110102": 3})
    here = f"{API}/stock/report"
    whole = web.get(here, headers=key("viewer")).json()["items"]
    assert {(one["store"], one["received"], one["left"]) for one in whole} == {
        ("city", 5, 5),
        ("110102", 3, 3),
    }
    assert all(one["title"] == title.title for one in whole)
    own = web.get(here, headers=key("viewer", "110102")).json()["items"]
    assert [one["store"] for one in own] == ["110102"]
    assert web.get(f"{here}?since=2026-13", headers=key("viewer")).status_code == 422
    assert web.get(f"{here}?since=2099-01", headers=key("viewer")).json()["items"] == []
