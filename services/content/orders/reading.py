"""Reading orders: for staff, by store and state; what is to be picked; what waits."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from pydantic import TypeAdapter, ValidationError
from sqlalchemy.orm import Session

from services.chassis import crypto
from services.chassis.auth import Principal
from services.chassis.database import utc_now
from services.chassis.fields import Phone
from services.chassis.i18n import lazy, localized
from services.chassis.lists import DEFAULT_LIMIT, Page, page_of
from services.chassis.problems import NotFound
from services.content.activities_seen.models import ActivitySeen
from services.content.database import database
from services.content.orders.models import Order
from services.content.orders.moves import State, Way
from services.content.orders.numbers import normal
from services.content.orders.schemas import OrderForStaff
from services.content.stock.models import Stock
from services.content.stock.stores import district_of

# After so long on its way without word somebody should ask the carrier, or who is to fetch it.
LONG_UNDER_WAY = timedelta(days=10)
_PHONE: TypeAdapter[str] = TypeAdapter(Phone)


@dataclass(frozen=True)
class Filters:
    """What to look for; ``None`` and an empty text are no condition.

    Attributes:
        words: an order's number, a telephone number or an e-mail address.
        late: said to be missing, long under way, or long at its desk.
    """

    state: State | None = None
    store: str | None = None
    way: Way | None = None
    words: str = ""
    late: bool = False


@dataclass(frozen=True)
class Pick:
    """How many copies of a title are to be taken from which shelf, for all orders together."""

    shelf: str
    title: dict[str, str]
    copies: int


@dataclass(frozen=True)
class Picking:
    """The list of one store: what to take, and the orders that it is for."""

    store: str
    picks: list[Pick]
    orders: list[OrderForStaff]


@dataclass(frozen=True)
class Coming:
    """An activity that brochures may go with."""

    id: uuid.UUID
    title: dict[str, str]
    district: str | None


def list_orders(
    principal: Principal,
    filters: Filters,
    *,
    cursor: str | None = None,
    limit: int = DEFAULT_LIMIT,
) -> Page[OrderForStaff]:
    """Orders of the caller's stores, the newest first.

    Raises:
        Problem: 400 ``bad-cursor``, 403 ``other-district``.
    """
    query = sa.select(Order).where(_theirs(principal))
    if filters.state:
        query = query.where(Order.state == filters.state)
    if filters.store:
        principal.must_cover(district_of(filters.store))
        query = query.where(Order.store == filters.store)
    if filters.way:
        query = query.where(Order.way == filters.way)
    if filters.late:
        query = query.where(_late())
    if filters.words:
        query = query.where(_called(filters.words))
    with database.transaction() as session:
        page = page_of(session, query, [Order.id], cursor=cursor, limit=limit, descending=True)
        return page.map(OrderForStaff.of)


def get_order(principal: Principal, order_id: uuid.UUID) -> OrderForStaff:
    """An order of the caller's stores.

    Raises:
        NotFound: there is none.
        Problem: 403 ``other-district``.
    """
    with database.transaction() as session:
        return _found(principal, session.get(Order, order_id))


def by_number(principal: Principal, number: str) -> OrderForStaff:
    """The order whose label says that number.

    Raises:
        NotFound: there is none.
        Problem: 403 ``other-district``.
    """
    with database.transaction() as session:
        found = session.scalar(sa.select(Order).where(Order.number == normal(number)))
        return _found(principal, found)


def several(principal: Principal, ids: Sequence[uuid.UUID]) -> list[OrderForStaff]:
    """Some orders of the caller's stores, by store and number."""
    query = sa.select(Order).where(Order.id.in_(ids), _theirs(principal))
    with database.transaction() as session:
        rows = session.scalars(query.order_by(Order.store, Order.number))
        return [OrderForStaff.of(order) for order in rows]


def picking(principal: Principal, ids: Sequence[uuid.UUID]) -> list[Picking]:
    """What is to be taken from the shelves: for chosen orders, or all that wait to be packed."""
    query = sa.select(Order).where(Order.state == "ordered", _theirs(principal))
    if ids:
        query = query.where(Order.id.in_(ids))
    with database.transaction() as session:
        orders = session.scalars(query.order_by(Order.store, Order.id)).all()
        by_store: dict[str, list[Order]] = {}
        for order in orders:
            by_store.setdefault(order.store, []).append(order)
        return [
            Picking(
                store, _picks(session, store, some), [OrderForStaff.of(order) for order in some]
            )
            for store, some in by_store.items()
        ]


