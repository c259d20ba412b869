"""Forgetting what people wrote with their answers: with the person, or when it has served."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.chassis.settings import settings
from services.notifications.answers.models import Answer
from services.notifications.database import database
from services.notifications.delivery.models import Delivery


def forget(session: Session, own: sa.ColumnElement[bool]) -> None:
    """Make the answers to these deliveries nobody's; that there was an answer still counts.

    Args:
        own: which deliveries; called while they still have their addresses.
    """
    session.execute(
        sa.update(Answer)
        .where(Answer.delivery_id.in_(sa.select(Delivery.id).where(own)))
        # The same word as in the delivery, so that it still counts as answered.
        .values(
            note=None,
            contact_id=None,
            address_hash=sa.func.concat("erased/", sa.cast(Answer.delivery_id, sa.Text)),
        )
        .execution_options(synchronize_session=False)
    )


def forget_old(now: datetime) -> None:
    """Erase notes that are older than the retention time (``LINGBAO_RETENTION_DAYS``)."""
    with database.transaction() as session:
        session.execute(
            sa.update(Answer)
            .where(
                Answer.answered_at < now - timedelta(days=settings().retention_days),
                Answer.note.is_not(None),
            )
            .values(note=None)
            .execution_options(synchronize_session=False)
        )
