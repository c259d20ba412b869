"""What packs are for: coming activities and agreed bookings that have, or want, one."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.chassis.auth import Principal
from services.chassis.database import utc_now
from services.chassis.i18n import (
    LANGUAGES,
    date_line,
    lazy,
    localized,
    speaking,
    words_of,
)
from services.chassis.i18n import gettext as _
from services.chassis.reference import TOPICS, district_name
from services.content.activities_seen.models import ActivitySeen
from services.content.bookings_seen.models import BookingSeen
from services.content.database import database
from services.content.language import named, options
from services.content.materials.kinds import AUDIENCE_NAMES
from services.content.packs.models import Pack
from services.content.packs.proposing import occasion_of

BOOKING_NAMES: Final = {
    "school_session": lazy("A session at a school"),
    "enterprise_visit": lazy("A visit to a company or an organisation"),
}
_MOST: Final = 100
_MOST_NAMED: Final = 4


@dataclass(frozen=True)
class Wanted:
    """An occasion without a pack.

    Attributes:
        value: ``activity/{id}`` or ``booking/{id}``, as forms name it.
        at: when it is; ``zone``: where.
        departs_on: when the group leaves, where that is known.
    """

    value: str
    name: str
    at: datetime
    zone: str
    departs_on: date | None

    @property
    def url(self) -> str:
        """The page to begin its pack."""
        kind, _slash, identifier = self.value.partition("/")
        return f"/staff/packs/new?{kind}={identifier}"

    @property
    def line(self) -> str:
        """Name and time in one line, for a choice."""
        return f"{self.name} · {date_line(self.at, None, self.zone)}"


def wanted(principal: Principal, limit: int = 10) -> list[Wanted]:
    """Agreed bookings, and coming activities about a country, that have no pack; soonest first.

    Activities about no country in particular are not asked for a pack; they may have one.
    """
    with database.transaction() as session:
        found = [
            *_bookings(session, principal),
            *_activities(session, principal, ActivitySeen.countries != []),
        ]
    return sorted(found, key=lambda one: (one.at, one.value))[:limit]


def choices(principal: Principal) -> dict[str, Any]:
    """What the form offers: occasions without a pack, topics, audiences, countries."""
    with database.transaction() as session:
        bookings = _bookings(session, principal)
        activities = _activities(session, principal, sa.true())
    groups = [
        (str(_("Bookings")), [(one.value, one.line) for one in bookings]),
        (str(_("Activities")), [(one.value, one.line) for one in activities]),
    ]
    return {
        "occasions": [(name, group) for name, group in groups if group],
        "topic_options": options(TOPICS),
        "audience_options": options(AUDIENCE_NAMES),
    }


def begun(principal: Principal, activity: str, booking: str) -> dict[str, Any]:
    """The first values of the form for an occasion: its title in both languages, its facts."""
    wanted_for = split(f"activity/{activity}" if activity else f"booking/{booking}")
    with database.transaction() as session:
        found = occasion_of(session, wanted_for.get("activity_id"), wanted_for.get("booking_id"))
    if found is None or not principal.covers(found.district):
        return {}
    values: dict[str, Any] = {
        "occasion": f"activity/{activity}" if activity else f"booking/{booking}",
        "countries": named(found.countries),
        "topics": list(found.topics),
        "audience": list(found.audience),
    }
    with words_of("content"):
        for tag in LANGUAGES:
            with speaking(tag):
                values[f"title.{tag}"] = _title(found.title, found.countries)
    return values


def split(value: str) -> dict[str, uuid.UUID]:
    """What a form's choice names: ``{"activity_id": …}``, ``{"booking_id": …}`` or nothing."""
    kind, _slash, identifier = value.partition("/")
    if kind not in ("activity", "booking"):
        return {}
    try:
        return {f"{kind}_id": uuid.UUID(identifier)}
    except ValueError:
        return {}


def _title(title: Mapping[str, str], countries: Sequence[str]) -> str:
    if title:
        return _("Pack: %(title)s") % {"title": localized(title)}
    if countries:
        return _("Pack for the journey: %(countries)s") % {
            "countries": named(countries, _MOST_NAMED)
        }
    return _("Pack for the journey")


def _bookings(session: Session, principal: Principal) -> list[Wanted]:
    query = (
        sa.select(BookingSeen)
        .where(
            BookingSeen.status == "accepted",
            BookingSeen.agreed_time > utc_now(),
            ~sa.exists().where(Pack.booking_id == BookingSeen.id),
        )
        .order_by(BookingSeen.agreed_time, BookingSeen.id)
        .limit(_MOST)
    )
    if principal.district is not None:
        query = query.where(BookingSeen.district == principal.district)
    return [
        Wanted(
            f"booking/{row.id}", _booking_name(row), row.agreed_time, row.timezone, row.departs_on
        )
        for row in session.scalars(query)
        if row.agreed_time is not None
    ]


def _booking_name(row: BookingSeen) -> str:
    parts = [str(BOOKING_NAMES.get(row.kind, row.kind)), district_name(row.district)]
    if row.destinations:
        parts.append(named(row.destinations, _MOST_NAMED))
    return " · ".join(parts)


def _activities(
    session: Session, principal: Principal, condition: sa.ColumnElement[bool]
) -> list[Wanted]:
    query = (
        sa.select(ActivitySeen)
        .where(
            ActivitySeen.status == "published",
            ActivitySeen.starts_at > utc_now(),
            ~sa.exists().where(Pack.activity_id == ActivitySeen.id),
            condition,
        )
        .order_by(ActivitySeen.starts_at, ActivitySeen.id)
        .limit(_MOST)
    )
    if principal.district is not None:
        query = query.where(ActivitySeen.district == principal.district)
    return [
        Wanted(f"activity/{row.id}", localized(row.title), row.starts_at, row.timezone, None)
        for row in session.scalars(query)
    ]
