"""The feeds that are followed: adding, changing, switching off, giving up."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.chassis import audit
from services.chassis.auth import Principal
from services.chassis.database import new_id, utc_now
from services.chassis.i18n import lazy
from services.chassis.idempotency import NOT_REPEATED, Once
from services.chassis.problems import FieldError, Invalid, NotFound
from services.content.alerts.failures import sentence
from services.content.alerts.models import CapAlert, CapFeed
from services.content.alerts.schemas import FeedChange, FeedIn, FeedOut
from services.content.database import database


def add(
    principal: Principal,
    wanted: FeedIn,
    once: Once = NOT_REPEATED,
    *,
    feed_id: uuid.UUID | None = None,
    is_active: bool = True,
) -> FeedOut:
    """Follow a feed from now on; it is asked within half a minute.

    Raises:
        Invalid: the address is followed already.
    """
    with database.transaction() as session:
        if answer := once.first_answer(session):
            return FeedOut.model_validate(answer)
        feed = CapFeed(
            id=feed_id or new_id(),
            **wanted.model_dump(),
            is_active=is_active,
            due_at=utc_now(),
            added_by_name=principal.name,
            failures=0,
        )
        session.add(feed)
        _store(session)
        _record(session, principal, feed, "feed.added")
        done = _out(feed, 0)
        once.keep(session, done.model_dump(mode="json"))
        return done


def change(principal: Principal, feed_id: uuid.UUID, patch: FeedChange) -> FeedOut:
    """Change what is given. A feed with another address, or switched on, is asked at once.

    Raises:
        NotFound: there is none.
        Invalid: the address is followed already.
    """
    with database.transaction() as session:
        feed = _locked(session, feed_id)
        given = patch.model_dump(exclude_unset=True)
        if given.get("url", feed.url) != feed.url:
            feed.etag = feed.last_modified = feed.failure = None
            feed.seen, feed.failures, feed.due_at = {}, 0, utc_now()
        if given.get("is_active") and not feed.is_active:
            feed.failures, feed.due_at = 0, utc_now()
        for name, value in given.items():
            if value is not None or name == "country":
                setattr(feed, name, value)
        _store(session)
        _record(session, principal, feed, "feed.changed")
        return _out(feed, _taken(session, [feed.id]).get(feed.id, 0))


def ask_now(feed_id: uuid.UUID) -> None:
    """Have a feed asked at the next tick.

    Raises:
        NotFound: there is none.
    """
    with database.transaction() as session:
        _locked(session, feed_id).due_at = utc_now()


def remove(principal: Principal, feed_id: uuid.UUID) -> None:
    """Follow it no more; the alerts that it brought stay.

    Raises:
        NotFound: there is none.
    """
    with database.transaction() as session:
        feed = _locked(session, feed_id)
        _record(session, principal, feed, "feed.removed")
        session.delete(feed)


def listed() -> list[FeedOut]:
    """Every feed, by its name."""
    with database.transaction() as session:
        feeds = session.scalars(sa.select(CapFeed).order_by(CapFeed.name, CapFeed.id)).all()
        taken = _taken(session, [feed.id for feed in feeds])
        return [_out(feed, taken.get(feed.id, 0)) for feed in feeds]


def one(feed_id: uuid.UUID) -> FeedOut:
    """A feed.

    Raises:
        NotFound: there is none.
    """
    with database.transaction() as session:
        feed = session.get(CapFeed, feed_id)
        if feed is None:
            raise _unknown()
        return _out(feed, _taken(session, [feed_id]).get(feed_id, 0))


def _taken(session: Session, feed_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, int]:
    rows = session.execute(
        sa.select(CapAlert.feed_id, sa.func.count())
        .where(CapAlert.feed_id.in_(feed_ids))
        .group_by(CapAlert.feed_id)
    )
    return {feed_id: count for feed_id, count in rows if feed_id is not None}


def _out(feed: CapFeed, taken: int) -> FeedOut:
    found = FeedOut.model_validate(feed)
    found.failing = None if feed.failure is None else str(sentence(feed.failure))
    found.taken = taken
    return found


def _locked(session: Session, feed_id: uuid.UUID) -> CapFeed:
    feed = session.get(CapFeed, feed_id, with_for_update=True)
    if feed is None:
        raise _unknown()
    return feed


def _unknown() -> NotFound:
    return NotFound(lazy("There is no such feed."))


def _store(session: Session) -> None:
    """Write it, unless somebody follows the same address already, be it since a moment ago."""
    try:
        session.flush()
    except sa.exc.IntegrityError as error:
        raise Invalid([FieldError("url", lazy("This address is followed already."))]) from error


def _record(session: Session, principal: Principal, feed: CapFeed, act: str) -> None:
    audit.record(session, principal, act, f"feed/{feed.id}", district=None, detail=feed.name)
