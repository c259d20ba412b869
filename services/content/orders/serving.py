"""Which store serves an order, and what to say when none can.

An order is one parcel from one store: that of its district when everything is there, else the
city's. It is never put together from two, which would be two parcels and two days.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from services.chassis.i18n import Text, lazy
from services.chassis.problems import FieldError, Invalid
from services.content.stock import moving
from services.content.stock.models import Title
from services.content.stock.stores import CITY

Wanted = Sequence[tuple[Title, int]]


class TooFew(Invalid):
    """Too few copies are left; ``some``: of at least one title there are any."""

    def __init__(self, errors: Sequence[FieldError], *, some: bool) -> None:
        super().__init__(errors)
        self.some = some


@dataclass(frozen=True)
class Served:
    """The store that promised the copies, and how many of each title."""

    store: str
    copies: moving.Copies


def serve(
    session: Session, district: str, wanted: Wanted, order_id: uuid.UUID, *, take_less: bool
) -> Served:
    """Promise the copies of an order.

    Args:
        take_less: where no store has everything, take what there is at the one that has most.

    Raises:
        Invalid: beside each title of which too few are left, how many there are.
    """
    copies = {title.id: count for title, count in wanted}
    stores = [district, CITY]
    for store in stores:
        if not moving.reserve(session, store, copies, order_id):
            return Served(store, copies)
    left = {store: _left(session, store, copies) for store in stores}
    best = max(stores, key=lambda store: sum(left[store].values()))
    less = {title_id: count for title_id, count in left[best].items() if count}
    if take_less and less and not moving.reserve(session, best, less, order_id):
        return Served(best, less)
    raise too_few(wanted, left[best])


def serve_from(session: Session, store: str, wanted: Wanted, order_id: uuid.UUID) -> Served:
    """Promise the copies of an order from one given store.

    Raises:
        Invalid: beside each title of which too few are left, how many there are.
    """
    copies = {title.id: count for title, count in wanted}
    if moving.reserve(session, store, copies, order_id):
        raise too_few(wanted, _left(session, store, copies))
    return Served(store, copies)


def _left(session: Session, store: str, copies: moving.Copies) -> dict[uuid.UUID, int]:
    return {
        title_id: min(count, max(moving.free(session, title_id, store), 0))
        for title_id, count in copies.items()
    }


def too_few(wanted: Wanted, left: moving.Copies) -> TooFew:
    """What is said beside each title of which fewer are left than wanted."""
    short = [(title, left[title.id]) for title, count in wanted if left[title.id] < count]
    # Somebody else took the last ones between the two looks: none is promised all the same.
    return TooFew(
        [
            FieldError(f"copies.{title.slug}", _sentence(count))
            for title, count in short or [(title, 0) for title, _ in wanted]
        ],
        some=any(left.values()),
    )


def _sentence(left: int) -> Text:
    if left:
        return lazy("Only %(left)s left at the moment.", left=left)
    return lazy("None left at the moment.")
