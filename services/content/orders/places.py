"""Sub-districts and communities as people wrote them, offered to others who write the same.

There is no list of them here that could be vouched for, so people write them; what several orders
have named is a place's name and nobody's secret. Fewer, and it might be a slip or a person's own
words: those are not shown, and are deleted in time.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, Literal

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from services.chassis import crypto
from services.content.database import database
from services.content.orders.models import PlaceUsed
from services.content.orders.schemas import Address

Part = Literal["subdistrict", "community"]

SHOWN_FROM: Final = 3
_MOST_SHOWN: Final = 400


def note(session: Session, address: Address, now: datetime) -> None:
    """Count the names of an address that an order goes to."""
    _count(session, address.district, "subdistrict", address.subdistrict, now)
    if address.community:
        _count(session, address.district, "community", address.community, now)


def _count(session: Session, district: str, part: Part, name: str, now: datetime) -> None:
    used = postgresql.insert(PlaceUsed).values(
        district=district,
        part=part,
        name_hash=crypto.fingerprint(name.casefold()),
        name=name,
        used_at=now,
    )
    session.execute(
        used.on_conflict_do_update(
            index_elements=[PlaceUsed.district, PlaceUsed.part, PlaceUsed.name_hash],
            set_={"times": PlaceUsed.times + 1, "used_at": now},
        )
    )


def names(part: Part) -> list[tuple[str, str]]:
    """District and name of each place that several orders have named, for autocompletion."""
    with database.transaction() as session:
        rows = session.execute(
            sa.select(PlaceUsed.district, PlaceUsed.name)
            .where(PlaceUsed.part == part, PlaceUsed.times >= SHOWN_FROM)
            .order_by(PlaceUsed.district, PlaceUsed.times.desc())
            .limit(_MOST_SHOWN)
        )
        return [(row.district, row.name) for row in rows]


def forget(session: Session, now: datetime, days: int) -> None:
    """Delete the names that too few orders have given and that were not given again."""
    session.execute(
        sa.delete(PlaceUsed).where(
            PlaceUsed.times < SHOWN_FROM, PlaceUsed.used_at < now - timedelta(days=days)
        )
    )
