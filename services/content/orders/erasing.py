"""Erasing: whose door it was goes, what went out and where from stays as the count.

`docs/retention.md` says of every column that holds personal data when it goes.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.chassis.database import utc_now
from services.chassis.events import publish
from services.chassis.i18n import lazy
from services.chassis.problems import Problem
from services.chassis.settings import settings
from services.content.database import database
from services.content.orders import links, places
from services.content.orders.events import OrderErased
from services.content.orders.models import Batch, Order, OrderLine
from services.content.orders.moves import OPEN, OVER
from services.content.orders.reading import last_step
from services.content.orders.service import end, of_link
from services.content.stock.models import Title

# A parcel of which nobody has said a word for so long has come, or never will.
UNHEARD_OF = timedelta(days=60)
# Orders that one transaction of the tick erases.
AT_ONCE = 200
# No limit per person counts longer than this (a check of ``titles`` holds it to that).
_LONGEST_LIMIT = timedelta(days=365)


def erase_own(token: str) -> None:
    """Erase an order's personal data at once, because its holder asks for it.

    One that is not packed yet is cancelled first. The hashes of telephone and doorstep stay until
    the limits per person of its titles no longer count it.

    Raises:
        LinkNotValid: the token is forged or damaged.
        Problem: 409 ``order-under-way``: the parcel still needs its address; 410 ``order-erased``.
    """
    with database.transaction() as session:
        order = of_link(session, token, lock=True)
        if order.state in OPEN:
            end(session, order)
        if order.at not in OVER:
            raise Problem(
                409,
                "order-under-way",
                lazy("The parcel still needs its address."),
                lazy("Please come back when it has arrived; then it can be erased at once."),
            )
        _erase(session, order, utc_now())


def erase_old() -> int:
    """Erase orders whose time has come (``LINGBAO_ORDER_RETENTION_DAYS`` after their end).

    One that left the store and was never said to have arrived counts as over after
    :data:`UNHEARD_OF`.

    Returns:
        How many were erased.
    """
    now = utc_now()
    before = now - timedelta(days=settings().order_retention_days)
    forgotten = sa.and_(Order.state.in_(["sent", "ready"]), last_step() < before - UNHEARD_OF)
    old = sa.or_(Order.over_at < before, forgotten)
    done = 0
    while True:
        with database.transaction() as session:
            due = session.scalars(
                sa.select(Order)
                .where(old, Order.erased_at.is_(None))
                .limit(AT_ONCE)
                .with_for_update(of=Order, skip_locked=True)
            ).all()
            for order in due:
                _erase(session, order, now)
        done += len(due)
        if len(due) < AT_ONCE:
            break
    with database.transaction() as session:
        _forget_hashes(session, now)
        links.forget(session, now)
        places.forget(session, now, settings().order_retention_days)
        session.execute(sa.delete(Batch).where(Batch.at < before))
    return done


def _erase(session: Session, order: Order, now: datetime) -> None:
    for name in (
        "name", "phone", "email", "email_hash", "subdistrict", "community", "address_line",
        "organisation", "purpose", "reason", "tracking",
    ):  # fmt: skip
        setattr(order, name, None)
    order.missing_at = None
    order.erased_at = now
    order.version += 1
    session.flush()
    publish(session, OrderErased(subject_id=order.id, version=order.version))


def _forget_hashes(session: Session, now: datetime) -> None:
    """Drop the hashes of erased orders that no limit per person counts any more."""
    longest = (
        sa.select(sa.func.max(Title.per_days))
        .join(OrderLine, OrderLine.title_id == Title.id)
        .where(OrderLine.order_id == Order.id)
        .scalar_subquery()
    )
    counted_until = Order.placed_at + sa.func.make_interval(0, 0, 0, sa.func.coalesce(longest, 0))
    session.execute(
        sa.update(Order)
        .where(
            Order.erased_at.is_not(None),
            sa.or_(Order.phone_hash.is_not(None), Order.address_hash.is_not(None)),
            sa.or_(counted_until < now, Order.placed_at < now - _LONGEST_LIMIT),
        )
        .values(phone_hash=None, address_hash=None)
        .execution_options(synchronize_session=False)
    )
