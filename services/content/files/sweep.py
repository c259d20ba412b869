"""What nobody can reach any more is deleted: files taken out a while ago, bytes without a file."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
import structlog

from services.chassis.database import utc_now
from services.content.database import database
from services.content.files.models import Blob, StoredFile
from services.content.files.store import store

log = structlog.get_logger(__name__)

# How long what was taken out can be put back.
KEPT_REMOVED: Final = timedelta(days=30)
# Longer than any upload takes: bytes whose file is about to be written are not orphans yet.
_STILL_COMING: Final = timedelta(days=1)
_BATCH: Final = 200


def too_old() -> datetime:
    """Files taken out before this moment are gone for good."""
    return utc_now() - KEPT_REMOVED


def sweep() -> int:
    """Delete files that were taken out long ago, then bytes that belong to no file.

    Nothing is locked while the store is spoken to. Bytes go before their key is forgotten, and a
    key is never used again, so it does no harm when it is done twice or stops half-way.

    Returns:
        How many keys the store was relieved of.
    """
    _forget_removed()
    swept = 0
    while keys := _orphans():
        for key in keys:
            store().delete(key)
        with database.transaction() as session:
            session.execute(sa.delete(Blob).where(Blob.key.in_(keys)))
        swept += len(keys)
    if swept:
        log.info("files.swept", count=swept)
    return swept


def _forget_removed() -> None:
    gone = sa.select(StoredFile.id).where(StoredFile.removed_at < too_old())
    with database.transaction() as session:
        # What belongs to a video goes with it.
        session.execute(sa.delete(StoredFile).where(StoredFile.parent_id.in_(gone)))
        session.execute(sa.delete(StoredFile).where(StoredFile.removed_at < too_old()))


def _orphans() -> list[str]:
    used = sa.exists().where(sa.or_(StoredFile.key == Blob.key, StoredFile.cover_key == Blob.key))
    with database.transaction() as session:
        return list(
            session.scalars(
                sa.select(Blob.key)
                .where(Blob.created_at < utc_now() - _STILL_COMING, ~used)
                .order_by(Blob.created_at)
                .limit(_BATCH)
            )
        )
