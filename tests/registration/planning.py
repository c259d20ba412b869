"""Rooms, lecturers, and activities that want them, for the tests of what occupies what."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from services.chassis.auth import Principal
from services.chassis.problems import Problem
from services.registration.database import database
from services.registration.resources import arranging, lecturers, venues
from services.registration.resources.models import Occupancy
from services.registration.resources.schemas import (
    LecturerIn,
    LecturerOut,
    ResourcesIn,
    ResourcesOut,
    VenueIn,
    VenueOut,
)
from tests.conftest import principal

# In two weeks, at ten o'clock in Beijing.
TEN = (datetime.now(UTC) + timedelta(days=14)).replace(hour=2, minute=0, second=0, microsecond=0)
CITY = principal("city-editor")


def at(hours: float, lasting: float = 2) -> dict[str, datetime]:
    """Times of an activity that begins so many hours after :data:`TEN`."""
    begins = TEN + timedelta(hours=hours)
    return {"starts_at": begins, "ends_at": begins + timedelta(hours=lasting)}


def a_lecturer(by: Principal = CITY, **changes: Any) -> LecturerOut:
    """A lecturer who is free at any time, unless said otherwise."""
    wanted = {"name": {"zh-CN": "林老师", "en": "Ms Lin"}, "about": {"en": "Knows a lot."}}
    return lecturers.create(by, LecturerIn.model_validate(wanted | changes))


def a_room(by: Principal = CITY, **changes: Any) -> VenueOut:
    """A room in Xicheng for fifty people."""
    wanted = {
        "name": {"zh-CN": "一层报告厅", "en": "Ground-floor hall"},
        "address": {"zh-CN": "和平路 1 号", "en": "1 Heping Road"},
        "district": "110102",
        "capacity": 50,
        "step_free": True,
        "latitude": 39.9,
        "longitude": 116.4,
    }
    return venues.create(by, VenueIn.model_validate(wanted | changes))


def arrange(activity_id: uuid.UUID, by: Principal = CITY, **wanted: Any) -> ResourcesOut:
    """Choose a room and lecturers through the use case."""
    return arranging.arrange(by, activity_id, ResourcesIn.model_validate(wanted))


def outcome(activity_id: uuid.UUID, lecturer_id: uuid.UUID) -> str:
    """How asking for a lecturer ended."""
    try:
        arrange(activity_id, lecturer_ids=[lecturer_id])
    except Problem as problem:
        return problem.kind
    return "planned"


def occupied(resource_id: uuid.UUID) -> list[Occupancy]:
    """What occupies a room or a lecturer now, in the order of time."""
    with database.transaction() as session:
        return list(
            session.scalars(
                sa.select(Occupancy)
                .where(Occupancy.resource_id == resource_id, Occupancy.released_at.is_(None))
                .order_by(Occupancy.during)
            )
        )


def doubled() -> int:
    """How many pairs of living occupancies of one resource overlap with no reason for it."""
    one, other = sa.orm.aliased(Occupancy), sa.orm.aliased(Occupancy)
    query = sa.select(sa.func.count()).where(
        one.id < other.id,
        one.resource_id == other.resource_id,
        one.during.op("&&")(other.during),
        one.released_at.is_(None),
        other.released_at.is_(None),
        one.override_reason.is_(None),
        other.override_reason.is_(None),
    )
    with database.transaction() as session:
        return session.scalar(query) or 0
