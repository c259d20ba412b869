"""Reminders in real time: one that falls due, one that moved with its activity, one withdrawn."""

from __future__ import annotations

from datetime import datetime

from tests.journeys.making import Reminded, invitation, mails
from tests.stack import Stack, eventually


def reminder(stack: Stack, to: str) -> dict[str, object] | None:
    """The reminder among somebody's mails."""
    return next((mail for mail in mails(stack, to) if "活动提醒" in mail["subject"]), None)


def test_a_reminder_goes_out_an_hour_before(house_running: Stack, reminded: Reminded) -> None:
    """The activity began in 61 minutes when the journeys began: a minute later it is due."""
    mail = eventually(lambda: reminder(house_running, reminded.kept_by), within=120)
    assert "入场时请出示" in str(mail["text"])
    assert datetime.fromisoformat(str(mail["received_at"])) >= reminded.due


def test_a_reminder_moves_with_its_activity(house_running: Stack, reminded: Reminded) -> None:
    eventually(lambda: len(mails(house_running, reminded.moved_by)) > 1)
    first, change = mails(house_running, reminded.moved_by)[:2]
    before, after = invitation(first), invitation(change)
    assert "时间或地点变更" in change["subject"]
    assert change["calendar_method"] == "REQUEST"
    assert after["UID"] == before["UID"]
    assert after["SEQUENCE"] > before["SEQUENCE"]
    assert after.decoded("DTSTART") < before.decoded("DTSTART")
    mail = eventually(lambda: reminder(house_running, reminded.moved_by), within=120)
    assert datetime.fromisoformat(str(mail["received_at"])) >= reminded.due


def test_cancelling_withdraws_the_reminder_and_tells(
    house_running: Stack, reminded: Reminded
) -> None:
    # The reminder of an activity at the very same time has gone out: this one would have, too.
    eventually(lambda: reminder(house_running, reminded.kept_by), within=120)
    eventually(lambda: len(mails(house_running, reminded.cancelled_by)) == 2)
    first, called_off = mails(house_running, reminded.cancelled_by)
    assert "讲师临时有公务。" in called_off["text"]
    assert called_off["calendar_method"] == "CANCEL"
    assert invitation(called_off)["UID"] == invitation(first)["UID"]
    assert invitation(called_off)["SEQUENCE"] > invitation(first)["SEQUENCE"]
