"""Titles, stock and orders for tests."""

from __future__ import annotations

import itertools
import uuid
from typing import Any

import sqlalchemy as sa

from services.content.database import database
from services.content.orders import service
from services.content.orders.models import Order
from services.content.orders.schemas import OrderIn, Placed
from services.content.stock import service as stock
from services.content.stock.models import Movement, Stock
from services.content.stock.schemas import ReceiveIn, TitleIn, TitleOut
from tests.conftest import principal

CITY = principal("city-editor")
ADDRESS = {
    "district": "110102",
    "subdistrict": "陶然亭街道",
    "community": "龙泉社区",
    "line": "太平街 8 号院 3 号楼 502",
}
_numbers = itertools.count(1)


def a_title(stores: dict[str, int] | None = None, **changes: Any) -> TitleOut:
    """A title, with copies in stores (default: 20 in the city's)."""
    number = next(_numbers)
    values = {
        "title": {"zh-CN": f"手册{number}", "en": f"Handbook {number}"},
        "kind": "book",
        "languages": ["zh-CN"],
    } | changes
    title = stock.create(CITY, TitleIn.model_validate(values))
    for store, copies in ({"city": 20} if stores is None else stores).items():
        stock.receive(CITY, ReceiveIn(title_id=title.id, store=store, copies=copies))
    return title


def body(title: TitleOut, copies: int = 1, **changes: Any) -> dict[str, Any]:
    """An order of somebody who has not ordered before, to a door in Xicheng."""
    number = next(_numbers)
    return {
        "copies": {title.slug: copies},
        "address": ADDRESS | {"line": f"太平街 {number} 号"},
        "name": "陈桂兰",
        "phone": f"+86139{number:08d}",
        "email": f"reader{number}@example.cn",
    } | changes


def ordered(title: TitleOut, copies: int = 1, **changes: Any) -> Placed:
    """Place such an order."""
    return service.place(OrderIn.model_validate(body(title, copies, **changes)))


def shelf(title: TitleOut, store: str = "city") -> tuple[int, int]:
    """How many copies lie there, and how many are promised; held to the ledger."""
    with database.transaction() as session:
        row = session.get_one(Stock, (title.id, store))
        booked = session.execute(
            sa.select(sa.func.sum(Movement.on_hand), sa.func.sum(Movement.reserved)).where(
                Movement.title_id == title.id, Movement.store == store
            )
        ).one()
        assert tuple(booked) == (row.on_hand, row.reserved), "the ledger says otherwise"
        return row.on_hand, row.reserved


def stored(order_id: uuid.UUID) -> Order:
    with database.transaction() as session:
        order = session.get_one(Order, order_id)
        assert order.lines is not None
        return order
