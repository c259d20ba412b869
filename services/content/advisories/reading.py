"""Reading advisories: what is in force, for residents and programs; everything, for staff."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Literal, get_args

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.chassis.auth import Principal
from services.chassis.database import utc_now
from services.chassis.i18n import lazy
from services.chassis.lists import DEFAULT_LIMIT, Page, page_of
from services.chassis.problems import NotFound
from services.content.activities_seen.service import count_about
from services.content.advisories import storing
from services.content.advisories.approval import asks_for_two
from services.content.advisories.models import Advisory, AdvisoryVersion
from services.content.advisories.schemas import (
    AdvisoryForStaff,
    AdvisoryKept,
    AdvisoryOut,
    VersionOut,
)
from services.content.advisories.words import severity
from services.content.database import database

# How long the feed goes on saying that an advisory was withdrawn.
TELL_WITHDRAWN: Final = timedelta(days=30)
# How long before its end staff are asked what is to become of an advisory.
ENDS_SOON: Final = timedelta(days=14)

# A feed must say when it last changed, also before there was anything in it (RFC 4287, 4.1.1).
BEFORE_ANYTHING: Final = datetime(2000, 1, 1, tzinfo=UTC)

# How staff look for advisories: by state, and by what is to be done about them.
Shelf = Literal["draft", "waiting", "published", "ends-soon", "over", "withdrawn"]
SHELVES: Final[tuple[Shelf, ...]] = get_args(Shelf)


@dataclass(frozen=True)
class FeedFilter:
    """What a feed is about: everything, or a country, or a level, or both.

    ``country`` is an ISO 3166-1 alpha-2 code.
    """

    country: str | None = None
    level: str | None = None


@dataclass(frozen=True)
class Listed:
    """What a feed lists, and when that last changed."""

    advisories: list[AdvisoryOut]
    changed_at: datetime


def is_in_force(now: datetime) -> sa.ColumnElement[bool]:
    """Published, begun and not over: an advisory leaves by itself when its time is up."""
    return sa.and_(
        Advisory.status == "published",
        Advisory.valid_from <= now,
        sa.or_(Advisory.valid_until.is_(None), Advisory.valid_until > now),
    )


def _narrowed(
    query: sa.Select[Advisory], country: str | None, level: str | None
) -> sa.Select[Advisory]:
    if country:
        query = query.where(Advisory.country == country)
    if level:
        query = query.where(Advisory.level == level)
    return query


def on_shelf(shelf: Shelf, now: datetime) -> sa.ColumnElement[bool]:
    """The condition of a shelf; an advisory may stand on several."""
    over = Advisory.valid_until <= now
    if shelf == "waiting":
        return Advisory.submitted_at.is_not(None)
    if shelf == "ends-soon":
        soon = Advisory.valid_until <= now + ENDS_SOON
        return sa.and_(Advisory.status == "published", Advisory.valid_until > now, soon)
    if shelf == "over":
        return sa.and_(Advisory.status == "published", over)
    return Advisory.status == shelf


def list_in_force(
    *,
    country: str | None = None,
    level: str | None = None,
    cursor: str | None = None,
    limit: int = DEFAULT_LIMIT,
) -> Page[AdvisoryOut]:
    """What is in force now, the newest first, a page at a time.

    Raises:
        Problem: 400 ``bad-cursor``.
    """
    with database.transaction() as session:
        query = _narrowed(sa.select(Advisory).where(is_in_force(utc_now())), country, level)
        return page_of(
            session, query, [Advisory.id], cursor=cursor, limit=limit, descending=True
        ).map(AdvisoryOut.of)


def all_in_force(level: str | None = None) -> list[AdvisoryOut]:
    """Everything in force now, the gravest first."""
    with database.transaction() as session:
        query = _narrowed(sa.select(Advisory).where(is_in_force(utc_now())), None, level)
        return _gravest_first(session, query)


def in_force_for(session: Session, country: str) -> list[AdvisoryOut]:
    """What is in force for a country and its regions, the gravest first, the whole country's
    before a region's."""
    query = sa.select(Advisory).where(is_in_force(utc_now()), Advisory.country == country)
    return _gravest_first(session, query)


def gravest_for(session: Session, countries: Collection[str]) -> dict[str, AdvisoryOut]:
    """The gravest advisory in force of each of these countries; those without one are missing."""
    query = sa.select(Advisory).where(is_in_force(utc_now()), Advisory.country.in_(countries))
    found: dict[str, AdvisoryOut] = {}
    for one in _gravest_first(session, query):
        found.setdefault(one.country, one)
    return found


def _gravest_first(session: Session, query: sa.Select[Advisory]) -> list[AdvisoryOut]:
    found = [AdvisoryOut.of(row) for row in session.scalars(query.order_by(Advisory.id.desc()))]
    return sorted(found, key=lambda one: (-severity(one.level), bool(one.region)))


