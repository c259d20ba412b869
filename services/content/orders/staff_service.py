"""What staff do with one order: approve it, cancel it, take it back, hand it out."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.chassis import audit
from services.chassis.auth import Principal
from services.chassis.database import new_id, utc_now
from services.chassis.i18n import lazy
from services.chassis.idempotency import NOT_REPEATED, Once
from services.chassis.problems import FieldError, Invalid, NotFound
from services.content.activities_seen.models import ActivitySeen
from services.content.database import database
from services.content.orders.events import tell
from services.content.orders.models import Order, OrderLine
from services.content.orders.numbers import fresh_number
from services.content.orders.schemas import OrderForStaff
from services.content.orders.service import end
from services.content.orders.serving import serve_from
from services.content.orders.staff_schemas import (
    ActivityOrderIn,
    ApproveIn,
    CancelIn,
    HandedIn,
    ReturnIn,
)
from services.content.stock import moving
from services.content.stock.models import Title
from services.content.stock.stores import CITY, district_of


def approve(principal: Principal, order_id: uuid.UUID, wanted: ApproveIn) -> OrderForStaff:
    """Say how much an organisation gets; the copies are promised, and it is told.

    Raises:
        NotFound: there is none.
        Invalid: too few are left, or nothing is approved at all.
        Problem: 403 ``other-district``, 409 ``order-STATE``.
    """
    with database.transaction() as session:
        order = locked(session, principal, order_id)
        store = wanted.store or order.store
        principal.must_cover(district_of(store))
        order.move("ordered")
        _must_be_in(order, "copies", wanted.copies)
        for line in order.lines:
            line.copies = wanted.copies.get(line.title.slug, line.asked)
        given = [(line.title, line.copies) for line in order.lines if line.copies]
        if not given:
            sentence = lazy("Please approve some copies, or cancel the order with a reason.")
            raise Invalid([FieldError("copies", sentence)])
        serve_from(session, store, given, order.id)
        order.store = store
        return _done(session, principal, order)


def pass_on(principal: Principal, order_id: uuid.UUID) -> OrderForStaff:
    """Hand a district's request to the city, whose store has more.

    Raises:
        NotFound: there is none.
        Problem: 403 ``other-district``, 409 ``order-STATE``.
    """
    with database.transaction() as session:
        order = locked(session, principal, order_id)
        if order.state != "requested":
            order.move("requested")  # no move leads there: it says where the order stands
        order.store = CITY
        order.version += 1
        _record(session, principal, order, "passed-on")
        session.flush()
        return OrderForStaff.of(order)


def cancel(principal: Principal, order_id: uuid.UUID, wanted: CancelIn) -> OrderForStaff:
    """Cancel an order that has not left the store; whoever ordered is told why.

    Raises:
        NotFound: there is none.
        Problem: 403 ``other-district``, 409 ``order-STATE``.
    """
    with database.transaction() as session:
        order = locked(session, principal, order_id)
        order.reason = wanted.reason
        end(session, order)
        return _done(session, principal, order)


def came_back(principal: Principal, order_id: uuid.UUID, wanted: ReturnIn) -> OrderForStaff:
    """Take back a parcel: its copies go on the shelf again, or are written off.

    Whoever ordered is told, with the reason.

    Raises:
        NotFound: there is none.
        Problem: 403 ``other-district``, 409 ``order-STATE``.
    """
    with database.transaction() as session:
        order = locked(session, principal, order_id)
        order.move("returned")
        order.missing_at = None
        # Of an erased order nothing is told and nothing more is kept.
        order.reason = wanted.reason if order.erased_at is None else None
        if wanted.fit == "yes":
            moving.take_back(session, order.store, order.copies, order.id)
        else:
            moving.write_off_returned(session, principal, order.store, order.copies, order.id)
        return _done(session, principal, order)


def looked_into(principal: Principal, order_id: uuid.UUID) -> OrderForStaff:
    """Note that what was said to be missing was looked into; doing so twice changes nothing.

    Raises:
        NotFound: there is none.
        Problem: 403 ``other-district``.
    """
    with database.transaction() as session:
        order = locked(session, principal, order_id)
        if order.missing_at is not None:
            order.missing_at = None
            _record(session, principal, order, "looked-into")
            session.flush()
        return OrderForStaff.of(order)


def order_for_activity(
    principal: Principal,
    wanted: ActivityOrderIn,
    once: Once = NOT_REPEATED,
    *,
    order_id: uuid.UUID | None = None,
) -> OrderForStaff:
    """Have brochures packed for an activity.

    Args:
        order_id: its id, where the caller needs to know it beforehand; else a fresh one.

    Raises:
        Invalid: there is no such activity or title, or too few copies are left.
        Problem: 403 ``other-district``.
    """
    with database.transaction() as session:
        if answer := once.first_answer(session):
            found = session.get_one(Order, uuid.UUID(answer["id"]))
            return OrderForStaff.of(found)
        principal.must_cover(district_of(wanted.store))
        activity = session.get(ActivitySeen, wanted.activity_id)
        if activity is None or activity.status != "published":
            sentence = lazy("There is no such activity.")
            raise Invalid([FieldError("activity_id", sentence)])
        principal.must_cover(activity.district)
        order = Order(
            id=order_id or new_id(),
            number=fresh_number(),
            way="activity",
            language="zh-CN",
            store=wanted.store,
            district=activity.district or "",
            activity_id=activity.id,
            history=[],
            version=0,
            placed_at=utc_now(),
        )
        titles = _titles(session, wanted.copies)
        serve_from(session, wanted.store, titles, order.id)
        order.stand("ordered")
        order.lines = [
            OrderLine(title_id=title.id, asked=count, copies=count) for title, count in titles
        ]
        session.add(order)
        session.flush()
        session.refresh(order)
        done = _done(session, principal, order)
        once.keep(session, {"id": str(order.id)})
        return done


def hand_out(principal: Principal, order_id: uuid.UUID, wanted: HandedIn) -> OrderForStaff:
    """Book out what was handed out at an activity; the rest is on the shelf again.

    Raises:
        NotFound: there is none.
        Invalid: more is said to have been handed out than was packed.
        Problem: 403 ``other-district``, 409 ``order-STATE``.
    """
    with database.transaction() as session:
        order = locked(session, principal, order_id)
        order.move("handed-out")
        _must_be_in(order, "handed", wanted.handed)
        errors = []
        for line in order.lines:
            line.handed = wanted.handed.get(line.title.slug, line.copies)
            if line.handed > line.copies:
                sentence = lazy("Only %(count)s were packed.", count=line.copies)
                errors.append(FieldError(f"handed.{line.title.slug}", sentence))
        if errors:
            raise Invalid(errors)
        out = {line.title_id: line.handed for line in order.lines if line.handed}
        rest = {
            line.title_id: line.copies - (line.handed or 0)
            for line in order.lines
            if line.copies > (line.handed or 0)
        }
        moving.send_out(session, order.store, out, order.id)
        moving.release(session, order.store, rest, order.id)
        return _done(session, principal, order)


def locked(session: Session, principal: Principal, order_id: uuid.UUID) -> Order:
    """An order of the caller's stores, which nobody else changes until the transaction ends.

    Raises:
        NotFound: there is none.
        Problem: 403 ``other-district``.
    """
    order = session.get(Order, order_id, with_for_update={"of": Order})
    if order is None:
        raise NotFound(lazy("There is no such order."))
    principal.must_cover(district_of(order.store))
    return order


def _done(session: Session, principal: Principal, order: Order) -> OrderForStaff:
    """What every act of staff that whoever ordered hears of ends with."""
    session.flush()
    tell(session, order)
    _record(session, principal, order, order.state)
    return OrderForStaff.of(order)


def _record(session: Session, principal: Principal, order: Order, act: str) -> None:
    audit.record(
        session,
        principal,
        f"order.{act}",
        f"order/{order.id}",
        district=district_of(order.store),
        detail=order.number,
    )


def _must_be_in(order: Order, field: str, counts: Mapping[str, int]) -> None:
    """Refuse a count of a title that the order is not for: it would be passed over in silence."""
    ours = {line.title.slug for line in order.lines}
    if unknown := [slug for slug in counts if slug not in ours]:
        sentence = lazy("This order is not for “%(title)s”.", title=unknown[0][:60])
        raise Invalid([FieldError(field, sentence)])


def _titles(session: Session, copies: Mapping[str, int]) -> list[tuple[Title, int]]:
    rows = session.scalars(sa.select(Title).where(Title.slug.in_(copies.keys())))
    found = {title.slug: title for title in rows}
    if len(found) < len(copies):
        raise Invalid([FieldError("copies", lazy("There is no such title."))])
    return [(found[slug], count) for slug, count in copies.items()]
