"""Forgetting what came back about somebody's messages."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.notifications.delivery.models import Delivery
from services.notifications.returns.models import ReturnedMessage


def forget(session: Session, own: sa.ColumnElement[bool]) -> None:
    """Delete the returned messages about these deliveries, the address in them with it.

    Args:
        own: which deliveries; called while they still have their addresses.
    """
    session.execute(
        sa.delete(ReturnedMessage)
        .where(ReturnedMessage.delivery_id.in_(sa.select(Delivery.id).where(own)))
        .execution_options(synchronize_session=False)
    )
