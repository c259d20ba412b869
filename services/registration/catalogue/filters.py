"""What lists of activities are narrowed to, and how that is asked of the database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Self, TypeVar
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.chassis.reference import city
from services.registration.activities.models import STATUS_NAMES, Activity, Status
from services.registration.activities.schemas import CatalogueQuery
from services.registration.catalogue.search import looked_for
from services.registration.database import database

S = TypeVar("S", bound=sa.Select[*tuple[Any, ...]])


@dataclass(frozen=True, kw_only=True)
class Filters:
    """What a list of activities is narrowed to; ``None`` or empty does not narrow.

    Attributes:
        since, until: activities that take place, at least in part, between the two (UTC).
        words: every word must stand in its texts or among its names, in either language.
        open: whether one could register now, a place on the waiting list included.
        step_free: ``True`` leaves those that one reaches without a step.
        status: for staff; the public sees what is published, and with ``since`` what is over.
    """

    kind: str | None = None
    district: str | None = None
    topic: str | None = None
    country: str | None = None
    language: str | None = None
    audience: str | None = None
    step_free: bool | None = None
    since: datetime | None = None
    until: datetime | None = None
    words: str = ""
    open: bool | None = None
    status: Status | None = None

    @classmethod
    def of(cls, query: CatalogueQuery) -> Self:
        """The filters of a call."""
        return cls(
            kind=query.kind,
            district=query.district,
            topic=query.topic,
            country=query.country,
            language=query.language,
            audience=query.audience,
            step_free=query.step_free,
            since=None if query.since is None else moment(query.since),
            until=None if query.until is None else moment(query.until, end_of_day=True),
            words=query.q,
            open=query.open,
            status=query.status,
        )

    def with_status(self, status: str) -> Self:
        """The same, in one state only; an unknown one does not narrow."""
        return replace(self, status=status) if status in STATUS_NAMES else self  # type: ignore[arg-type]

    def tiers(self) -> tuple[sa.ColumnElement[bool], ...]:
        """What comes first of what is found: by how near to its title the words stand."""
        looked = looked_for(self.words)
        return (sa.true(),) if looked is None else looked.tiers


@contextmanager
def reading(filters: Filters) -> Iterator[Session]:
    """A transaction in which activities are read by these filters."""
    with database.transaction() as session:
        if filters.words:
            # The planner does not reckon with unpacking the words of a row, which stand apart from
            # it, and reads all rows where it should ask the index.
            session.execute(sa.text("SET LOCAL enable_seqscan = off"))
        yield session


def moment(value: date | datetime, *, end_of_day: bool = False) -> datetime:
    """A filter's date or moment in UTC; a bare date or a time without zone is the city's.

    Args:
        end_of_day: a bare date means its last moment rather than its first.
    """
    zone = ZoneInfo(city().timezone)
    if not isinstance(value, datetime):
        if end_of_day:
            value += timedelta(days=1)
        value = datetime.combine(value, time(), zone)
    return (value if value.tzinfo else value.replace(tzinfo=zone)).astimezone(UTC)


def narrowed(query: S, filters: Filters, now: datetime) -> S:
    """``query`` over activities with every filter in its ``WHERE``.

    Args:
        now: the moment for which ``open`` holds (UTC).
    """
    for column, wanted in (
        (Activity.kind, filters.kind),
        (Activity.district, filters.district),
        (Activity.status, filters.status),
        (Activity.step_free, filters.step_free or None),
    ):
        if wanted is not None:
            query = query.where(column == wanted)
    for texts, text in (
        (Activity.topics, filters.topic),
        (Activity.countries, filters.country),
        (Activity.languages, filters.language),
        (Activity.audience, filters.audience),
    ):
        if text:
            query = query.where(texts.contains([text]))
    if filters.since is not None:
        query = query.where(Activity.ends_at >= filters.since)
    if filters.until is not None:
        query = query.where(Activity.starts_at < filters.until)
    if filters.open is not None:
        query = query.where(_takes_registrations(now).is_(filters.open))
    if (looked := looked_for(filters.words)) is not None:
        query = query.where(looked.found)
    return query


def public(query: S, filters: Filters, now: datetime) -> S:
    """``query`` narrowed to what the public is shown: without ``since`` it begins now."""
    query = narrowed(query, filters, now)
    if filters.since is None:
        return query.where(Activity.status == "published", Activity.ends_at > now)
    if filters.since > now - timedelta(minutes=1):
        return query.where(Activity.status == "published")
    return query.where(Activity.status.in_(("published", "completed")))


def _takes_registrations(now: datetime) -> sa.ColumnElement[bool]:
    """:meth:`Activity.intake` is ``open`` or ``waiting``, as SQL."""
    return sa.and_(
        Activity.status == "published",
        Activity.starts_at > now,
        sa.func.coalesce(Activity.registration_closes_at, Activity.starts_at) > now,
        sa.func.coalesce(Activity.registration_opens_at, now) <= now,
        sa.or_(
            Activity.capacity.is_(None),
            Activity.waiting_list,
            Activity.seats_taken < Activity.capacity,
        ),
    )
