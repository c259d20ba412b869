"""What of registration concerns a member of staff today."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from services.chassis.auth import Principal
from services.chassis.database import utc_now
from services.chassis.reference import city
from services.registration.activities import catalogue
from services.registration.activities.schemas import ActivityOut
from services.registration.bookings.models import Booking
from services.registration.catalogue.filters import Filters
from services.registration.database import database


@dataclass(frozen=True)
class Today:
    """Counts are of what the person may see; ``None`` where the role sees none of it."""

    starting: Sequence[ActivityOut]
    bookings_waiting: int | None
    drafts: int | None


def of(principal: Principal) -> Today:
    """What starts today in the city, bookings without an answer, and drafts.

    A district's staff sees its own district's.
    """
    midnight = (
        utc_now()
        .astimezone(ZoneInfo(city().timezone))
        .replace(hour=0, minute=0, second=0, microsecond=0)
    )
    starting: Sequence[ActivityOut] = ()
    if principal.may("activities.view"):
        until = (midnight + timedelta(days=1)).astimezone(UTC)
        found = catalogue.staff_list(
            principal,
            Filters(since=midnight.astimezone(UTC), until=until, status="published"),
        )
        starting = [activity for activity in found.items if activity.starts_at >= midnight]
    drafts = None
    if principal.may("activities.edit"):
        drafts = catalogue.staff_counts(principal, Filters()).get("draft", 0)
    waiting = _bookings_waiting(principal) if principal.may("bookings.view") else None
    return Today(starting=starting, bookings_waiting=waiting, drafts=drafts)


def _bookings_waiting(principal: Principal) -> int:
    query = sa.select(sa.func.count()).where(Booking.status == "requested")
    if principal.district is not None:
        query = query.where(Booking.district == principal.district)
    with database.transaction() as session:
        return session.scalar(query) or 0
