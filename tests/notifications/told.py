"""What other services say, for tests: the events that notifications hears, as they arrive."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from services.chassis.crypto import seal
from services.chassis.database import utc_now
from services.chassis.events import Envelope, consume
from services.notifications.contacts.models import Contact
from services.notifications.database import database
from services.notifications.delivery.models import Delivery
from services.notifications.events import HANDLERS

BEIJING = ZoneInfo("Asia/Shanghai")
EMAIL = "wang.li@example.com"
PHONE = "+8613800138000"


def soon(**later: float) -> datetime:
    """A moment from now, to the second: ``soon(hours=2)``."""
    return (utc_now() + timedelta(**later)).replace(microsecond=0)


def activity(starts_at: datetime, **changes: Any) -> dict[str, Any]:
    """An activity of two hours as events carry it."""
    return {
        "id": str(uuid.uuid4()),
        "version": 1,
        "slug": "a-lecture",
        "kind": "lecture",
        "status": "published",
        "title": {"zh-CN": "安全出行讲座", "en": "Travelling safely"},
        "summary": {"zh-CN": "一堂讲座"},
        "district": "110102",
        "venue": {
            "name": {"zh-CN": "陶然亭街道活动中心", "en": "Taoranting Centre"},
            "address": {"zh-CN": "西城区某路1号", "en": "1 Some Road, Xicheng"},
        },
        "starts_at": starts_at.isoformat(),
        "ends_at": (starts_at + timedelta(hours=2)).isoformat(),
        "timezone": "Asia/Shanghai",
        "reminders": ["P1D", "PT1H"],
        "topics": ["travel"],
        "countries": ["TH"],
        "url": "http://testserver/activities/a-lecture",
    } | changes


def moved(state: dict[str, Any], starts_at: datetime) -> dict[str, Any]:
    """The activity at another time, one version later."""
    return state | {
        "version": state["version"] + 1,
        "starts_at": starts_at.isoformat(),
        "ends_at": (starts_at + timedelta(hours=2)).isoformat(),
    }


def hear(kind: str, subject: str, version: int, data: dict[str, Any]) -> bool:
    """Have notifications handle an event; returns whether its handler ran."""
    envelope = Envelope(
        id=uuid.uuid4(),
        source="/services/registration",
        type=kind,
        subject=subject,
        time=datetime.now(UTC),
        sequence=version,
        data=data,
    )
    return consume(database, HANDLERS, envelope)


def registration(
    kind: str,
    state: dict[str, Any],
    identifier: uuid.UUID | None = None,
    version: int = 1,
    **changes: Any,
) -> uuid.UUID:
    """Hear ``registration.<kind>.v1``; returns the registration's id."""
    found = identifier or uuid.uuid4()
    consents = {"reminders": True, "advisories": False, "privacy_version": "2026-11"}
    data = {
        "subject_id": str(found),
        "version": version,
        "activity": state,
        "status": kind,
        "name": seal("王丽"),
        "email": seal(EMAIL),
        "phone": None,
        "language": "zh-CN",
        "party_size": 2,
        "ticket_code": seal("K7QX2M9P"),
        "manage_url": seal("http://testserver/registrations/token-of-the-registration"),
        "consents": consents,
        "waiting_position": 3 if kind == "waiting" else None,
        "promoted": False,
        "registered_at": utc_now().isoformat(),
    }
    if kind == "cancelled":
        data["cause"] = "registrant"
    hear(f"registration.{kind}.v1", f"registration/{found}", version, data | changes)
    return found


def changed(state: dict[str, Any], *names: str, **more: Any) -> None:
    """Hear ``activity.changed.v1``; ``more``: its ``note`` and whether it ``asks``."""
    hear(
        "activity.changed.v1",
        f"activity/{state['id']}",
        state["version"],
        {
            "subject_id": state["id"],
            "version": state["version"],
            "activity": state,
            "changed": list(names),
        }
        | more,
    )


def deliveries(**where: Any) -> list[Delivery]:
    """Every delivery with these values, oldest first."""
    with database.transaction() as session:
        return list(session.scalars(sa.select(Delivery).filter_by(**where).order_by(Delivery.id)))


def contacts() -> list[Contact]:
    """Every contact, oldest first."""
    with database.transaction() as session:
        return list(session.scalars(sa.select(Contact).order_by(Contact.id)))


def raw_context(delivery_id: uuid.UUID) -> str:
    """A delivery's context as it lies in the table."""
    with database.transaction() as session:
        found = session.execute(
            sa.text("SELECT context FROM deliveries WHERE id = :id"), {"id": delivery_id}
        )
        return str(found.scalar_one())


def states(**where: Any) -> list[str]:
    """The states of those deliveries."""
    return [delivery.state for delivery in deliveries(**where)]


def make_due(**where: Any) -> None:
    """Let the waiting time of a delivery be over."""
    with database.transaction() as session:
        session.execute(sa.update(Delivery).filter_by(**where).values(due_at=utc_now()))
