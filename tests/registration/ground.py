"""Activities and people to register, for the tests of registrations."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from services.chassis.database import new_id, utc_now
from services.chassis.idempotency import NOT_REPEATED
from services.chassis.problems import Problem
from services.registration.activities.models import Activity
from services.registration.database import database
from services.registration.registrations import service
from services.registration.registrations.models import Registration, manage_token
from services.registration.registrations.schemas import Registered, RegistrationIn

XICHENG = "110102"


def an_activity(**changes: Any) -> uuid.UUID:
    """A published lecture in a week, for five people with a waiting list, unless said otherwise."""
    starts = datetime.now(UTC).replace(microsecond=0) + timedelta(days=7)
    identifier = new_id()
    values = {
        "id": identifier,
        "slug": f"lecture-{identifier.hex[-8:]}",
        "kind": "lecture",
        "status": "published",
        "title": {"zh-CN": "安全出行讲座", "en": "Travelling safely"},
        "summary": {},
        "district": XICHENG,
        "venue_name": {"zh-CN": "陶然亭街道文化中心", "en": "Taoranting Culture Centre"},
        "venue_address": {"zh-CN": "太平街 1 号"},
        "starts_at": starts,
        "ends_at": starts + timedelta(hours=2),
        "timezone": "Asia/Shanghai",
        "capacity": 5,
        "waiting_list": True,
        "max_party_size": 4,
        "reminders": ["P1D"],
        "topics": [],
        "countries": ["TH"],
        "languages": ["zh-CN"],
        "questions": [],
        "verify_contact": False,
        "created_by": uuid.uuid4(),
    }
    with database.transaction() as session:
        session.add(Activity(**values | changes))
    return identifier


def person(number: int = 0, **changes: Any) -> dict[str, Any]:
    """The body of a registration."""
    return {
        "name": f"王小明{number}",
        "email": f"person{number}@example.com",
        "party_size": 1,
        "language": "zh-CN",
        "answers": {},
        "consents": {"reminders": True, "advisories": False, "privacy_version": "2026-11"},
    } | changes


def register(activity_id: uuid.UUID, number: int = 0, **changes: Any) -> Registered:
    """One registration through the use case."""
    wanted = RegistrationIn.model_validate(person(number, **changes))
    return service.register(activity_id, wanted, NOT_REPEATED)


def token(registered: Registered) -> str:
    return manage_token(registered.id)


def outcome(activity_id: uuid.UUID, number: int, **changes: Any) -> str:
    """How a registration ended: its status, or the type of the problem."""
    try:
        return register(activity_id, number, **changes).status
    except Problem as problem:
        return problem.kind


def at_once(*calls: Any, threads: int = 16) -> list[Any]:
    """The results of calls that all run at the same time."""
    with ThreadPoolExecutor(threads) as pool:
        futures = [pool.submit(call) for call in calls]
        return [future.result() for future in futures]


def stored(activity_id: uuid.UUID) -> list[Registration]:
    """An activity's registrations, the earliest first."""
    with database.transaction() as session:
        return list(
            session.scalars(
                sa.select(Registration)
                .where(Registration.activity_id == activity_id)
                .order_by(Registration.id)
            )
        )


def seats_taken(activity_id: uuid.UUID) -> int:
    with database.transaction() as session:
        return session.get_one(Activity, activity_id).seats_taken


def edit(activity_id: uuid.UUID, **values: Any) -> None:
    """Change an activity's columns directly, as a fixture."""
    with database.transaction() as session:
        session.execute(sa.update(Activity).where(Activity.id == activity_id).values(**values))


def begun(activity_id: uuid.UUID) -> None:
    """Have the activity begin a minute ago."""
    now = utc_now()
    edit(activity_id, starts_at=now - timedelta(minutes=1), ends_at=now + timedelta(hours=1))
