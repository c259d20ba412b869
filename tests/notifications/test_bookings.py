"""What organisations hear about their booking, and the entry in their calendar."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

import pytest
import sqlalchemy as sa
from icalendar import Calendar

from services.chassis.crypto import seal
from services.notifications.contacts.models import Contact
from services.notifications.database import database
from services.notifications.delivery import lanes
from tests.notifications import told
from tests.sink import SmtpSink, Taken

SOON = told.soon(days=5)
AGREED: dict[str, Any] = {"agreed_time": SOON.isoformat()}


def booking(
    status: str, version: int, identifier: uuid.UUID | None = None, **changes: Any
) -> uuid.UUID:
    """Hear ``booking.<status>.v1``; returns the booking's id."""
    found = identifier or uuid.uuid4()
    data = {
        "subject_id": str(found),
        "version": version,
        "kind": "school_session",
        "status": status,
        "organisation": {"name": seal("某中学"), "kind": "school", "district": "110105"},
        "contact": {"name": seal("李老师"), "email": seal(told.EMAIL), "phone": None},
        "language": "zh-CN",
        "proposed_times": [SOON.isoformat()],
        "agreed_time": None,
        "timezone": "Asia/Shanghai",
        "answer": None,
        "headcount": 120,
        "manage_url": seal("http://testserver/bookings/token-of-the-booking"),
    }
    told.hear(f"booking.{status}.v1", f"booking/{found}", version, data | changes)
    return found


def entry(taken: Taken) -> tuple[str, Any] | None:
    """The method and the event of a mail's calendar part."""
    if taken.calendar is None:
        return None
    calendar = Calendar.from_ical(taken.calendar)
    [event] = calendar.walk("VEVENT")
    return str(calendar["METHOD"]), event


def test_a_request_is_received_and_agreed(smtp: SmtpSink) -> None:
    identifier = booking("requested", 1)
    lanes.run_lane("transactional")
    booking("accepted", 2, identifier, answer=seal("请准备好投影仪"), **AGREED)
    lanes.run_lane("transactional")
    received, agreed = smtp.to(told.EMAIL)
    assert received.message["Subject"] == "预约已收到：校园宣讲"
    assert "李老师，您好" in received.text
    assert received.calendar is None
    assert agreed.message["Subject"].startswith("预约已确定：校园宣讲，")
    assert "> 请准备好投影仪" in agreed.text


@pytest.mark.parametrize("end", ["proposed", "declined", "withdrawn"])
def test_what_ends_an_agreement_takes_the_entry_out(smtp: SmtpSink, end: str) -> None:
    identifier = booking("requested", 1)
    lanes.run_lane("transactional")
    booking("accepted", 2, identifier, **AGREED)
    lanes.run_lane("transactional")
    booking(end, 3, identifier)
    lanes.run_lane("transactional")

    received, invited, over = (entry(taken) for taken in smtp.to(told.EMAIL))
    assert received is None
    assert invited is not None
    assert over is not None
    assert (invited[0], over[0]) == ("REQUEST", "CANCEL")
    assert str(over[1]["UID"]) == str(invited[1]["UID"]) == f"{identifier}@lingbao"
    assert int(over[1]["SEQUENCE"]) > int(invited[1]["SEQUENCE"])
    begins: datetime = over[1].decoded("DTSTART")
    assert begins == SOON
    assert str(over[1]["STATUS"]) == "CANCELLED"
    assert "此前约定的时间不再有效" in smtp.to(told.EMAIL)[-1].text


def test_withdrawing_what_was_never_agreed_is_a_short_mail(smtp: SmtpSink) -> None:
    identifier = booking("requested", 1)
    lanes.run_lane("transactional")
    booking("withdrawn", 2, identifier, answer=seal("下周可以吗？"))
    lanes.run_lane("transactional")
    mail = smtp.to(told.EMAIL)[-1]
    assert "您的预约申请已撤回" in mail.text
    assert "下周可以吗" not in mail.text, "what staff wrote earlier is no answer to this"
    assert mail.calendar is None
    with database.transaction() as session:
        assert session.scalars(sa.select(Contact.reachable)).one() is False


def test_an_invitation_that_never_went_out_is_not_cancelled(smtp: SmtpSink) -> None:
    identifier = booking("accepted", 2, **AGREED)
    booking("withdrawn", 3, identifier)
    lanes.run_lane("transactional")
    [mail] = smtp.to(told.EMAIL)
    assert mail.calendar is None


def test_a_time_agreed_anew_comes_back_into_the_calendar(smtp: SmtpSink) -> None:
    identifier = booking("accepted", 2, **AGREED)
    lanes.run_lane("transactional")
    booking("proposed", 3, identifier)
    lanes.run_lane("transactional")
    later = told.soon(days=9)
    booking("accepted", 4, identifier, agreed_time=later.isoformat())
    lanes.run_lane("transactional")
    booking("declined", 5, identifier)
    lanes.run_lane("transactional")
    found = [entry(taken) for taken in smtp.to(told.EMAIL)]
    assert [one[0] for one in found if one] == ["REQUEST", "CANCEL", "REQUEST", "CANCEL"]
    assert [one[1].decoded("DTSTART") for one in found if one] == [SOON, SOON, later, later]
