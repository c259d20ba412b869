"""A door for the tests: scans as a device keeps them, and what the record makes of them."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from services.chassis.database import utc_now
from services.registration.checkin import attendance, scans
from services.registration.checkin.models import Arrival, Scan
from services.registration.checkin.schemas import Counts, Recorded, ScanIn, ScansIn
from services.registration.database import database
from services.registration.registrations.models import Registration
from tests.conftest import principal
from tests.registration.ground import XICHENG

DOORKEEPER = principal("check-in")
DISTRICT_S = principal("district-editor", XICHENG)


def ago(minutes: float) -> datetime:
    return utc_now() - timedelta(minutes=minutes)


def scan(code: str | uuid.UUID, minutes_ago: float = 0, **more: Any) -> ScanIn:
    """A scan of a ticket code, or of a name chosen from the list."""
    by = "ticket_code" if isinstance(code, str) else "registration_id"
    return ScanIn.model_validate(
        {"id": uuid.uuid4(), by: code, "at": ago(minutes_ago).isoformat()} | more
    )


def send(activity: uuid.UUID, *batch: ScanIn, door: str = "North") -> Recorded:
    return scans.record(DOORKEEPER, activity, ScansIn(door=door, scans=list(batch)))


def results(activity: uuid.UUID, *batch: ScanIn, door: str = "North") -> list[str]:
    return [one.result for one in send(activity, *batch, door=door).results]


def counts(activity: uuid.UUID) -> Counts:
    return attendance.of(DOORKEEPER, activity)


def aged(activity: uuid.UUID, minutes: float = 60) -> None:
    """Have everybody have registered so long ago, so that scans of just now are after it."""
    with database.transaction() as session:
        session.execute(
            sa.update(Registration)
            .where(Registration.activity_id == activity)
            .values(registered_at=ago(minutes))
        )


def record_of(activity: uuid.UUID) -> dict[str, Any]:
    """All that must not depend on the order in which scans arrived."""
    with database.transaction() as session:
        kept = session.scalars(sa.select(Scan).where(Scan.activity_id == activity))
        came = session.execute(
            sa.select(Arrival.registration_id, Arrival.came, Registration.checked_in_at)
            .join(Registration, Registration.id == Arrival.registration_id)
            .where(Arrival.activity_id == activity)
        )
        return {
            "scans": {one.id: (one.result, one.let_in, one.undone_at is None) for one in kept},
            "came": {identifier: (count, at) for identifier, count, at in came if count},
        }
