"""Marking many orders at once, with a look beforehand, and taking it back for a while.

Whoever ordered is told when that while is over, so nobody reads of a parcel that was marked by
mistake. What was marked one by one, on the order's own page, is told at once.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Final, Literal

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from sqlalchemy.orm import Session

from services.chassis import audit
from services.chassis.auth import Principal
from services.chassis.database import new_id, utc_now
from services.chassis.fields import SingleLine
from services.chassis.i18n import lazy
from services.chassis.idempotency import NOT_REPEATED, Once
from services.chassis.problems import FieldError, Invalid, NotFound, Problem
from services.content.database import database
from services.content.orders.events import tell, tell_restored
from services.content.orders.models import Batch, Order
from services.content.orders.moves import LEAVES, State, may
from services.content.orders.schemas import OrderForStaff
from services.content.stock import moving
from services.content.stock.stores import district_of

UNDO_FOR: Final = timedelta(minutes=3)
# People are told a little later still: what is taken back in the last second has to reach the
# service that writes to them before it does.
TOLD_AFTER: Final = UNDO_FOR + timedelta(seconds=30)
MOST_AT_ONCE: Final = 200

Act = Literal["packed", "sent", "delivered", "ready", "collected"]
Short = Annotated[SingleLine, StringConstraints(max_length=60)]


class MarkIn(BaseModel):
    """What is done with which orders.

    ``carrier`` and ``tracking`` (from an order's id to the carrier's number) are for what is sent.
    """

    model_config = ConfigDict(extra="forbid")

    act: Act
    orders: Annotated[list[uuid.UUID], Field(min_length=1, max_length=MOST_AT_ONCE)]
    carrier: Short = ""
    tracking: dict[str, Short] = {}


@dataclass(frozen=True)
class Preview:
    """Which orders an act would move, and which stand where it cannot."""

    can: list[OrderForStaff]
    cannot: list[OrderForStaff]


class Marked(BaseModel):
    """What was done: how many orders it moved, how many it left, until when it can be undone."""

    id: uuid.UUID
    act: Act
    moved: int
    left: int
    undo_until: datetime
    undone: bool = False


def preview(principal: Principal, act: Act, ids: Sequence[uuid.UUID]) -> Preview:
    """What marking these orders would do. Orders of other stores are left out silently."""
    with database.transaction() as session:
        orders = _theirs(session, principal, ids[:MOST_AT_ONCE], lock=False)
        can = [OrderForStaff.of(order) for order in orders if may(order.at, act, order.goes)]
        movable = {order.id for order in can}
        return Preview(
            can=can,
            cannot=[OrderForStaff.of(order) for order in orders if order.id not in movable],
        )


def mark(principal: Principal, wanted: MarkIn, once: Once = NOT_REPEATED) -> Marked:
    """Move every order that the act is possible for; nobody is told until it cannot be undone.

    Raises:
        Invalid: it is possible for none of them.
    """
    now = utc_now()
    with database.transaction() as session:
        if answer := once.first_answer(session):
            return Marked.model_validate(answer)
        moved = []
        orders = _theirs(session, principal, wanted.orders, lock=True)
        for order in orders:
            before = order.at
            if may(before, wanted.act, order.goes):
                _step(session, order, wanted.act, wanted)
                tell(session, order, told_from=now + TOLD_AFTER)
                moved.append({"id": str(order.id), "from": before, "version": order.version})
        if not moved:
            raise Invalid([FieldError("orders", lazy("None of these orders can be marked so."))])
        batch = Batch(
            id=new_id(),
            act=wanted.act,
            moved=moved,
            by_id=principal.id,
            by_name=principal.name,
            at=now,
        )
        session.add(batch)
        _record(session, principal, f"orders.{wanted.act}", batch, len(moved))
        session.flush()
        done = _marked(batch, left=len(orders) - len(moved))
        once.keep(session, done.model_dump(mode="json"))
        return done


def mark_one(principal: Principal, order_id: uuid.UUID, wanted: MarkIn) -> OrderForStaff:
    """The same for one order from its own page; whoever ordered is told at once.

    Raises:
        NotFound: there is none.
        Problem: 403 ``other-district``, 409 ``order-STATE``.
    """
    with database.transaction() as session:
        order = session.get(Order, order_id, with_for_update={"of": Order})
        if order is None:
            raise NotFound(lazy("There is no such order."))
        principal.must_cover(district_of(order.store))
        _step(session, order, wanted.act, wanted)
        tell(session, order)
        audit.record(
            session,
            principal,
            f"order.{wanted.act}",
            f"order/{order.id}",
            district=district_of(order.store),
            detail=order.number,
        )
        return OrderForStaff.of(order)


def look(principal: Principal, batch_id: uuid.UUID) -> Marked | None:
    """What one has just marked oneself; ``None`` for anything else."""
    with database.transaction() as session:
        batch = session.get(Batch, batch_id)
        return _marked(batch) if batch is not None and batch.by_id == principal.id else None


def undo(principal: Principal, batch_id: uuid.UUID) -> int:
    """Take back what one has marked, as long as nobody was told of it.

    Orders that were moved again since stay where they are.

    Returns:
        How many orders stand again where they stood.

    Raises:
        NotFound: it is not there, or somebody else did it.
        Problem: 409 ``undo-over``.
    """
    with database.transaction() as session:
        batch = session.get(Batch, batch_id, with_for_update=True)
        if batch is None or batch.by_id != principal.id:
            raise NotFound(lazy("There is nothing to take back."))
        if batch.undone_at is not None:
            return 0
        if utc_now() >= batch.at + UNDO_FOR:
            raise Problem(
                409,
                "undo-over",
                lazy("This can no longer be taken back: people have been told."),
                lazy("Please correct each order on its own page."),
            )
        moved = {uuid.UUID(one["id"]): one for one in batch.moved}
        back = 0
        for order in _theirs(session, principal, list(moved), lock=True):
            one = moved[order.id]
            if order.version == one["version"]:
                _step_back(session, order, one["from"])
                back += 1
        batch.undone_at = utc_now()
        _record(session, principal, f"orders.{batch.act}.undone", batch, back)
        return back


def _step(session: Session, order: Order, act: State, wanted: MarkIn) -> None:
    order.move(act)
    if act in LEAVES:
        moving.send_out(session, order.store, order.copies, order.id)
    if act == "sent":
        order.carrier = wanted.carrier or None
        order.tracking = wanted.tracking.get(str(order.id)) or None
    if act == "delivered":
        order.missing_at = None
    session.flush()


def _step_back(session: Session, order: Order, before: State) -> None:
    if order.at in LEAVES:
        moving.take_back(session, order.store, order.copies, order.id, promised=True)
    if order.state == "sent":
        order.carrier = order.tracking = None
    order.stand(before)
    session.flush()
    tell_restored(session, order)


def _theirs(
    session: Session, principal: Principal, ids: Sequence[uuid.UUID], *, lock: bool
) -> Sequence[Order]:
    """Orders of the caller's stores, by their ids: two who mark the same wait for each other."""
    query = sa.select(Order).where(Order.id.in_(ids)).order_by(Order.id)
    if principal.district is not None:
        query = query.where(Order.store == principal.district)
    return session.scalars(query.with_for_update(of=Order) if lock else query).all()


def _marked(batch: Batch, left: int = 0) -> Marked:
    return Marked.model_validate(
        {
            "id": batch.id,
            "act": batch.act,
            "moved": len(batch.moved),
            "left": left,
            "undo_until": batch.at + UNDO_FOR,
            "undone": batch.undone_at is not None,
        }
    )


def _record(session: Session, principal: Principal, act: str, batch: Batch, count: int) -> None:
    audit.record(
        session,
        principal,
        act,
        f"order-batch/{batch.id}",
        district=principal.district,
        detail=str(count),
    )
