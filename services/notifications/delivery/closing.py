"""Ending what waits and will not be sent: a portion at a time, however much it is."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.notifications.database import database
from services.notifications.delivery.models import Delivery

# So many rows change their state in some seconds, which every statement has time for.
AT_ONCE: Final = 50_000


def close_some(session: Session, which: sa.ColumnElement[bool], state: str) -> int:
    """End what waits, :data:`AT_ONCE` at most; whoever calls comes again for the rest.

    A row that a worker claims at this moment is the worker's.

    Returns:
        How many that were.
    """
    some = (
        sa.select(Delivery.id)
        .where(Delivery.state == "pending", which)
        .limit(AT_ONCE)
        .with_for_update(skip_locked=True)
        .cte("some")
        .prefix_with("MATERIALIZED")
    )
    gone = session.scalars(
        sa.update(Delivery)
        .where(Delivery.id == some.c.id)
        .values(state=state)
        .returning(Delivery.id)
        .execution_options(synchronize_session=False)
    )
    return len(gone.all())


def expire(now: datetime) -> int:
    """Close what is too late to send.

    Returns:
        How many that were.
    """
    with database.transaction() as session:
        return close_some(session, Delivery.expires_at <= now, "expired")
