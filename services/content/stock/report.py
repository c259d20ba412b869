"""The stock report: by store, title and month, what came, went, came back and was left."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa

from services.chassis.auth import Principal
from services.chassis.i18n import lazy, localized
from services.chassis.reference import city
from services.chassis.sheets import Value
from services.content.database import database
from services.content.stock.models import Movement, Title
from services.content.stock.stores import CITY, store_name

HEADS = (
    lazy("Month"),
    lazy("Store"),
    lazy("Title"),
    lazy("Received"),
    lazy("Sent out"),
    lazy("Came back"),
    lazy("Written off"),
    lazy("Corrected by counting"),
    lazy("Left at the end of the month"),
)


@dataclass(frozen=True)
class Month:
    """A title in a store in one month of the city's clock.

    ``sent`` and ``written_off`` are what left, so above zero; ``corrected`` is either. What came
    back unfit for use counts as ``written_off`` and never was on the shelf again.
    """

    month: date
    store: str
    title: dict[str, str]
    received: int
    sent: int
    returned: int
    written_off: int
    corrected: int
    left: int


def months(principal: Principal, *, since: date | None = None) -> list[Month]:
    """Every month in which something moved in the caller's stores, the newest first.

    Args:
        since: the first day of the first month to show; what was before counts in ``left``.
    """
    month = sa.func.date_trunc("month", sa.func.timezone(city().timezone, Movement.at))

    def moved(*kinds: str, sign: int = 1) -> sa.ColumnElement[int]:
        return sa.func.coalesce(
            sa.func.sum(Movement.on_hand * sign).filter(Movement.kind.in_(kinds)), 0
        )

    unfit = sa.func.coalesce(sa.func.sum(Movement.copies).filter(Movement.kind == "written-off"), 0)
    grouped = (
        sa.select(
            month.label("month"),
            Movement.store,
            Movement.title_id,
            moved("received").label("received"),
            moved("sent", sign=-1).label("sent"),
            moved("returned").label("returned"),
            unfit.label("written_off"),
            moved("counted").label("corrected"),
            sa.func.sum(sa.func.sum(Movement.on_hand))
            .over(partition_by=(Movement.store, Movement.title_id), order_by=month)
            .label("left"),
        )
        .where(sa.true() if principal.district is None else Movement.store == principal.district)
        .group_by(month, Movement.store, Movement.title_id)
        .subquery()
    )
    query = (
        sa.select(grouped, Title.title)
        .join(Title, Title.id == grouped.c.title_id)
        .order_by(
            grouped.c.month.desc(), grouped.c.store != CITY, grouped.c.store, grouped.c.title_id
        )
    )
    if since is not None:
        query = query.where(grouped.c.month >= since)
    with database.transaction() as session:
        return [
            Month(
                month=row.month.date(),
                store=row.store,
                title=row.title,
                received=int(row.received),
                sent=int(row.sent),
                returned=int(row.returned),
                written_off=int(row.written_off),
                corrected=int(row.corrected),
                left=int(row.left),
            )
            for row in session.execute(query)
        ]


def rows(found: list[Month]) -> Iterator[tuple[Value, ...]]:
    """The report as rows of a table, in the order of :data:`HEADS`."""
    for one in found:
        yield (
            f"{one.month:%Y-%m}",
            store_name(one.store),
            localized(one.title),
            one.received,
            one.sent,
            one.returned,
            one.written_off,
            one.corrected,
            one.left,
        )
