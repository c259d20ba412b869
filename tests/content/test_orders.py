"""Ordering: by form and call, limits, stores, what is left; the way of an order to its end."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import sqlalchemy as sa

from services.chassis.database import utc_now
from services.chassis.i18n import speaking, words_of
from services.chassis.problems import Invalid, Problem
from services.content.activities_seen.service import ActivityNews, remember
from services.content.database import database
from services.content.orders import desks, erasing, marking, places, service, staff_service
from services.content.orders.desks import DeskIn
from services.content.orders.marking import MarkIn
from services.content.orders.models import Batch, Order, order_token
from services.content.orders.schemas import OrderIn
from services.content.orders.staff_schemas import ActivityOrderIn, CancelIn, HandedIn, ReturnIn
from services.content.stock import moving
from services.content.stock.models import Stock
from services.notifications.database import database as notifications
from services.notifications.delivery.models import Delivery
from services.notifications.messages.composers import COMPOSERS
from tests.conftest import principal
from tests.content.conftest import activity
from tests.content.ordering import ADDRESS, CITY, a_title, body, ordered, shelf, stored

API = "/api/content/v1"
ORIGIN = {"Origin": "http://testserver"}


def race(title, people: int) -> tuple[int, list[str]]:
    """So many people order one copy at the same moment: how many got one, and the refusals."""
    ready = threading.Barrier(people)
    wanted = [OrderIn.model_validate(body(title)) for _ in range(people)]

    def one(order: OrderIn) -> str:
        ready.wait()
        try:
            service.place(order)
        except Problem as problem:
            return problem.kind
        except sa.exc.IntegrityError as error:
            return type(error.orig).__name__
        return "ordered"

    with ThreadPoolExecutor(people) as pool:
        said = list(pool.map(one, wanted))
    return said.count("ordered"), sorted({one for one in said if one != "ordered"})


def test_fifty_race_for_the_last_five():
    title = a_title({"city": 5})
    assert race(title, 50) == (5, ["invalid"])
    assert shelf(title) == (5, 5)


@pytest.fixture
def without_the_tables_own_check():
    """The table refuses to promise too much, too; for the negative control it must not."""
    with database.engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE stock DROP CONSTRAINT ck_stock_reserved"))
    yield
    with database.engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM stock_movements"))
        connection.execute(sa.text("DELETE FROM stock"))
        connection.execute(
            sa.text(
                "ALTER TABLE stock ADD CONSTRAINT ck_stock_reserved "
                "CHECK (reserved >= 0 AND reserved <= on_hand)"
            )
        )


def looks_first(session, title_id, store, condition, *, on_hand=0, reserved=0):
    """As one would write it at first: look, then take."""
    row = session.get(Stock, (title_id, store))
    if row is None or row.on_hand - row.reserved < reserved:
        return False
    session.execute(
        sa.update(Stock)
        .where(Stock.title_id == title_id, Stock.store == store)
        .values(reserved=Stock.reserved + reserved)
        .execution_options(synchronize_session=False)
    )
    return True


@pytest.mark.usefixtures("without_the_tables_own_check")
def test_without_the_condition_the_same_race_oversells(monkeypatch):
    title = a_title({"city": 5})
    monkeypatch.setattr(moving, "_change", looks_first)
    got, _ = race(title, 50)
    assert got > 5


def test_without_the_condition_the_table_itself_refuses(monkeypatch):
    title = a_title({"city": 1})
    monkeypatch.setattr(moving, "fits", lambda _copies: sa.true())
    got, refusals = race(title, 4)
    assert (got, refusals) == (1, ["CheckViolation"])


def test_the_way_of_a_parcel_by_call(web, key, outbox):
    title = a_title({"city": 9, "110102": 3})
    editor, once = key("district-editor", "110102"), {"Idempotency-Key": "one"}
    wanted = body(title, 2)
    made = web.post(f"{API}/orders", json=wanted, headers=once)
    assert made.status_code == 201, made.text
    assert web.post(f"{API}/orders", json=wanted, headers=once).json() == made.json()
    # The district's own store serves, and the city's is not touched.
    assert (shelf(title, "110102"), shelf(title)) == ((3, 2), (9, 0))
    here, own = f"{API}/orders/{made.json()['id']}", made.json()["manage_url"].rpartition("/")[2]
    moved = web.patch(f"{API}/orders/{own}", json={"address": ADDRESS | {"line": "新街口 1 号"}})
    assert moved.json()["address"]["line"] == "新街口 1 号"
    assert web.get(here, headers=key("district-editor", "110105")).status_code == 403
    assert web.get(f"{API}/orders", headers=key("viewer", "110105")).json()["items"] == []
    assert web.get(f"{API}/orders").status_code == 401

    def mark(act: str, **more) -> dict:
        marks = {"act": act, "orders": [made.json()["id"]]} | more
        done = web.post(f"{API}/orders/marks", json=marks, headers=editor)
        assert done.status_code == 201, done.text
        return done.json()

    mark("packed")
    refused = web.delete(f"{API}/orders/{own}")
    assert (refused.status_code, refused.json()["type"]) == (409, "order-packed")
    sending = mark("sent", carrier="邮政", tracking={made.json()["id"]: "42"})
    assert shelf(title, "110102") == (1, 0)
    other = key("district-editor", "110102")
    undone = web.post(f"{API}/orders/marks/{sending['id']}/undo", headers=other)
    assert undone.status_code == 404, "each takes back what is one's own"
    order = stored(made.json()["id"])
    assert (order.state, order.carrier, order.tracking) == ("sent", "邮政", "42")
    mark("delivered")
    assert web.get(f"{API}/orders/{own}").json()["state"] == "delivered"
    back = web.post(f"{here}/returned", json={"fit": "yes", "reason": "无人签收"}, headers=editor)
    assert back.json()["state"] == "returned" and shelf(title, "110102") == (3, 0)
    said = [event.type for event in outbox("content") if event.type.startswith("order.")]
    assert said == [
        "order.placed.v1", "order.packed.v1", "order.sent.v1", "order.delivered.v1",
        "order.returned.v1",
    ]  # fmt: skip
    events = str([event.data for event in outbox("content")])
    assert "陈桂兰" not in events and "reader" not in events


def test_undo_takes_back_what_stands_as_it_was_marked():
    title = a_title()
    one, other = ordered(title), ordered(title)
    ids = [one.id, other.id]
    marking.mark(CITY, MarkIn(act="packed", orders=ids))
    sent = marking.mark(CITY, MarkIn(act="sent", orders=ids, carrier="邮政"))
    assert shelf(title) == (18, 0)
    marking.mark_one(CITY, other.id, MarkIn(act="delivered", orders=[other.id]))
    assert marking.undo(CITY, sent.id) == 1 and marking.undo(CITY, sent.id) == 0
    assert (stored(one.id).state, stored(other.id).state) == ("packed", "delivered")
    assert shelf(title) == (19, 1)
    late = marking.mark(CITY, MarkIn(act="sent", orders=ids))
    assert (late.moved, late.left) == (1, 1)
    with database.transaction() as session:
        session.get_one(Batch, late.id).at -= marking.UNDO_FOR
    with pytest.raises(Problem, match="undo-over"):
        marking.undo(CITY, late.id)


def test_the_citys_store_serves_where_the_districts_cannot_and_what_is_left_is_offered(web):
    scarce, plenty = a_title({"110102": 1, "city": 4}, most_each=5), a_title(most_each=5)
    done = ordered(scarce, 2)
    assert stored(done.id).store == "city" and shelf(scarce, "110102") == (1, 0)
    form = {
        "to": "door",
        f"copies.{scarce.slug}": "３",  # as a Chinese keyboard writes it
        f"copies.{plenty.slug}": "1",
        "name": "陈桂兰",
        "phone": "139 0000 1111",
        **{f"address.{name}": text for name, text in ADDRESS.items()},
    }
    page = web.post("/orders/new", data=form, headers=ORIGIN)
    assert page.status_code == 422
    assert "目前仅剩 2 份" in page.text and ADDRESS["line"] in page.text
    assert 'name="take_less"' in page.text
    assert shelf(plenty) == (20, 0), "nothing is kept for an order that is none"
    taken = web.post("/orders/new", data=form | {"take_less": "on"}, headers=ORIGIN)
    assert taken.status_code == 303, taken.text
    assert shelf(scarce) == (4, 4) and shelf(plenty) == (20, 1)
    assert "申领了 3 份" in web.get(taken.headers["location"]).text


@pytest.mark.parametrize(
    ("field", "text", "said"),
    [
        ("phone", "call me", "电话"),
        ("copies", "0", "请至少选择一种"),
        ("copies", "5001", "5000"),
        ("copies", "-1", "1"),
        ("address.district", "999999", "区"),
        ("address.line", "", "请填写"),
    ],
)
def test_bad_input_is_said_beside_its_field_and_nothing_is_lost(web, field, text, said):
    title = a_title()
    name = f"copies.{title.slug}"
    form = {"to": "door", name: "1", "name": "陈桂兰", "phone": "13900001111"}
    form |= {f"address.{part}": typed for part, typed in ADDRESS.items()}
    page = web.post(
        "/orders/new", data=form | {name if field == "copies" else field: text}, headers=ORIGIN
    )
    assert page.status_code == 422 and said in page.text and "陈桂兰" in page.text
    assert shelf(title) == (20, 0)


def test_a_title_that_there_is_not(web):
    refused = web.post(f"{API}/orders", json=body(a_title()) | {"copies": {"nothing": 1}})
    assert refused.status_code == 422 and refused.json()["errors"][0]["field"] == "copies"
    assert web.get("/orders/new?copies.nothing=2").status_code == 422
    for path in ("/orders/damaged", f"{API}/orders/damaged", "/orders/damaged/cancel"):
        assert web.get(path).status_code in (404, 405), path


def test_limits_count_by_telephone_and_by_door():
    title = a_title(most_each=2, per_days=30)
    first = body(title, 2)
    done = service.place(OrderIn.model_validate(first))
    same_phone = body(title, phone=first["phone"])
    same_door = body(title, address=first["address"] | {"line": first["address"]["line"] + " "})
    for again in (same_phone, same_door):
        with pytest.raises(Invalid):
            service.place(OrderIn.model_validate(again))
    service.cancel(order_token(done.id))
    service.place(OrderIn.model_validate(same_phone))
    with database.transaction() as session:
        session.execute(sa.update(Order).values(placed_at=utc_now() - timedelta(days=31)))
    service.place(OrderIn.model_validate(same_phone))


def test_two_orders_of_one_person_at_once_share_the_limit():
    title = a_title(most_each=1)
    wanted = OrderIn.model_validate(body(title))
    ready = threading.Barrier(4)

    def one(_: int) -> bool:
        ready.wait()
        try:
            service.place(wanted)
        except Invalid:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(one, range(4))) == [False, False, False, True]


def test_an_organisation_is_approved_less_than_it_asked_for(web, staff):
    title = a_title({"110102": 30, "city": 500})
    wanted = body(title, 300) | {
        "organisation": {"name": "油田服务公司", "headcount": 280, "purpose": "派出前培训"}
    }
    made = web.post(f"{API}/orders", json=wanted).json()
    assert made["state"] == "requested" and shelf(title, "110102") == (30, 0)
    web.cookies.update(staff("district-editor", "110102"))
    here = f"/staff/orders/{made['id']}"
    page = web.get(here)
    assert "油田服务公司" in page.text
    too_many = web.post(f"{here}/approve", data={f"copies.{title.slug}": "31"}, headers=ORIGIN)
    assert too_many.status_code == 422 and "目前仅剩 30 份" in too_many.text
    done = web.post(f"{here}/approve", data={f"copies.{title.slug}": "25"}, headers=ORIGIN)
    assert done.status_code == 303 and shelf(title, "110102") == (30, 25)
    other = service.place(OrderIn.model_validate(wanted)).id
    assert web.post(f"/staff/orders/{other}/pass-on", headers=ORIGIN).status_code == 303
    assert web.get(f"/staff/orders/{other}").status_code == 403
    assert stored(other).store == "city"


def test_brochures_of_an_activity_are_booked_out_as_they_were_handed_out(web, deliver):
    title, heard = a_title({"110102": 40}), activity()
    with database.transaction() as session:
        remember(session, ActivityNews.model_validate({"activity": heard}), None)  # type: ignore[arg-type]  # it reads no envelope
    editor = principal("district-editor", "110102")
    wanted = ActivityOrderIn(activity_id=heard["id"], store="110102", copies={title.slug: 30})
    order = staff_service.order_for_activity(editor, wanted)
    marking.mark_one(editor, order.id, MarkIn(act="packed", orders=[order.id]))
    with pytest.raises(Invalid):
        staff_service.hand_out(editor, order.id, HandedIn(handed={title.slug: 31}))
    staff_service.hand_out(editor, order.id, HandedIn(handed={title.slug: 22}))
    assert shelf(title, "110102") == (18, 0)
    deliver()


def test_fetching_at_a_desk_and_what_comes_back_unfit(web, staff):
    title = a_title()
    desk = desks.create(
        CITY,
        DeskIn.model_validate(
            {"district": "110112", "name": "朗南社区", "address": "一层", "hours": "周二下午"}
        ),
    )
    made = ordered(title, way="desk", desk_id=desk.id, address=None)
    for act in ("packed", "ready"):
        marking.mark_one(CITY, made.id, MarkIn(act=act, orders=[made.id]))
    page = web.get(f"/orders/{order_token(made.id)}?lang=en").text
    assert "Please show this number at the desk" in page
    assert f"{made.number[:4]} {made.number[4:]}" in page
    staff_service.came_back(CITY, made.id, ReturnIn(fit="no", reason="受潮"))
    assert shelf(title) == (19, 0)
    desks.edit(
        CITY, desk.id, DeskIn.model_validate(desk.model_dump(exclude={"id"}) | {"is_open": False})
    )
    with pytest.raises(Invalid):
        ordered(title, way="desk", desk_id=desk.id, address=None)
    web.cookies.update(staff("district-editor", "110102"))
    assert web.get(f"/staff/orders/desks/{desk.id}").status_code == 403


def test_marking_from_the_list_shows_what_it_will_do(web, staff):
    title = a_title()
    one, other = ordered(title), ordered(title)
    staff_service.cancel(CITY, other.id, CancelIn(reason="重复"))
    web.cookies.update(staff("city-editor"))
    query = f"act=packed&order={one.id}&order={other.id}&order=nonsense"
    page = web.get(f"/staff/orders/mark?{query}").text
    assert "将标记 1 项申领" in page and "保持原状" in page
    assert stored(one.id).state == "ordered", "looking changes nothing"
    assert web.get("/staff/orders/mark?act=packed").status_code == 422
    done = web.post(
        "/staff/orders/mark", data={"act": "packed", "orders": [one.id]}, headers=ORIGIN
    )
    assert done.status_code == 303
    page = web.get(done.headers["location"]).text
    undo = f"/staff/orders/marks/{done.headers['location'].rpartition('=')[2]}/undo"
    assert undo in page
    web.post(undo, headers=ORIGIN)
    assert stored(one.id).state == "ordered"
    picking = web.get("/staff/orders/picking?lang=en").text
    assert title.title["en"] in picking
    labels = web.get(f"/staff/orders/labels?order={one.id}&order={other.id}").text
    assert labels.count('class="label"') == 2 and "<svg" in labels
    assert (
        web.get(f"/staff/orders/number/{one.number.lower()}")
        .headers["location"]
        .endswith(str(one.id))
    )


def test_erasing_after_the_end_or_on_request(web, outbox):
    title = a_title(per_days=60)
    done, asked, under_way = ordered(title), ordered(title), ordered(title)
    for act in ("packed", "sent"):
        marking.mark(CITY, MarkIn(act=act, orders=[done.id, under_way.id]))
    marking.mark(CITY, MarkIn(act="delivered", orders=[done.id]))
    refused = web.post(f"/orders/{order_token(under_way.id)}/erase", headers=ORIGIN)
    assert refused.status_code == 409
    assert web.post(f"/orders/{order_token(asked.id)}/erase", headers=ORIGIN).status_code == 200
    assert web.get(f"/orders/{order_token(asked.id)}").status_code == 410
    assert shelf(title) == (18, 0), "what still stood was cancelled first"
    assert erasing.erase_old() == 0
    with database.transaction() as session:
        session.execute(
            sa.update(Order)
            .where(Order.id == done.id)
            .values(over_at=utc_now() - timedelta(days=31))
        )
    assert erasing.erase_old() == 1
    for order in (stored(done.id), stored(asked.id)):
        kept = (order.name, order.phone, order.email, order.address_line, order.subdistrict)
        assert set(kept) == {None} and order.phone_hash, "the limit still counts it"
    assert [event.type for event in outbox("content")].count("order.erased.v1") == 2
    with database.transaction() as session:
        session.execute(
            sa.update(Order)
            .where(Order.id == done.id)
            .values(placed_at=utc_now() - timedelta(days=61))
        )
    erasing.erase_old()
    assert stored(done.id).phone_hash is None and stored(asked.id).phone_hash


def test_names_of_places_are_offered_once_several_have_written_them():
    title = a_title()
    for _ in range(places.SHOWN_FROM - 1):
        ordered(title)
    assert places.names("subdistrict") == []
    ordered(title)
    assert places.names("subdistrict") == [("110102", ADDRESS["subdistrict"])]


def test_whoever_ordered_is_told_at_each_step_and_not_of_what_was_taken_back(deliver, web):
    title = a_title()
    made = ordered(title, language="en")
    one, token = made.id, order_token(made.id)
    deliver()
    mistaken = marking.mark(CITY, MarkIn(act="packed", orders=[one]))
    deliver()
    marking.undo(CITY, mistaken.id)
    deliver()
    for act in ("packed", "sent", "delivered"):
        marking.mark_one(
            CITY, one, MarkIn(act=act, orders=[one], carrier="EMS", tracking={str(one): "42"})
        )
        deliver()
    service.missing(token)
    gone = ordered(title)
    staff_service.cancel(CITY, gone.id, CancelIn(reason="地址不在本市"))
    web.post("/orders/lost", data={"email": body(title)["email"]}, headers=ORIGIN)
    web.post(f"{API}/orders/links", json={"phone": stored(one).phone, "language": "en"})
    deliver()
    said = []
    with notifications.transaction() as session:
        for delivery in session.scalars(sa.select(Delivery).order_by(Delivery.id)):
            with speaking(delivery.language), words_of("notifications"):
                content = COMPOSERS[delivery.kind](session, delivery)
            said.append((delivery.kind, delivery.channel, delivery.state, content))
    planned = [(kind, channel) for kind, channel, _, _ in said]
    waiting = [(kind, channel) for kind, channel, state, _ in said if state == "pending"]
    # Nobody sends here: each message was overtaken by the next, and what was undone by nothing.
    assert planned.count(("order-packed", "email")) == 2 and ("order-packed", "sms") not in planned
    assert ("order-packed", "email") not in waiting and ("order-delivered", "sms") in waiting
    assert ("order-links", "sms") in waiting and ("order-links", "email") not in waiting
    texts = {(kind, channel): content.text for kind, channel, _, content in said}
    number = f"{made.number[:4]} {made.number[4:]}"
    assert "is on its way with EMS, number 42" in texts["order-sent", "email"]
    assert number in texts["order-sent", "sms"] and token in texts["order-sent", "sms"]
    assert "地址不在本市" in texts["order-cancelled", "email"]
    erasing.erase_own(token)
    deliver()
    with notifications.transaction() as session:
        left = session.scalars(sa.select(Delivery).where(Delivery.order_id == one)).all()
        assert left and {(row.address, row.context) for row in left} == {("", None)}
