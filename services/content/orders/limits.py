"""How many copies of a title one person may have within some days.

A person is whoever shares a telephone number or a doorstep; both are kept as keyed hashes. That
holds back who simply orders twice. It does not hold who has several numbers and writes the address
in another way, and a household shares one limit: more would need an identity, which a brochure is
not worth.
"""

from __future__ import annotations

import unicodedata
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.chassis import crypto
from services.chassis.i18n import Text, lazy
from services.chassis.problems import FieldError, Invalid
from services.content.orders.models import Order, OrderLine
from services.content.orders.schemas import Address
from services.content.stock.models import Title


def doorstep(address: Address) -> str:
    """An address without what does not tell doors apart: width, case, spaces and dashes."""
    text = f"{address.district}{address.subdistrict}{address.community}{address.line}"
    plain = unicodedata.normalize("NFKC", text).casefold()
    return "".join(char for char in plain if char.isalnum())


def hold(session: Session, phone: str, address: Address | None) -> None:
    """Have two orders of one person go one after the other, so that both are counted.

    Telephone and doorstep are locked in a fixed order: two people with one of each in common
    never wait for each other.
    """
    for key in sorted({phone, doorstep(address) if address else phone}):
        lock = sa.func.hashtextextended(crypto.fingerprint(key), 0)
        session.execute(sa.select(sa.func.pg_advisory_xact_lock(lock)))


def check(
    session: Session,
    phone: str,
    address: Address | None,
    wanted: Sequence[tuple[Title, int]],
    now: datetime,
) -> None:
    """Refuse what is more than one person may have.

    Raises:
        Invalid: beside each title of which it is too much, how many more there can be.
    """
    errors = []
    for title, copies in wanted:
        since = now - timedelta(days=title.per_days)
        left = max(title.most_each - _had(session, title.id, phone, address, since), 0)
        if copies > left:
            errors.append(FieldError(f"copies.{title.slug}", _sentence(title, left)))
    if errors:
        raise Invalid(errors)


def _sentence(title: Title, left: int) -> Text:
    if left == title.most_each:
        return lazy(
            "One person can have at most %(most)s within %(days)s days. Organisations can ask for "
            "more.",
            most=title.most_each,
            days=title.per_days,
        )
    if left:
        return lazy("You have ordered this before. You can have %(left)s more for now.", left=left)
    return lazy(
        "You have had as many as one person can have within %(days)s days.", days=title.per_days
    )


def _had(
    session: Session,
    title_id: uuid.UUID,
    phone: str,
    address: Address | None,
    since: datetime,
) -> int:
    same: list[sa.ColumnElement[bool]] = [Order.phone_hash.in_(crypto.fingerprints(phone))]
    if address is not None:
        same.append(Order.address_hash.in_(crypto.fingerprints(doorstep(address))))
    had = session.scalar(
        sa.select(sa.func.sum(OrderLine.copies))
        .join(Order, Order.id == OrderLine.order_id)
        .where(
            OrderLine.title_id == title_id,
            Order.headcount.is_(None),
            Order.state.not_in(["cancelled", "returned"]),
            Order.placed_at >= since,
            sa.or_(*same),
        )
    )
    return had or 0
