"""Following feeds: each is a row with a time at which it is due; a tick asks those that are."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
import structlog

from services.chassis.database import utc_now
from services.content.alerts import taking_in
from services.content.alerts.failures import Failed
from services.content.alerts.fetching import BEGIN_SECONDS, ONE_SECONDS, Fetched, Known, fetch
from services.content.alerts.models import CapFeed
from services.content.database import database

log = structlog.get_logger(__name__)

EVERY: Final = timedelta(minutes=5)
# After failures it is asked less and less often, but at least so.
SELDOMEST: Final = timedelta(hours=6)
# Where there is more than was read at one time, the rest is not left to wait.
SOON: Final = timedelta(seconds=20)
# Longer than any asking takes: a feed that a dead worker held is asked again after it.
_HELD: Final = timedelta(seconds=BEGIN_SECONDS + 6 * ONE_SECONDS)


def follow_due() -> int:
    """Ask every feed that is due, one after the other.

    Returns:
        How many were asked.
    """
    asked = 0
    while (claimed := claim(utc_now())) is not None:
        ask(*claimed)
        asked += 1
    return asked


def claim(now: datetime) -> tuple[uuid.UUID, Known] | None:
    """Take one feed that is due; any number of workers may, and each takes another."""
    with database.transaction() as session:
        feed = session.scalar(
            sa.select(CapFeed)
            .where(CapFeed.is_active, CapFeed.due_at <= now)
            .order_by(CapFeed.due_at)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        if feed is None:
            return None
        feed.due_at = now + _HELD
        return feed.id, Known(feed.url, feed.etag, feed.last_modified, dict(feed.seen))


def ask(feed_id: uuid.UUID, known: Known) -> None:
    """Ask a feed and keep what it had, or why it could not be read."""
    try:
        fetched = fetch(known)
    except Failed as failed:
        log.warning("feed.failed", feed=str(feed_id), kind=failed.kind)
        _note_failure(feed_id, known, failed)
    else:
        _keep(feed_id, known, fetched)


def _keep(feed_id: uuid.UUID, known: Known, fetched: Fetched | None) -> None:
    """Take its alerts in, with the feed's new state in the same transaction."""
    now = utc_now()
    with database.transaction() as session:
        feed = session.get(CapFeed, feed_id, with_for_update=True)
        if feed is None or feed.url != known.url:
            return  # staff changed it meanwhile
        feed.polled_at = feed.worked_at = now
        feed.failures, feed.due_at = 0, now + EVERY
        if fetched is None:
            return
        new = sum(taking_in.take_from_feed(session, feed, one, now) for one in fetched.alerts)
        feed.seen = fetched.seen
        feed.failure = Failed("some-unread", fetched.unread).as_json() if fetched.unread else None
        if fetched.more:
            feed.due_at = now + SOON
        elif not fetched.again:
            feed.etag, feed.last_modified = fetched.etag, fetched.last_modified
        log.info("feed.read", feed=str(feed_id), alerts=len(fetched.alerts), new=new)


def _note_failure(feed_id: uuid.UUID, known: Known, failed: Failed) -> None:
    now = utc_now()
    with database.transaction() as session:
        feed = session.get(CapFeed, feed_id, with_for_update=True)
        if feed is None or feed.url != known.url:
            return
        feed.polled_at = now
        feed.failures += 1
        feed.failure = failed.as_json()
        feed.due_at = now + min(EVERY * 2 ** min(feed.failures, 10), SELDOMEST)
