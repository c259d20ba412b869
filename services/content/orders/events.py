"""What this service says about orders."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from pydantic import BaseModel
from sqlalchemy.orm import Session

from services.chassis.events import Event, publish
from services.chassis.events.envelope import SealedText
from services.content.orders.models import Order
from services.content.orders.moves import State, Way


class Item(BaseModel):
    """A title and how many copies of it are given; ``asked`` is what was asked for."""

    title: dict[str, str]
    copies: int
    asked: int


class DeskTold(BaseModel):
    """Where an order is fetched, and when the desk is open."""

    name: dict[str, str]
    address: dict[str, str]
    hours: dict[str, str]


class OrderPlaced(Event):
    """An order was placed, or an organisation's was approved; ``state`` tells the two apart.

    Events of orders for an activity have neither name nor address. ``told_from`` is until when an
    act of staff can be taken back: nobody is told before. ``by_office``: staff did it, so whoever
    ordered does not know it yet.
    """

    type: ClassVar[str] = "order.placed.v1"
    subject_kind: ClassVar[str] = "order"

    number: str
    state: State
    way: Way
    store: str
    language: str
    name: SealedText | None
    email: SealedText | None
    phone: SealedText | None
    organisation: SealedText | None
    items: list[Item]
    desk: DeskTold | None
    carrier: str | None
    tracking: str | None
    reason: SealedText | None
    url: SealedText
    told_from: datetime | None = None
    by_office: bool = True


class OrderPacked(OrderPlaced):
    """It is packed (``packed``), or lies ready at its desk (``ready``)."""

    type: ClassVar[str] = "order.packed.v1"


class OrderSent(OrderPlaced):
    """It was given to the carrier."""

    type: ClassVar[str] = "order.sent.v1"


class OrderDelivered(OrderPlaced):
    """It was delivered, fetched or handed out."""

    type: ClassVar[str] = "order.delivered.v1"


class OrderCancelled(OrderPlaced):
    """It was cancelled; by the office with a ``reason``, else by whoever ordered."""

    type: ClassVar[str] = "order.cancelled.v1"


class OrderReturned(OrderPlaced):
    """It came back to the store."""

    type: ClassVar[str] = "order.returned.v1"


class OrderRestored(OrderPlaced):
    """An act of staff was taken back; nobody is told of that act, nor of this."""

    type: ClassVar[str] = "order.restored.v1"


class OrderErased(Event):
    """The personal data of an order was erased; whoever holds a copy erases it."""

    type: ClassVar[str] = "order.erased.v1"
    subject_kind: ClassVar[str] = "order"


class OrderLink(BaseModel):
    """One order and the link to it."""

    number: str
    state: State
    placed_at: datetime
    url: SealedText


class OrderLinksAskedFor(Event):
    """Somebody asked for the links to their orders; either address is null."""

    type: ClassVar[str] = "order.links_asked.v1"
    subject_kind: ClassVar[str] = "order_links"

    language: str
    email: SealedText | None
    phone: SealedText | None
    items: list[OrderLink]


PUBLISHED: tuple[type[Event], ...] = (
    OrderPlaced,
    OrderPacked,
    OrderSent,
    OrderDelivered,
    OrderCancelled,
    OrderReturned,
    OrderRestored,
    OrderErased,
    OrderLinksAskedFor,
)

_OF_STATE: dict[State, type[OrderPlaced]] = {
    "requested": OrderPlaced,
    "ordered": OrderPlaced,
    "packed": OrderPacked,
    "ready": OrderPacked,
    "sent": OrderSent,
    "delivered": OrderDelivered,
    "collected": OrderDelivered,
    "handed-out": OrderDelivered,
    "cancelled": OrderCancelled,
    "returned": OrderReturned,
}


def tell(
    session: Session, order: Order, *, told_from: datetime | None = None, by_office: bool = True
) -> None:
    """Say where an order stands now."""
    kind = _OF_STATE[order.at]
    publish(session, _event(kind, order, told_from=told_from, by_office=by_office))


def tell_restored(session: Session, order: Order) -> None:
    """Say that the last act of staff was taken back."""
    publish(session, _event(OrderRestored, order))


def _event(
    kind: type[OrderPlaced],
    order: Order,
    *,
    told_from: datetime | None = None,
    by_office: bool = True,
) -> OrderPlaced:
    desk = order.desk
    return kind(
        subject_id=order.id,
        version=order.version,
        number=order.number,
        state=order.at,
        way=order.goes,
        store=order.store,
        language=order.language,
        name=order.name,
        email=order.email,
        phone=order.phone,
        organisation=order.organisation,
        items=[
            Item(title=line.title.title, copies=line.copies, asked=line.asked)
            for line in order.lines
        ],
        desk=DeskTold(name=desk.name, address=desk.address, hours=desk.hours) if desk else None,
        carrier=order.carrier,
        tracking=order.tracking,
        reason=order.reason,
        url=order.url,
        told_from=told_from,
        by_office=by_office,
    )