def counts(principal: Principal) -> dict[str, int]:
    """How many of the caller's orders stand at each state."""
    query = (
        sa.select(Order.state, sa.func.count().label("number"))
        .where(_theirs(principal))
        .group_by(Order.state)
    )
    with database.transaction() as session:
        return {row.state: row.number for row in session.execute(query)}


def count_late(principal: Principal) -> int:
    """How many are said to be missing or are long under way."""
    query = sa.select(sa.func.count(Order.id)).where(_late(), _theirs(principal))
    with database.transaction() as session:
        return session.scalar(query) or 0


def waiting_for(principal: Principal) -> dict[str, int]:
    """What staff have to do: ``requested`` to answer, ``ordered`` to pack, ``late`` to look for.

    What is none is left out.
    """
    by_state = counts(principal)
    waiting = {state: by_state.get(state, 0) for state in ("requested", "ordered")}
    waiting["late"] = count_late(principal)
    return {state: count for state, count in waiting.items() if count}


def coming_activities(principal: Principal) -> list[Coming]:
    """Activities of the caller's offices that are still to come, the next first."""
    query = (
        sa.select(ActivitySeen)
        .where(ActivitySeen.status == "published", ActivitySeen.ends_at > utc_now())
        .order_by(ActivitySeen.starts_at)
        .limit(100)
    )
    if principal.district is not None:
        query = query.where(ActivitySeen.district == principal.district)
    with database.transaction() as session:
        return [Coming(one.id, one.title, one.district) for one in session.scalars(query)]


def activity_title(activity_id: uuid.UUID) -> str:
    """What an activity is called; empty when it is not known (any more)."""
    with database.transaction() as session:
        found = session.get(ActivitySeen, activity_id)
        return localized(found.title) if found else ""


def _picks(session: Session, store: str, orders: Sequence[Order]) -> list[Pick]:
    rows = session.execute(sa.select(Stock.title_id, Stock.shelf).where(Stock.store == store))
    shelves: dict[uuid.UUID, str] = {row.title_id: row.shelf for row in rows}
    copies: dict[uuid.UUID, int] = {}
    titles: dict[uuid.UUID, dict[str, str]] = {}
    for order in orders:
        for line in order.lines:
            copies[line.title_id] = copies.get(line.title_id, 0) + line.copies
            titles[line.title_id] = line.title.title
    picks = [Pick(shelves.get(one, ""), titles[one], count) for one, count in copies.items()]
    return sorted(picks, key=lambda pick: (pick.shelf, localized(pick.title)))


def _found(principal: Principal, order: Order | None) -> OrderForStaff:
    if order is None:
        raise NotFound(lazy("There is no such order."))
    principal.must_cover(district_of(order.store))
    return OrderForStaff.of(order)


def last_step() -> sa.ColumnElement[datetime]:
    """When an order came to the state that it stands at."""
    return sa.cast(Order.history[-1]["at"].astext, sa.DateTime(timezone=True))


def _late() -> sa.ColumnElement[bool]:
    for_long = sa.and_(
        Order.state.in_(["sent", "ready"]),
        Order.erased_at.is_(None),
        last_step() < utc_now() - LONG_UNDER_WAY,
    )
    return sa.or_(Order.missing_at.is_not(None), for_long)


def _called(words: str) -> sa.ColumnElement[bool]:
    """Numbers and addresses are found as a whole: they are stored as hashes.

    The hash of a telephone outlives an erased order, for the limit per person; it finds nothing.
    """
    text = words.replace("\0", "").strip()[:100]
    address = [Order.email_hash.in_(crypto.fingerprints(text.casefold()))]
    with contextlib.suppress(ValidationError):  # most of what is typed is no telephone number
        address.append(Order.phone_hash.in_(crypto.fingerprints(_PHONE.validate_python(text))))
    return sa.or_(
        Order.number == normal(text), sa.and_(Order.erased_at.is_(None), sa.or_(*address))
    )


def _theirs(principal: Principal) -> sa.ColumnElement[bool]:
    """A district's staff see their own store's orders; the city's staff see all."""
    return sa.true() if principal.district is None else Order.store == principal.district
