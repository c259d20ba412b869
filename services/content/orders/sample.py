"""Sample titles, stock, desks and orders, loaded through the same use cases as real ones."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any, Final

from services.chassis.auth import Principal
from services.content.database import Base, database
from services.content.materials.models import Material
from services.content.orders import desks, marking, service, staff_service
from services.content.orders.desks import DeskIn
from services.content.orders.marking import MarkIn
from services.content.orders.models import Desk, Order
from services.content.orders.moves import State
from services.content.orders.schemas import OrderIn
from services.content.orders.staff_schemas import ApproveIn
from services.content.stock import service as stock
from services.content.stock.models import Title
from services.content.stock.schemas import ReceiveIn, ShelfIn, TitleIn

_FOLDER: Final = Path(__file__).parents[1] / "samples"
# The same names as those of materials, so that the printed copy finds its material.
_NAMES: Final = uuid.uuid5(uuid.NAMESPACE_DNS, "samples.content.lingbao.example")
# The way of a sample to its state, by marking it step by step.
_STEPS: Final[dict[State, tuple[State, ...]]] = {
    "requested": (),
    "ordered": (),
    "packed": ("packed",),
    "sent": ("packed", "sent"),
    "delivered": ("packed", "sent", "delivered"),
    "ready": ("packed", "ready"),
}


def load(principal: Principal) -> int:
    """Write the samples that are not there yet.

    Returns:
        How many were new.
    """
    listed = json.loads((_FOLDER / "orders.json").read_text(encoding="utf-8"))
    slugs: dict[str, str] = {}
    new = sum(_title(principal, sample, slugs) for sample in listed["titles"])
    new += sum(_desk(principal, sample) for sample in listed["desks"])
    # Orders are placed with the titles, and never again: a store may be empty by then.
    if new:
        new += sum(_order(principal, sample, slugs) for sample in listed["orders"])
    return new


def _title(principal: Principal, sample: dict[str, Any], slugs: dict[str, str]) -> bool:
    name = sample.pop("name")
    title_id = uuid.uuid5(_NAMES, f"title/{name}")
    with database.transaction() as session:
        if (found := session.get(Title, title_id)) is not None:
            slugs[name] = found.slug
            return False
        material = session.get(Material, uuid.uuid5(_NAMES, f"material/{name}"))
    shelves = sample.pop("stock")
    sample.pop("own", None)
    wanted = TitleIn(**sample, material_id=material.id if material else None)
    slugs[name] = stock.create(principal, wanted, title_id=title_id).slug
    for store, (copies, shelf) in shelves.items():
        if copies:
            stock.receive(principal, ReceiveIn(title_id=title_id, store=store, copies=copies))
        stock.arrange(principal, title_id, store, ShelfIn(shelf=shelf))
    return True


def _desk(principal: Principal, sample: dict[str, Any]) -> bool:
    desk_id = uuid.uuid5(_NAMES, f"desk/{sample.pop('name')}")
    if _is_there(Desk, desk_id):
        return False
    desks.create(principal, DeskIn(name=sample.pop("title"), **sample), desk_id=desk_id)
    return True


def _order(principal: Principal, sample: dict[str, Any], slugs: dict[str, str]) -> bool:
    order_id = uuid.uuid5(_NAMES, f"order/{sample['name']}")
    if _is_there(Order, order_id):
        return False
    wanted: dict[str, Any] = {
        "copies": {slugs[name]: count for name, count in sample["copies"].items()},
        "name": sample["person"],
        "phone": sample["phone"],
        "email": sample.get("email"),
        "organisation": sample.get("organisation"),
    }
    if "desk" in sample:
        wanted |= {"way": "desk", "desk_id": uuid.uuid5(_NAMES, f"desk/{sample['desk']}")}
    else:
        wanted |= {"way": "door", "address": sample["address"]}
    placed = service.place(OrderIn.model_validate(wanted), order_id=order_id)
    if placed.state == "requested" and sample["state"] != "requested":
        staff_service.approve(principal, order_id, ApproveIn(copies={}))
    for act in _STEPS[sample["state"]]:
        mark = MarkIn.model_validate(
            {
                "act": act,
                "orders": [order_id],
                "carrier": sample.get("carrier", ""),
                "tracking": {str(order_id): sample.get("tracking", "")},
            }
        )
        marking.mark_one(principal, order_id, mark)
    return True


def _is_there(table: type[Base], id_: uuid.UUID) -> bool:
    with database.transaction() as session:
        return session.get(table, id_) is not None
