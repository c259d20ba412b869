"""Activities that are over, and people who came to them."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from services.chassis.crypto import sign_id
from services.registration.database import database
from services.registration.registrations.models import Registration
from services.registration.registrations.schemas import Registered
from tests.registration.ground import an_activity, edit, register


def came(activity_id: uuid.UUID, number: int = 0, **changes: Any) -> Registered:
    """Somebody who registered and was let in."""
    registered = register(activity_id, number, **changes)
    with database.transaction() as session:
        session.execute(
            sa.update(Registration)
            .where(Registration.id == registered.id)
            .values(checked_in_at=datetime.now(UTC))
        )
    return registered


def over(activity_id: uuid.UUID, ago: timedelta = timedelta(hours=1)) -> None:
    """Have the activity end so long ago, after two hours."""
    ended = datetime.now(UTC).replace(microsecond=0) - ago
    edit(activity_id, starts_at=ended - timedelta(hours=2), ends_at=ended, status="completed")


def a_past_activity(people: int = 1, **changes: Any) -> tuple[uuid.UUID, list[Registered]]:
    """An activity that ended an hour ago, and those who came."""
    activity = an_activity(capacity=100, **changes)
    guests = [came(activity, number) for number in range(people)]
    over(activity)
    return activity, guests


def survey_token(registered: Registered) -> str:
    """The token in somebody's link to the survey."""
    return sign_id("feedback", registered.id)
