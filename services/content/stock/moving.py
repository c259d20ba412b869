"""The moves of stock: each one ``UPDATE … WHERE`` that cannot pass zero, and its ledger line.

Two orders for the last copy meet in the row: the second statement waits for the first to commit,
looks again, and finds nothing free. Titles are always taken in the same order, so that two orders
of several titles never wait for each other.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import cast

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from services.chassis.auth import Principal
from services.chassis.database import utc_now
from services.chassis.i18n import lazy
from services.chassis.problems import Problem
from services.content.stock.models import Movement, MovementKind, Stock

Copies = Mapping[uuid.UUID, int]


def fits(copies: int) -> sa.ColumnElement[bool]:
    """What must hold for so many copies to be promised to somebody."""
    return Stock.on_hand - Stock.reserved >= copies


def reserve(session: Session, store: str, wanted: Copies, order_id: uuid.UUID) -> Copies:
    """Promise copies of one store to an order: all of them, or none.

    Returns:
        Of the titles that the store has too few of: how many are free. Empty when all is promised.
    """
    short: dict[uuid.UUID, int] = {}
    with session.begin_nested() as kept:
        for title_id, copies in sorted(wanted.items()):
            if not _change(session, title_id, store, fits(copies), reserved=copies):
                short[title_id] = max(free(session, title_id, store), 0)
                continue
            _note(session, title_id, store, "reserved", copies, reserved=copies, order_id=order_id)
        if short:
            kept.rollback()
    return short


def free(session: Session, title_id: uuid.UUID, store: str) -> int:
    """How many copies of a title a store could still promise."""
    found = session.scalar(
        sa.select(Stock.on_hand - Stock.reserved).where(
            Stock.title_id == title_id, Stock.store == store
        )
    )
    return found or 0


def release(session: Session, store: str, copies: Copies, order_id: uuid.UUID) -> None:
    """Give free what was promised to an order that does not take it."""
    for title_id, count in sorted(copies.items()):
        _must(_change(session, title_id, store, Stock.reserved >= count, reserved=-count))
        _note(session, title_id, store, "released", count, reserved=-count, order_id=order_id)


def send_out(session: Session, store: str, copies: Copies, order_id: uuid.UUID) -> None:
    """Book out what was promised to an order and leaves the store now."""
    for title_id, count in sorted(copies.items()):
        there = sa.and_(Stock.reserved >= count, Stock.on_hand >= count)
        _must(_change(session, title_id, store, there, on_hand=-count, reserved=-count))
        _note(
            session, title_id, store, "sent", count,
            on_hand=-count, reserved=-count, order_id=order_id,
        )  # fmt: skip


def take_back(
    session: Session, store: str, copies: Copies, order_id: uuid.UUID, *, promised: bool = False
) -> None:
    """Put on the shelf again what came back.

    Args:
        promised: it stays promised to the order, because the sending itself was taken back.
    """
    for title_id, count in sorted(copies.items()):
        held = count if promised else 0
        _must(_change(session, title_id, store, sa.true(), on_hand=count, reserved=held))
        _note(
            session, title_id, store, "returned", count,
            on_hand=count, reserved=held, order_id=order_id,
        )  # fmt: skip


def write_off_returned(
    session: Session, principal: Principal, store: str, copies: Copies, order_id: uuid.UUID
) -> None:
    """Note that what came back cannot be given out again; it is not put on the shelf."""
    for title_id, count in sorted(copies.items()):
        _note(
            session, title_id, store, "written-off", count, order_id=order_id, principal=principal
        )


def receive(
    session: Session, principal: Principal, title_id: uuid.UUID, store: str, copies: int
) -> None:
    """Take in copies from the printer or another store; the first ones open the store's row."""
    open_row(session, title_id, store)
    _must(_change(session, title_id, store, sa.true(), on_hand=copies))
    _note(session, title_id, store, "received", copies, on_hand=copies, principal=principal)


def open_row(session: Session, title_id: uuid.UUID, store: str) -> None:
    """See to it that a store has a row for a title."""
    row = postgresql.insert(Stock).values(title_id=title_id, store=store, on_hand=0, reserved=0)
    session.execute(row.on_conflict_do_nothing())


def write_off(
    session: Session,
    principal: Principal,
    title_id: uuid.UUID,
    store: str,
    copies: int,
    *,
    reason: str,
) -> None:
    """Take copies off the shelf that can no longer be given out.

    Raises:
        Problem: 409 ``stock-promised``: fewer are free.
    """
    if not _change(session, title_id, store, fits(copies), on_hand=-copies):
        raise _promised(session, title_id, store)
    _note(
        session, title_id, store, "written-off", copies,
        on_hand=-copies, reason=reason, principal=principal,
    )  # fmt: skip


def count(
    session: Session,
    principal: Principal,
    title_id: uuid.UUID,
    store: str,
    counted: int,
    *,
    reason: str,
) -> None:
    """Correct what the books say to what was counted on the shelf.

    Raises:
        Problem: 409 ``stock-promised``: more are promised to orders than were counted.
    """
    open_row(session, title_id, store)
    row = session.get_one(Stock, (title_id, store), with_for_update=True, populate_existing=True)
    change = counted - row.on_hand
    if counted < row.reserved:
        raise _promised(session, title_id, store)
    _must(_change(session, title_id, store, Stock.reserved <= counted, on_hand=change))
    _note(
        session, title_id, store, "counted", counted,
        on_hand=change, reason=reason, principal=principal,
    )  # fmt: skip


def _change(
    session: Session,
    title_id: uuid.UUID,
    store: str,
    condition: sa.ColumnElement[bool],
    *,
    on_hand: int = 0,
    reserved: int = 0,
) -> bool:
    changed = session.execute(
        sa.update(Stock)
        .where(Stock.title_id == title_id, Stock.store == store, condition)
        .values(on_hand=Stock.on_hand + on_hand, reserved=Stock.reserved + reserved)
        .execution_options(synchronize_session=False)
    )
    return cast("sa.CursorResult[object]", changed).rowcount == 1


def _must(changed: bool) -> None:
    if not changed:
        raise RuntimeError("The books of a store do not hold what an order says it was promised.")


def _note(
    session: Session,
    title_id: uuid.UUID,
    store: str,
    kind: MovementKind,
    copies: int,
    *,
    on_hand: int = 0,
    reserved: int = 0,
    order_id: uuid.UUID | None = None,
    reason: str | None = None,
    principal: Principal | None = None,
) -> None:
    session.add(
        Movement(
            title_id=title_id,
            store=store,
            kind=kind,
            copies=copies,
            on_hand=on_hand,
            reserved=reserved,
            order_id=order_id,
            reason=reason,
            by_name=principal.name if principal else None,
            at=utc_now(),
        )
    )
    session.flush()


def _promised(session: Session, title_id: uuid.UUID, store: str) -> Problem:
    row = session.get_one(Stock, (title_id, store), populate_existing=True)
    return Problem(
        409,
        "stock-promised",
        lazy("%(count)s copies are promised to orders.", count=row.reserved),
        lazy("Fewer cannot be left. Please cancel or pass on orders first, or count again."),
    )
