"""Hearing of activities, and finding those that are about a country."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import datetime
from urllib.parse import urlsplit

import sqlalchemy as sa
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from services.chassis.database import utc_now
from services.chassis.events import Envelope, Payload
from services.chassis.markdown import to_text
from services.content.activities_seen.models import ActivitySeen
from services.content.search.service import Entry, drop, put


class ActivityHeard(Payload):
    """The part of an activity's state that this service keeps."""

    id: uuid.UUID
    version: int
    kind: str
    status: str
    title: dict[str, str]
    summary: dict[str, str] = Field(default_factory=dict)
    district: str | None = None
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    timezone: str
    topics: list[str] = Field(default_factory=list)
    countries: list[str] = Field(default_factory=list)
    url: str


class ActivityNews(Payload):
    """What is read of every ``activity.*`` event."""

    activity: ActivityHeard


class Upcoming(BaseModel):
    """A coming activity as a page of this service shows it."""

    model_config = ConfigDict(from_attributes=True)

    kind: str
    title: dict[str, str]
    district: str | None
    starts_at: datetime
    ends_at: datetime
    timezone: str
    url: str


def remember(session: Session, payload: ActivityNews, _envelope: Envelope) -> None:
    """Keep the activity's latest state, for the pages of its countries and for searches."""
    values = payload.activity.model_dump()
    insert = postgresql.insert(ActivitySeen).values(values)
    session.execute(
        insert.on_conflict_do_update(
            index_elements=[ActivitySeen.id],
            set_={name: insert.excluded[name] for name in values if name != "id"},
        )
    )
    activity = ActivitySeen(**values)
    if activity.status == "published":
        put(session, _entry(activity))
    else:
        drop(session, "activity", activity.id)


def entries(session: Session) -> Iterator[Entry]:
    """Every activity that a search may find."""
    rows = session.scalars(
        sa.select(ActivitySeen).where(
            ActivitySeen.status == "published", ActivitySeen.ends_at > utc_now()
        )
    )
    return map(_entry, rows)


def _entry(activity: ActivitySeen) -> Entry:
    return Entry(
        kind="activity",
        id=activity.id,
        title=activity.title,
        text={tag: to_text(text) for tag, text in activity.summary.items()},
        url=urlsplit(activity.url).path,
        countries=activity.countries,
        topics=activity.topics,
        audience=[],
        at=activity.starts_at,
        until=activity.ends_at,
    )


def _coming(country: str) -> sa.ColumnElement[bool]:
    return sa.and_(
        ActivitySeen.status == "published",
        ActivitySeen.ends_at > utc_now(),
        ActivitySeen.countries.contains([country]),
    )


def coming_about(session: Session, country: str, limit: int = 5) -> list[Upcoming]:
    """The next published activities about a country (ISO 3166-1 alpha-2), soonest first."""
    rows = session.scalars(
        sa.select(ActivitySeen)
        .where(_coming(country))
        .order_by(ActivitySeen.starts_at, ActivitySeen.id)
        .limit(limit)
    )
    return [Upcoming.model_validate(row) for row in rows]


def count_about(session: Session, country: str) -> int:
    """How many published activities about a country are still to come."""
    counted = session.scalar(sa.select(sa.func.count(ActivitySeen.id)).where(_coming(country)))
    return counted or 0
