"""Staff's own messages to an activity's people, and forgetting people."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import sqlalchemy as sa

from services.chassis.crypto import seal
from services.notifications.contacts.service import suppress
from services.notifications.database import database
from services.notifications.delivery import lanes
from services.notifications.delivery.models import Delivery
from services.notifications.staff_messages.models import ActivityMessage
from tests.notifications import told
from tests.sink import SmtpSink

BOTH = {
    "zh-CN": {"subject": "入口改在东门", "body": "请走**东门**。", "sms": "请走东门。"},
    "en": {"subject": "East gate", "body": "Please use the **east gate**.", "sms": "East gate."},
}


def messaged(
    state: dict[str, Any],
    *people: uuid.UUID,
    message: dict[str, Any] = BOTH,
    channels: tuple[str, ...] = ("email", "sms"),
) -> uuid.UUID:
    subject = uuid.uuid4()
    data = {
        "subject_id": str(subject),
        "version": 1,
        "activity": state,
        "registration_ids": [str(one) for one in people],
        "channels": list(channels),
        "message": message,
    }
    told.hear("activity.messaged.v1", f"message/{subject}", 1, data)
    return subject


def kept(subject: uuid.UUID) -> ActivityMessage:
    with database.transaction() as session:
        return session.get_one(ActivityMessage, subject)


def test_each_reads_it_in_their_language(smtp: SmtpSink) -> None:
    state = told.activity(told.soon(days=3))
    chinese = told.registration("confirmed", state)
    english = told.registration("waiting", state, email=seal("b@example.com"), language="en")
    told.registration("confirmed", state, email=seal("c@example.com"))
    lanes.run_lane("transactional")
    subject = messaged(state, chinese, english)
    lanes.run_lane("bulk")
    taken = smtp.to(told.EMAIL)[-1]
    assert taken.message["Subject"] == "入口改在东门"
    assert "<strong>东门</strong>" in taken.html
    assert "安全出行讲座" in taken.text, "why it came"
    assert "List-Unsubscribe" not in taken.message, "no broadcast"
    assert smtp.to("b@example.com")[-1].message["Subject"] == "East gate"
    assert len(smtp.to("c@example.com")) == 1, "the others get nothing"
    found = kept(subject)
    assert (found.planned, found.suppressed, found.no_address) == (2, 0, 0)


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_a_language_that_is_missing_falls_back(smtp: SmtpSink, language: str) -> None:
    state = told.activity(told.soon(days=3))
    one = told.registration("confirmed", state, language=language)
    lanes.run_lane("transactional")
    messaged(state, one, message={"en": BOTH["en"]}, channels=("email",))
    lanes.run_lane("bulk")
    taken = smtp.to(told.EMAIL)[-1]
    assert taken.message["Subject"] == "East gate"
    assert taken.message["Content-Language"] == "en"
    assert "You receive this because" in taken.text


def test_who_cannot_be_reached_is_counted() -> None:
    state = told.activity(told.soon(days=3))
    dead = told.registration("confirmed", state)
    nowhere = told.registration("confirmed", state, email=None, phone=None)
    twice = told.registration("confirmed", state)
    with database.transaction() as session:
        suppress(session, "email", told.EMAIL, "bounced")
    found = kept(messaged(state, dead, nowhere, twice))
    assert (found.planned, found.suppressed, found.no_address) == (1, 1, 1)


def test_a_registration_that_is_heard_of_later_gets_it_too(smtp: SmtpSink) -> None:
    state = told.activity(told.soon(days=3))
    late = uuid.uuid4()
    subject = messaged(state, late, channels=("email",))
    assert kept(subject).planned == 0
    told.registration("confirmed", state, late)
    told.registration("confirmed", state, late, version=2)
    lanes.run_lane("bulk")
    subjects = [taken.message["Subject"] for taken in smtp.to(told.EMAIL)]
    assert subjects.count("入口改在东门") == 1
    assert kept(subject).awaited == []


def test_a_confirmation_does_not_call_off_what_staff_wrote() -> None:
    state = told.activity(told.soon(days=3))
    one = told.registration("confirmed", state)
    messaged(state, one, channels=("email",))
    told.registration("confirmed", state, one, version=2)
    assert told.states(kind="activity-message") == ["pending"]


def test_many_are_planned_in_batches() -> None:
    state = told.activity(told.soon(days=3))
    people = [
        told.registration("confirmed", state, email=seal(f"p{number}@example.com"))
        for number in range(30)
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("services.notifications.staff_messages.service._AT_ONCE", 7)
        patch.setattr("services.notifications.delivery.service.AT_ONCE", 4)
        subject = messaged(state, *people, channels=("email",))
    assert kept(subject).planned == 30
    assert len(told.deliveries(kind="activity-message", lane="bulk")) == 30


def everything() -> str:
    """Every value in every table that notifications keeps, as its owner could read it."""
    found: list[str] = []
    with database.transaction() as session:
        for mapper in Delivery.registry.mappers:
            for row in session.scalars(sa.select(mapper.class_)):
                found += [str(getattr(row, column.key)) for column in mapper.column_attrs]
    return "\n".join(found)


def erase(identifier: uuid.UUID, version: int, kind: str = "registration") -> None:
    told.hear(
        f"{kind}.erased.v1",
        f"{kind}/{identifier}",
        version,
        {"subject_id": str(identifier), "version": version},
    )


def test_erasing_leaves_nothing_but_counts(smtp: SmtpSink) -> None:
    state = told.activity(told.soon(days=3))
    code = {"code": seal("604218"), "verify_url": seal("http://testserver/v"), "channel": "sms"}
    hold = {"hold_expires_at": told.soon(minutes=15).isoformat()}
    everywhere = {
        "phone": seal(told.PHONE),
        "ticket_code": seal("MINE2M9P"),
        "manage_url": seal("http://testserver/registrations/a-link-of-mine"),
    }
    one = told.registration("unverified", state, **code, **hold, **everywhere)
    told.registration("confirmed", state, one, version=2, **everywhere)
    lanes.run_lane("transactional")
    subject = messaged(state, one)
    links = {"subject_id": str(uuid.uuid4()), "version": 1, "language": "en", "phone": None}
    item = {
        "title": {"en": "A"},
        "starts_at": state["starts_at"],
        "timezone": "Asia/Shanghai",
        "status": "confirmed",
        "manage_url": everywhere["manage_url"],
    }
    told.hear(
        "link.asked.v1",
        f"link/{links['subject_id']}",
        1,
        links | {"email": seal(told.EMAIL), "items": [item]},
    )
    neighbour = told.registration("confirmed", state, email=seal("b@example.com"), name=seal("李"))
    before = len(told.deliveries())
    erase(one, 3)
    left = everything()
    for secret in ("王丽", told.EMAIL, told.PHONE, "604218", "MINE2M9P", "a-link-of-mine"):
        assert secret not in left, secret
    assert "b@example.com" in left, "the neighbour is still known"
    assert len(told.deliveries()) == before, "what was sent still adds up"
    assert kept(subject).planned == 2
    sent_before = len(smtp.taken)
    lanes.run_lane("bulk")
    lanes.run_lane("transactional")
    assert [taken.recipients for taken in smtp.taken[sent_before:]] == [["b@example.com"]]
    erase(one, 4)
    told.registration("confirmed", state, one, version=3)
    assert "王丽" not in everything(), "an older event does not bring it back"
    assert neighbour


def test_erasing_keeps_the_counts_of_broadcasts() -> None:
    """A broadcast writes to each hash once: two of its recipients may be erased."""
    state = told.activity(told.soon(days=3))
    people = [told.registration("confirmed", state, email=seal(f"{n}@x.org")) for n in "ab"]
    broadcast = uuid.uuid4()
    with database.transaction() as session:
        for contact in told.contacts():
            session.add(
                Delivery(
                    lane="bulk",
                    kind="broadcast",
                    channel="email",
                    dedupe_key=str(contact.id),
                    contact_id=contact.id,
                    broadcast_id=broadcast,
                    address=contact.email,
                    address_hash=contact.email_hash,
                    language="en",
                    state="accepted",
                )
            )
    for one in people:
        erase(one, 2)
    assert told.states(broadcast_id=broadcast) == ["accepted", "accepted"]
    assert "@x.org" not in everything()


def test_racing_with_registrations_nobody_is_missed_and_nobody_gets_it_twice() -> None:
    """A message and the registrations that it is for, all handled at the same moment."""
    state = told.activity(told.soon(days=3))
    told.registration("confirmed", state, email=seal("first@example.com"))
    people = [uuid.uuid4() for _ in range(12)]

    def register(number: int) -> None:
        told.registration("confirmed", state, people[number], email=seal(f"p{number}@example.com"))

    with ThreadPoolExecutor(8) as pool:
        work = [pool.submit(register, number) for number in range(6)]
        sent = pool.submit(messaged, state, *people, channels=("email",))
        work += [pool.submit(register, number) for number in range(6, 12)]
        for done in work:
            done.result()
    found = kept(sent.result())
    assert (found.planned, found.awaited) == (12, [])
    assert len(told.deliveries(kind="activity-message")) == 12