def get_public(advisory_id: uuid.UUID) -> AdvisoryOut:
    """A published or withdrawn advisory, whether in force or over.

    Raises:
        NotFound: there is none, or it was never published.
    """
    with database.transaction() as session:
        return as_told(session, advisory_id)


def as_told(session: Session, advisory_id: uuid.UUID) -> AdvisoryOut:
    """An advisory as the public last read it: what was withdrawn may be rewritten since.

    Raises:
        NotFound: there is none, or it was never published.
    """
    row = session.get(Advisory, advisory_id)
    if row is None or row.published_at is None:
        raise NotFound(lazy("There is no such advisory."))
    return _told(session, row)


def _told(session: Session, row: Advisory) -> AdvisoryOut:
    found = AdvisoryOut.of(row)
    if row.status != "withdrawn":
        return found
    content = session.scalar(
        sa.select(AdvisoryVersion.content)
        .where(AdvisoryVersion.advisory_id == row.id, AdvisoryVersion.content.is_not(None))
        .order_by(AdvisoryVersion.version.desc())
        .limit(1)
    )
    return AdvisoryOut.model_validate(found.model_dump() | (content or {}))


def for_feed(only: FeedFilter, limit: int = 50) -> Listed:
    """What a feed lists: all in force and what was withdrawn of late, the latest change first."""
    now = utc_now()
    lately = sa.and_(Advisory.status == "withdrawn", Advisory.announced_at > now - TELL_WITHDRAWN)
    query = sa.select(Advisory).where(sa.or_(is_in_force(now), lately))
    with database.transaction() as session:
        rows = session.scalars(
            _narrowed(query, only.country, only.level)
            .order_by(Advisory.announced_at.desc(), Advisory.id)
            .limit(limit)
        )
        return Listed([_told(session, row) for row in rows], _changed_at(session, only, now))


def _changed_at(session: Session, only: FeedFilter, now: datetime) -> datetime:
    """When the list last became another one: by an act of staff, by a beginning or by an end."""
    latest = sa.func.max(
        sa.func.greatest(
            Advisory.announced_at,
            sa.case((Advisory.valid_from <= now, Advisory.valid_from)),
            sa.case((Advisory.valid_until <= now, Advisory.valid_until)),
        )
    )
    query = sa.select(latest).where(Advisory.announced_at.is_not(None))
    if only.country:
        query = query.where(Advisory.country == only.country)
    # By level, an advisory that was raised has left the list of the lower one, so all count.
    return session.scalar(query) or BEFORE_ANYTHING


def history(session: Session, country: str, limit: int = 20) -> list[VersionOut]:
    """What the public was told about a country (ISO 3166-1 alpha-2), the latest first."""
    rows = session.scalars(
        sa.select(AdvisoryVersion)
        .where(AdvisoryVersion.country == country)
        .order_by(AdvisoryVersion.at.desc(), AdvisoryVersion.advisory_id)
        .limit(limit)
    )
    return [VersionOut.model_validate(row) for row in rows]


def get_for_staff(advisory_id: uuid.UUID, principal: Principal) -> AdvisoryForStaff:
    """Any advisory, with who wrote it, whether it takes a second person and who may be that one.

    Raises:
        NotFound: there is none.
    """
    with database.transaction() as session:
        row = storing.found(session, advisory_id)
        return AdvisoryForStaff(
            advisory=AdvisoryKept.of(row),
            author_name=row.author_name,
            submitted_by_name=row.submitted_by_name,
            created_at=row.created_at,
            coming_activities=count_about(session, row.country),
            two=asks_for_two(row),
            is_second=row.is_second(principal),
        )


def list_for_staff(
    *,
    shelf: Shelf | None = None,
    country: str | None = None,
    level: str | None = None,
    cursor: str | None = None,
    limit: int = DEFAULT_LIMIT,
) -> Page[AdvisoryKept]:
    """Every advisory in whatever state, the newest first.

    Raises:
        Problem: 400 ``bad-cursor``.
    """
    with database.transaction() as session:
        query = _narrowed(sa.select(Advisory), country, level)
        if shelf:
            query = query.where(on_shelf(shelf, utc_now()))
        return page_of(
            session, query, [Advisory.id], cursor=cursor, limit=limit, descending=True
        ).map(AdvisoryKept.of)


def counts() -> dict[str, int]:
    """How many advisories there are on each shelf."""
    now = utc_now()
    with database.transaction() as session:
        row = session.execute(
            sa.select(
                *(sa.func.count().filter(on_shelf(shelf, now)).label(shelf) for shelf in SHELVES)
            ).select_from(Advisory)
        ).one()
        return dict(zip(SHELVES, row, strict=True))
