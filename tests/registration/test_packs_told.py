"""Whoever is registered hears what changes in a pack; a group that is back does not."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from services.chassis.database import new_id, utc_now
from services.chassis.events import Envelope, consume
from services.chassis.i18n import words_of
from services.chassis.idempotency import NOT_REPEATED
from services.chassis.tables import OutboxRow
from services.registration.bookings import service as bookings
from services.registration.bookings.models import Booking
from services.registration.bookings.schemas import AcceptIn, BookingIn
from services.registration.database import database
from services.registration.events import HANDLERS
from services.registration.packs.telling import FOLLOWED, is_back
from services.registration.registrations.models import Registration
from tests.conftest import principal
from tests.registration.ground import an_activity, register
from tests.registration.test_advisories_told import messages, told


def hear(activity: uuid.UUID, version: int, kind: str = "changed", **changes: Any) -> None:
    data = {
        "subject_id": str(activity),
        "version": version,
        "activity_id": str(activity),
        "booking_id": None,
        "title": {"zh-CN": "赴泰资料包", "en": "Going to Thailand"},
        "url": "http://testserver/packs/token",
        "edition": 1,
        "items": 2,
        "changes": [
            {"kind": "updated", "title": {"en": "Lost passport"}, "said": {"en": "A step"}}
        ],
        "withdrawn": False,
    }
    envelope = Envelope(
        id=new_id(),
        source="/services/content",
        type=f"pack.{kind}.v1",
        subject=f"pack/{activity}",
        time=utc_now(),
        sequence=version,
        data=data | changes,
    )
    with words_of("registration"):
        consume(database, HANDLERS, envelope)


def test_holders_of_an_activity_s_pack_are_told_of_what_changes() -> None:
    activity = an_activity(capacity=1)
    coming, waiting = register(activity, 1), register(activity, 2)
    register(activity, 3, email=None, phone="13800138000")
    gone = register(activity, 4)
    with database.transaction() as session:
        session.execute(
            sa.update(Registration).where(Registration.id == gone.id).values(status="cancelled")
        )
    hear(activity, 2, "published", changes=[])
    assert messages() == [], "the first edition stands on the ticket"
    hear(activity, 3)
    hear(activity, 3)
    assert sorted(told()) == sorted(str(one.id) for one in (coming, waiting))
    (message,) = messages()
    assert message["channels"] == ["email"]
    assert "Updated: Lost passport (A step)" in message["message"]["en"]["body"]
    assert "http://testserver/packs/token" in message["message"]["zh-CN"]["body"]
    assert "更新：Lost passport" in message["message"]["zh-CN"]["body"]
    hear(activity, 4, "withdrawn", withdrawn=True)
    assert len(messages()) == 1


def test_long_after_the_activity_nobody_is_told() -> None:
    for days, mails in ((FOLLOWED.days - 1, 1), (FOLLOWED.days + 1, 1)):
        activity = an_activity()
        register(activity, days)
        ended = datetime.now(UTC) - timedelta(days=days)
        with database.transaction() as session:
            session.execute(
                sa.text("UPDATE activities SET starts_at = :start, ends_at = :end WHERE id = :id"),
                {"start": ended - timedelta(hours=2), "end": ended, "id": activity},
            )
        hear(activity, 2)
        assert len(messages()) == mails


def test_a_group_that_is_back_needs_no_pack() -> None:
    today = datetime.now(UTC).date()
    booking = Booking(timezone="Asia/Shanghai", agreed_time=utc_now() - timedelta(days=90))
    for returns_on, back in ((today - timedelta(days=2), True), (today + timedelta(days=2), False)):
        booking.returns_on = returns_on
        assert is_back(booking) is back
    booking.returns_on = None
    assert is_back(booking)
    booking.agreed_time = utc_now()
    assert not is_back(booking)


def test_a_pack_that_was_there_before_the_time_was_agreed_is_passed_on_then() -> None:
    soon = utc_now().replace(microsecond=0) + timedelta(days=9)
    wanted = {
        "kind": "school_session",
        "organisation": {"name": "某中学", "kind": "school", "district": "110102"},
        "contact": {"name": "李老师", "email": "li@example.com"},
        "proposed_times": [soon.isoformat()],
        "headcount": 120,
        "destinations": ["TH"],
    }
    asked = bookings.request_booking(BookingIn.model_validate(wanted), NOT_REPEATED)
    pack = uuid.uuid4()
    hear(pack, 2, "published", activity_id=None, booking_id=str(asked.id), changes=[])
    assert passed_on() == []
    caller = principal("district-editor", "110102")
    bookings.accept(caller, asked.id, AcceptIn(agreed_time=soon))
    assert [(one["subject_id"], one["news"]) for one in passed_on()] == [(str(pack), "new")]


def passed_on() -> list[dict[str, Any]]:
    with database.transaction() as session:
        rows = session.scalars(sa.select(OutboxRow).where(OutboxRow.type == "booking.pack.v1"))
        return [row.envelope["data"] for row in rows]
