"""What a registration's person is told, in both languages, by mail and by SMS."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from icalendar import Calendar

from services.chassis.crypto import seal
from services.chassis.i18n import speaking, words_of
from services.notifications.database import database
from services.notifications.delivery import lanes
from services.notifications.delivery.models import Delivery
from services.notifications.messages.composers import COMPOSERS
from services.notifications.messages.content import SmsContent
from services.notifications.messages.sms import parts
from services.notifications.reminders.schedule import plan_due
from tests.notifications import told
from tests.sink import SmtpSink, Taken

MANAGE = "http://testserver/registrations/token-of-the-registration"
VERIFY = "http://testserver/registrations/token/verify/secret"


def sent(smtp: SmtpSink) -> Taken:
    """Empty the lane; the last mail that arrived."""
    lanes.run_lane("transactional")
    return smtp.to(told.EMAIL)[-1]


def texted(kind: str) -> str:
    """What the text message of a kind says."""
    [delivery] = told.deliveries(kind=kind, channel="sms")
    return written(delivery)


def written(delivery: Delivery) -> str:
    with (
        database.transaction() as session,
        speaking(delivery.language),
        words_of("notifications"),
    ):
        content = COMPOSERS[delivery.kind](session, delivery)
    assert isinstance(content, SmsContent)
    return content.text


def entry(taken: Taken) -> tuple[str, Any]:
    assert taken.calendar is not None
    calendar = Calendar.from_ical(taken.calendar)
    [event] = calendar.walk("VEVENT")
    return str(calendar["METHOD"]), event


LANGUAGES = ("zh-CN", "en")


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_offered_place_says_until_when(smtp: SmtpSink, language: str) -> None:
    until = told.soon(hours=20)
    told.registration(
        "offered",
        told.activity(told.soon(days=3)),
        language=language,
        phone=seal(told.PHONE),
        hold_expires_at=until.isoformat(),
        children=1,
    )
    mails = told.deliveries(kind="registration-offered")
    assert {delivery.expires_at for delivery in mails} == {until}
    taken = sent(smtp)
    clock = f"{until.astimezone(told.BEIJING):%H:%M}"
    subject = taken.message["Subject"].strip()
    assert subject.startswith("请在" if language == "zh-CN" else "Please accept")
    assert clock in subject
    assert MANAGE in taken.text
    assert taken.calendar is None, "the entry comes with the acceptance"
    assert "K7QX" not in taken.text, "no ticket yet"
    assert ("其中儿童 1 人" if language == "zh-CN" else "1 of them a child") in taken.text
    text = texted("registration-offered")
    assert clock in text
    assert MANAGE in text, "an answer is asked for, so the link is there"
    assert parts(text) <= 2


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("channel", ["email", "sms"])
def test_a_code_goes_to_the_asked_channel_alone(
    smtp: SmtpSink, language: str, channel: str
) -> None:
    until = told.soon(minutes=15)
    told.registration(
        "unverified",
        told.activity(told.soon(days=3)),
        language=language,
        phone=seal(told.PHONE),
        hold_expires_at=until.isoformat(),
        code=seal("604218"),
        verify_url=seal(VERIFY),
        channel=channel,
    )
    [delivery] = told.deliveries()
    assert (delivery.channel, delivery.expires_at, delivery.lane) == (
        channel,
        until,
        "transactional",
    )
    if channel == "sms":
        text = texted("registration-unverified")
        assert text.startswith("604218")
        assert parts(text) <= 2
        assert (VERIFY in text) is (language == "zh-CN"), "the link where there is room for it"
    else:
        taken = sent(smtp)
        assert taken.message["Subject"].startswith("604218")
        assert VERIFY in taken.text
        assert VERIFY in taken.html
        assert MANAGE not in taken.text, "nobody gets the ticket before"
    [contact] = told.contacts()
    assert not contact.reachable
    assert not contact.wants_broadcasts


def test_a_new_code_calls_off_the_old_one_and_the_confirmation_calls_off_both() -> None:
    state = told.activity(told.soon(days=3))
    more = {
        "hold_expires_at": told.soon(minutes=15).isoformat(),
        "code": seal("604218"),
        "verify_url": seal(VERIFY),
        "channel": "email",
    }
    one = told.registration("unverified", state, **more)
    told.registration("unverified", state, one, version=2, **more)
    assert told.states() == ["cancelled", "pending"]
    told.registration("confirmed", state, one, version=3)
    assert told.states() == ["cancelled", "cancelled", "pending"]
    [contact] = told.contacts()
    assert contact.reachable


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_offer_that_ran_out(smtp: SmtpSink, language: str) -> None:
    state = told.activity(told.soon(days=3))
    until = told.soon(hours=1).isoformat()
    one = told.registration("offered", state, language=language, hold_expires_at=until)
    told.registration("cancelled", state, one, version=2, language=language, cause="expired")
    taken = sent(smtp)
    word = "不再保留" if language == "zh-CN" else "no longer kept"
    assert word in taken.message["Subject"]
    assert taken.calendar is None, "there was no entry"
    assert len(smtp.to(told.EMAIL)) == 1, "the offer was not sent after its end"


def test_what_staff_say_about_a_cancellation_is_told(smtp: SmtpSink) -> None:
    state = told.activity(told.soon(days=3))
    one = told.registration("confirmed", state)
    lanes.run_lane("transactional")
    told.registration("cancelled", state, one, version=2, cause="staff", reason=seal("换到大厅。"))
    taken = sent(smtp)
    assert "> 换到大厅。" in taken.text
    assert entry(taken)[0] == "CANCEL"


@pytest.mark.parametrize("language", LANGUAGES)
def test_another_date_moves_ticket_entry_and_reminders(smtp: SmtpSink, language: str) -> None:
    first = told.activity(told.soon(days=3), reminders=["PT1H"])
    second = told.activity(told.soon(days=5), reminders=["PT1H"], version=7)
    one = told.registration("confirmed", first, language=language)
    before = entry(sent(smtp))
    told.registration("confirmed", second, one, version=2, language=language)
    taken = sent(smtp)
    word = "改签" if language == "zh-CN" else "changed the date"
    assert word in taken.message["Subject"]
    method, event = entry(taken)
    assert (method, str(event["UID"])) == ("REQUEST", f"{one}@lingbao")
    assert int(event["SEQUENCE"]) > int(before[1]["SEQUENCE"])
    assert event.decoded("DTSTART") == datetime.fromisoformat(second["starts_at"])
    # The old date may change and be cancelled: it is no business of theirs any more.
    told.changed(told.moved(first, told.soon(days=4)), "time")
    assert told.deliveries(kind="activity-changed") == []
    due = datetime.fromisoformat(second["starts_at"]) - timedelta(minutes=59)
    assert plan_due(due) == 1
    assert plan_due(due + timedelta(minutes=10)) == 0
    [reminder] = told.deliveries(kind="reminder")
    assert reminder.registration_id == one


def test_moving_to_a_waiting_list_takes_the_entry_out(smtp: SmtpSink) -> None:
    one = told.registration("confirmed", told.activity(told.soon(days=3)))
    first = entry(sent(smtp))[1]
    told.registration("waiting", told.activity(told.soon(days=5)), one, version=2)
    method, event = entry(sent(smtp))
    assert method == "CANCEL"
    assert int(event["SEQUENCE"]) > int(first["SEQUENCE"])


def test_the_sequence_rises_whatever_happens_in_between(smtp: SmtpSink) -> None:
    """Register, move (to an activity that was never edited), change, ask, cancel."""
    first = told.activity(told.soon(days=3), version=9)
    second = told.activity(told.soon(days=5), version=1)
    one = told.registration("confirmed", first)
    lanes.run_lane("transactional")
    newer = told.moved(first, told.soon(days=4))
    told.changed(newer, "time")
    lanes.run_lane("transactional")
    told.registration("confirmed", second, one, version=2)
    lanes.run_lane("transactional")
    changed = told.moved(second, told.soon(days=6))
    told.changed(changed, "time")
    lanes.run_lane("transactional")
    told.registration("confirmed", changed, one, version=3, asked=True)
    lanes.run_lane("transactional")
    told.registration("cancelled", changed, one, version=4)
    lanes.run_lane("transactional")
    entries = [entry(taken) for taken in smtp.to(told.EMAIL)]
    assert [method for method, _ in entries] == ["REQUEST"] * 5 + ["CANCEL"]
    sequences = [int(event["SEQUENCE"]) for _, event in entries]
    assert sequences == sorted(set(sequences))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("asks", [True, False], ids=["asks", "tells"])
def test_a_change_comes_with_the_staff_s_words(smtp: SmtpSink, language: str, asks: bool) -> None:
    state = told.activity(told.soon(days=3))
    told.registration("confirmed", state, language=language, phone=seal(told.PHONE))
    waits = told.registration("waiting", state, language=language, email=seal("b@example.com"))
    lanes.run_lane("transactional")
    newer = told.moved(state, told.soon(days=4))
    note = {"zh-CN": "讲师航班延误。", "en": "The speaker's plane is late."}
    told.changed(newer, "time", note=note, asks=asks)
    taken = sent(smtp)
    assert f"> {note[language]}" in taken.text
    question = "新的安排您是否方便" if language == "zh-CN" else "Does this suit you?"
    assert (question in taken.text) is asks
    assert entry(taken)[0] == "REQUEST"
    text = written(told.deliveries(kind="activity-changed", channel="sms")[0])
    assert (MANAGE in text) or not asks
    other = smtp.to("b@example.com")[-1]
    assert question not in other.text, "who waits has nothing to confirm"
    assert waits


def test_an_edit_with_a_note_tells_though_no_time_changed() -> None:
    state = told.activity(told.soon(days=3))
    told.registration("confirmed", state)
    told.changed(state | {"version": 2}, "title", note={"zh-CN": "请带护照。", "en": ""})
    assert len(told.deliveries(kind="activity-changed")) == 1


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("gifts", ["both", "certificate", "feedback", "none"])
def test_thanks_afterwards(smtp: SmtpSink, language: str, gifts: str) -> None:
    state = told.activity(told.soon(hours=-4))
    certificate = "http://testserver/certificates/abc"
    feedback = "http://testserver/feedback/abc"
    told.registration(
        "attended",
        state,
        status="confirmed",
        language=language,
        phone=seal(told.PHONE),
        certificate_url=seal(certificate) if gifts in ("both", "certificate") else None,
        feedback_url=seal(feedback) if gifts in ("both", "feedback") else None,
    )
    taken = sent(smtp)
    assert taken.message["Subject"].startswith("感谢" if language == "zh-CN" else "Thank you")
    assert (certificate in taken.text) is (gifts in ("both", "certificate"))
    assert (feedback in taken.text) is (gifts in ("both", "feedback"))
    assert told.deliveries(channel="sms") == [], "one message, by mail"
    if gifts == "both":
        assert f'<a class="link" href="{certificate}"' in taken.html


def test_thanks_by_sms_where_there_is_no_mail() -> None:
    told.registration(
        "attended",
        told.activity(told.soon(hours=-4)),
        status="confirmed",
        email=None,
        phone=seal(told.PHONE),
        feedback_url=seal("http://testserver/feedback/abc"),
    )
    assert "http://testserver/feedback/abc" in texted("registration-attended")


@pytest.mark.parametrize("language", LANGUAGES)
def test_links_all_in_one_message(smtp: SmtpSink, language: str) -> None:
    subject = uuid.uuid4()
    items = [
        {
            "title": {"zh-CN": f"讲座{number}", "en": f"Lecture {number}"},
            "starts_at": told.soon(days=9 - number).isoformat(),
            "timezone": "Asia/Shanghai",
            "status": "waiting" if number else "confirmed",
            "manage_url": seal(f"{MANAGE}-{number}"),
        }
        for number in range(8)
    ]
    asked = {"subject_id": str(subject), "version": 1, "language": language, "items": items}
    both = asked | {"email": seal(told.EMAIL), "phone": seal(told.PHONE)}
    assert told.hear("link.asked.v1", f"link/{subject}", 1, both)
    taken = sent(smtp)
    found = re.findall(rf"{MANAGE}-\d", taken.text)
    assert found == [f"{MANAGE}-{number}" for number in range(7, -1, -1)], "the next one first"
    assert f'href="{MANAGE}-7"' in taken.html
    text = texted("links")
    assert len(text) <= 500
    assert f"{MANAGE}-7" in text
    assert ("另有" if language == "zh-CN" else "more on request") in text
    [mail, _sms] = told.deliveries()
    assert "讲座" not in told.raw_context(mail.id), "sealed"
    nothing = asked | {"items": [], "email": seal("c@example.com")}
    told.hear("link.asked.v1", f"link/{uuid.uuid4()}", 1, nothing)
    assert len(told.deliveries()) == 2, "a stranger's address gets nothing"


def test_who_gave_no_address_is_known_and_not_written_to() -> None:
    state = told.activity(told.soon(days=3))
    one = told.registration("confirmed", state, email=None, phone=None)
    told.changed(told.moved(state, told.soon(days=4)), "time", asks=True)
    told.registration("cancelled", state, one, version=2, email=None, phone=None)
    assert told.deliveries() == []


@pytest.fixture(autouse=True)
def _mails_carry_the_spaced_code(smtp: SmtpSink) -> Iterator[None]:
    """A ticket code is never written in one piece."""
    yield
    for taken in smtp.to(told.EMAIL):
        assert "K7QX2M9P" not in taken.text
