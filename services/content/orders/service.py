"""What whoever orders can do: order, look, change the address, cancel, say whether it came."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.chassis import crypto
from services.chassis.database import new_id, utc_now
from services.chassis.i18n import lazy
from services.chassis.idempotency import NOT_REPEATED, Once
from services.chassis.problems import FieldError, Invalid, LinkNotValid, Problem
from services.content.database import database
from services.content.orders import limits, places
from services.content.orders.events import tell
from services.content.orders.models import Desk, Order, OrderLine
from services.content.orders.moves import OPEN, PROMISED, STATE_NAMES
from services.content.orders.numbers import fresh_number
from services.content.orders.schemas import Address, OrderIn, OrderOut, Placed
from services.content.orders.serving import Served, Wanted, serve
from services.content.stock import moving
from services.content.stock.models import Stock
from services.content.stock.reading import by_slugs
from services.content.stock.stores import CITY


def place(
    wanted: OrderIn, once: Once = NOT_REPEATED, *, order_id: uuid.UUID | None = None
) -> Placed:
    """Take an order: its copies are promised to it before anybody is told that it is one.

    An organisation's waits for approval, and nothing is promised to it until then.

    Args:
        order_id: its id, where the caller needs to know it beforehand; else a fresh one.

    Raises:
        Invalid: a title is not offered; more than one person may have; too few are left (with
            ``take_less`` only when none is); the desk takes no orders.
    """
    with database.transaction() as session:
        if answer := once.first_answer(session):
            return Placed.model_validate(answer)
        now = utc_now()
        titles = _titles(session, wanted.copies)
        order = _fresh(session, wanted, order_id or new_id(), now)
        if wanted.organisation is None:
            limits.hold(session, wanted.phone, wanted.address)
            limits.check(session, wanted.phone, wanted.address, titles, now)
            served = serve(session, order.district, titles, order.id, take_less=wanted.take_less)
            order.stand("ordered")
        else:
            served = _asked_of(session, order.district, titles)
            order.stand("requested")
        order.store, order.version = served.store, 1
        order.lines = [
            OrderLine(title_id=title.id, asked=asked, copies=served.copies[title.id])
            for title, asked in titles
            if title.id in served.copies
        ]
        session.add(order)
        if wanted.address is not None:
            places.note(session, wanted.address, now)
        session.flush()
        session.refresh(order)
        tell(session, order)
        done = Placed(
            id=order.id,
            number=order.number,
            state=order.at,
            copies={line.title.slug: line.copies for line in order.lines},
            manage_url=order.url,
        )
        once.keep(session, done.model_dump(mode="json"))
        return done


def look(token: str) -> OrderOut:
    """An order, for whoever holds its link.

    Raises:
        LinkNotValid: the token is forged or damaged.
        Problem: 410 ``order-erased``.
    """
    with database.transaction() as session:
        return OrderOut.of(of_link(session, token))


def readdress(token: str, address: Address) -> OrderOut:
    """Have it brought to another door, as long as it is not packed.

    The store that keeps the copies stays the same.

    Raises:
        LinkNotValid: the token is forged or damaged.
        Problem: 409 ``order-STATE``; 410 ``order-erased``.
    """
    with database.transaction() as session:
        order = of_link(session, token, lock=True)
        if order.state not in OPEN or order.way != "door":
            raise _too_late(order)
        _address(order, address)
        order.version += 1
        # Not noted as a place: one person who corrects an address thrice is not several people.
        session.flush()
        return OrderOut.of(order)


def cancel(token: str) -> OrderOut:
    """Take an order back, as long as it is not packed. Doing so twice changes nothing.

    Raises:
        LinkNotValid: the token is forged or damaged.
        Problem: 409 ``order-STATE``; 410 ``order-erased``.
    """
    with database.transaction() as session:
        order = of_link(session, token, lock=True)
        if order.state == "cancelled":
            return OrderOut.of(order)
        if order.state not in OPEN:
            raise _too_late(order)
        end(session, order)
        tell(session, order, by_office=False)
        return OrderOut.of(order)


def end(session: Session, order: Order) -> None:
    """Cancel a locked order; what was promised to it is free again.

    Raises:
        Problem: 409 ``order-STATE``.
    """
    promised = order.at in PROMISED
    order.move("cancelled")
    if promised:
        moving.release(session, order.store, order.copies, order.id)
    session.flush()


def arrived(token: str) -> OrderOut:
    """Whoever ordered says that it is there. Doing so twice changes nothing.

    Raises:
        LinkNotValid: the token is forged or damaged.
        Problem: 409 ``order-STATE``; 410 ``order-erased``.
    """
    with database.transaction() as session:
        order = of_link(session, token, lock=True)
        order.missing_at = None
        if order.state != "delivered":
            order.move("delivered")
            session.flush()
            tell(session, order, by_office=False)
        return OrderOut.of(order)


def missing(token: str) -> OrderOut:
    """Whoever ordered says that it has not come; staff see it and look for it.

    The time until it is erased counts from then on, since staff still need the address.

    Raises:
        LinkNotValid: the token is forged or damaged.
        Problem: 409 ``order-STATE``; 410 ``order-erased``.
    """
    with database.transaction() as session:
        order = of_link(session, token, lock=True)
        if order.state not in ("sent", "delivered"):
            raise _too_late(order)
        order.missing_at = order.missing_at or utc_now()
        if order.over_at is not None:
            order.over_at = order.missing_at
        session.flush()
        return OrderOut.of(order)


def of_link(session: Session, token: str, *, lock: bool = False) -> Order:
    """The order of a link, with ``lock`` so that nobody else changes it meanwhile.

    Raises:
        LinkNotValid: the token is forged or damaged.
        Problem: 410 ``order-erased``.
    """
    try:
        identifier = crypto.read_id("order", token)
    except crypto.TokenError as error:
        raise LinkNotValid from error
    order = session.get(Order, identifier, with_for_update={"of": Order} if lock else None)
    if order is None:
        raise LinkNotValid
    if order.erased_at is not None:
        raise Problem(
            410,
            "order-erased",
            lazy("The data of this order has been erased."),
            lazy("Nothing is left of it but how many copies went out."),
        )
    return order


def _titles(session: Session, copies: Mapping[str, int]) -> Wanted:
    found = by_slugs(session, copies.keys())
    if unknown := [slug for slug in copies if slug not in found]:
        sentence = lazy(
            "“%(title)s” can no longer be ordered. The others are still chosen.",
            title=unknown[0][:60],
        )
        raise Invalid([FieldError("copies", sentence)])
    return [(found[slug], count) for slug, count in copies.items()]


def _fresh(session: Session, wanted: OrderIn, order_id: uuid.UUID, now: datetime) -> Order:
    order = Order(
        id=order_id,
        number=fresh_number(),
        way=wanted.way,
        language=wanted.language,
        name=wanted.name,
        phone=wanted.phone,
        phone_hash=crypto.fingerprint(wanted.phone),
        email=wanted.email,
        email_hash=crypto.fingerprint(wanted.email.casefold()) if wanted.email else None,
        history=[],
        version=0,
        placed_at=now,
    )
    if wanted.organisation is not None:
        order.organisation = wanted.organisation.name
        order.headcount = wanted.organisation.headcount
        order.purpose = wanted.organisation.purpose
    if wanted.way == "desk":
        order.desk_id = wanted.desk_id
        order.district = _open_desk(session, wanted.desk_id).district
    elif wanted.address is not None:
        _address(order, wanted.address)
    return order


def _address(order: Order, address: Address) -> None:
    order.district = address.district
    order.subdistrict = address.subdistrict
    order.community = address.community
    order.address_line = address.line
    order.address_hash = crypto.fingerprint(limits.doorstep(address))


def _open_desk(session: Session, desk_id: uuid.UUID | None) -> Desk:
    desk = session.get(Desk, desk_id) if desk_id else None
    if desk is None or not desk.is_open:
        sentence = lazy("This desk takes no orders now; please choose another.")
        raise Invalid([FieldError("desk_id", sentence)])
    return desk


def _asked_of(session: Session, district: str, wanted: Wanted) -> Served:
    """The store that is to approve: the district's where it has one, else the city's."""
    has_one = session.scalar(sa.select(sa.exists().where(Stock.store == district)))
    store = district if has_one else CITY
    return Served(store, {title.id: count for title, count in wanted})


def _too_late(order: Order) -> Problem:
    return Problem(
        409,
        f"order-{order.state}",
        lazy(
            "This is no longer possible: the order stands at “%(state)s”.",
            state=STATE_NAMES[order.state],
        ),
        lazy("Please call the office if something has to be changed."),
    )
