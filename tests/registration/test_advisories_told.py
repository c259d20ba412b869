"""Who is registered for an activity about a country is told of a grave advisory for it, once."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from services.chassis.database import new_id, utc_now
from services.chassis.events import Envelope, consume
from services.chassis.i18n import words_of
from services.chassis.tables import OutboxRow
from services.registration.database import database
from services.registration.events import HANDLERS
from services.registration.notices.models import AdvisoryTold
from services.registration.registrations.models import Registration
from tests.registration.ground import an_activity, register


def hear(subject: uuid.UUID, version: int, level: str, kind: str | None, **changes: Any) -> None:
    change = {"kind": kind, "fields": [], "before": {}, "reason": None}
    data = {
        "subject_id": str(subject),
        "version": version,
        "country": "TH",
        "region": {},
        "level": level,
        "word": "do-not-travel",
        "headline": {"zh-CN": "南部洪水", "en": "Floods in the south"},
        "advice": {"zh-CN": "- 请远离河岸", "en": "- Stay away from rivers"},
        "valid_from": utc_now().isoformat(),
        "valid_until": None,
        "url": "http://testserver/advisories/TH",
        "withdrawn": False,
        "change": change if kind else None,
    }
    envelope = Envelope(
        id=new_id(),
        source="/services/content",
        type="advisory.published.v1",
        subject=f"advisory/{subject}",
        time=utc_now(),
        sequence=version,
        data=data | changes,
    )
    with words_of("registration"):
        consume(database, HANDLERS, envelope)


def messages() -> list[dict[str, Any]]:
    with database.transaction() as session:
        rows = session.scalars(
            sa.select(OutboxRow)
            .where(OutboxRow.type == "activity.messaged.v1")
            .order_by(OutboxRow.position)
        )
        return [row.envelope["data"] for row in rows]


def told() -> list[str]:
    return [one for message in messages() for one in message["registration_ids"]]


def test_everybody_is_told_once_with_the_next_activity() -> None:
    later = an_activity(starts_at=datetime.now(UTC) + timedelta(days=9),
                        ends_at=datetime.now(UTC) + timedelta(days=9, hours=2))  # fmt: skip
    sooner = an_activity(capacity=1)
    elsewhere = an_activity(countries=["JP"])
    both = register(sooner, 1)
    register(later, 1)
    waiting = register(sooner, 2)
    alone = register(later, 3, email=None, phone="13800138000")
    register(elsewhere, 4)
    gone = register(later, 5)
    with database.transaction() as session:
        session.execute(
            sa.update(Registration)
            .where(Registration.id == gone.id)
            .values(status="cancelled", seats_held=0)
        )
        session.execute(
            sa.text("UPDATE activities SET seats_taken = seats_taken - 1 WHERE id = :id"),
            {"id": later},
        )
    hear(uuid.uuid4(), 2, "red", "published")
    assert sorted(told()) == sorted(str(one.id) for one in (both, waiting, alone))
    first = messages()[0]
    assert (first["activity"]["id"], first["channels"]) == (str(sooner), ["email", "sms"])
    assert first["message"]["zh-CN"]["subject"] == "泰国：南部洪水"
    assert "Stay away from rivers" in first["message"]["en"]["body"]
    assert "http://testserver/advisories/TH" in first["message"]["en"]["sms"]
    with database.transaction() as session:
        kept = session.scalars(sa.select(AdvisoryTold).order_by(AdvisoryTold.people.desc())).all()
        assert [(one.activity_id, one.people) for one in kept] == [(sooner, 2), (later, 1)]


def test_orange_goes_by_sms_only_to_those_without_an_e_mail_address() -> None:
    activity = an_activity()
    mail = register(activity, 1, phone="13800138001")
    phone = register(activity, 2, email=None, phone="13800138002")
    hear(uuid.uuid4(), 2, "orange", "published")
    ways = {message["channels"][0]: message["registration_ids"] for message in messages()}
    assert ways == {"email": [str(mail.id)], "sms": [str(phone.id)]}


def test_only_what_is_graver_is_told() -> None:
    register(an_activity(), 1)
    subject = uuid.uuid4()
    hear(subject, 2, "yellow", "published")
    assert messages() == []
    hear(subject, 3, "orange", "raised")
    hear(subject, 4, "orange", "changed")
    assert len(messages()) == 1
    hear(subject, 5, "red", "raised")
    hear(subject, 6, "orange", "lowered")
    assert len(messages()) == 2
    # The raise came too late to be heard, and the correction after it brings it.
    other = uuid.uuid4()
    hear(other, 2, "yellow", "published")
    hear(other, 4, "red", "changed")
    hear(other, 3, "red", "raised")
    assert len(messages()) == 3


@pytest.mark.parametrize("days", [-1, 5])
def test_what_is_over_is_not_told(days: int) -> None:
    starts = datetime.now(UTC) + timedelta(days=-9 if days == 5 else 7)
    activity = an_activity()
    register(activity, 1)
    with database.transaction() as session:
        session.execute(
            sa.text("UPDATE activities SET starts_at = :begin, ends_at = :end WHERE id = :id"),
            {"begin": starts, "end": starts + timedelta(hours=2), "id": activity},
        )
    until = (utc_now() + timedelta(days=days)).isoformat()
    hear(uuid.uuid4(), 2, "red", "published", valid_until=until)
    assert messages() == []
