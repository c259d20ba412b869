"""Reading advisories: what is in force, for residents and programs; everything, for staff."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.chassis.database import utc_now
from services.chassis.i18n import lazy
from services.chassis.lists import DEFAULT_LIMIT, Page, page_of
from services.chassis.problems import NotFound
from services.content.activities_seen.service import count_about
from services.content.advisories.models import Advisory
from services.content.advisories.schemas import AdvisoryForStaff, AdvisoryOut
from services.content.advisories.words import severity
from services.content.database import database
from services.content.publication import Status

# How long the feed goes on saying that an advisory was withdrawn.
TELL_WITHDRAWN = timedelta(days=30)


@dataclass(frozen=True)
class Announced:
    """An advisory with what was told of it so far, for feeds."""

    advisory: AdvisoryOut
    announcements: list[dict[str, str | int]]
    created_at: datetime


def _in_force(now: datetime) -> sa.ColumnElement[bool]:
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
        query = _narrowed(sa.select(Advisory).where(_in_force(utc_now())), country, level)
        return page_of(
            session, query, [Advisory.id], cursor=cursor, limit=limit, descending=True
        ).map(AdvisoryOut.of)


def all_in_force(level: str | None = None) -> list[AdvisoryOut]:
    """Everything in force now, the gravest first."""
    with database.transaction() as session:
        query = _narrowed(sa.select(Advisory).where(_in_force(utc_now())), None, level)
        return _gravest_first(session, query)


def in_force_for(session: Session, country: str) -> list[AdvisoryOut]:
    """What is in force for a country and its regions, the gravest first, the whole country's
    before a region's."""
    query = sa.select(Advisory).where(_in_force(utc_now()), Advisory.country == country)
    return _gravest_first(session, query)


def _gravest_first(session: Session, query: sa.Select[Advisory]) -> list[AdvisoryOut]:
    found = [AdvisoryOut.of(row) for row in session.scalars(query.order_by(Advisory.id.desc()))]
    return sorted(found, key=lambda one: (-severity(one.level), bool(one.region)))


def get_public(advisory_id: uuid.UUID) -> Announced:
    """A published or withdrawn advisory, whether in force or over.

    Raises:
        NotFound: there is none, or it was never published.
    """
    with database.transaction() as session:
        found = session.get(Advisory, advisory_id)
        if found is None or found.published_at is None:
            raise NotFound(lazy("There is no such advisory."))
        return _announced(found)


def for_feed(limit: int = 50) -> list[Announced]:
    """What a feed lists: all in force and what was withdrawn of late, the latest change first."""
    now = utc_now()
    lately = sa.and_(Advisory.status == "withdrawn", Advisory.updated_at > now - TELL_WITHDRAWN)
    with database.transaction() as session:
        rows = session.scalars(
            sa.select(Advisory)
            .where(sa.or_(_in_force(now), lately))
            .order_by(Advisory.updated_at.desc(), Advisory.id)
            .limit(limit)
        )
        return [_announced(row) for row in rows]


def _announced(advisory: Advisory) -> Announced:
    return Announced(AdvisoryOut.of(advisory), advisory.announcements, advisory.created_at)


def get_for_staff(advisory_id: uuid.UUID) -> AdvisoryForStaff:
    """Any advisory, with who wrote it and how many coming activities are about its country.

    Raises:
        NotFound: there is none.
    """
    with database.transaction() as session:
        found = session.get(Advisory, advisory_id)
        if found is None:
            raise NotFound(lazy("There is no such advisory."))
        return AdvisoryForStaff(
            advisory=AdvisoryOut.of(found),
            author_name=found.author_name,
            created_at=found.created_at,
            coming_activities=count_about(session, found.country),
        )


def list_for_staff(
    *,
    status: Status | None = None,
    country: str | None = None,
    level: str | None = None,
    cursor: str | None = None,
    limit: int = DEFAULT_LIMIT,
) -> Page[AdvisoryOut]:
    """Every advisory in whatever state, the newest first.

    Raises:
        Problem: 400 ``bad-cursor``.
    """
    with database.transaction() as session:
        query = _narrowed(sa.select(Advisory), country, level)
        if status:
            query = query.where(Advisory.status == status)
        return page_of(
            session, query, [Advisory.id], cursor=cursor, limit=limit, descending=True
        ).map(AdvisoryOut.of)


def counts_by_status() -> dict[str, int]:
    """How many advisories there are in each state."""
    with database.transaction() as session:
        rows = session.execute(
            sa.select(Advisory.status, sa.func.count()).group_by(Advisory.status)
        )
        return dict(rows.all())
