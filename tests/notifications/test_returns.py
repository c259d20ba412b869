"""What comes back: read, matched to a message, acted on once, and never believed without proof."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import sqlalchemy as sa

from services.chassis.settings import settings
from services.notifications.contacts import service as contacts
from services.notifications.contacts.models import Suppression, SuppressionAct
from services.notifications.database import database
from services.notifications.delivery.models import Delivery
from services.notifications.returns import handling, reading
from services.notifications.returns.models import ReturnedMessage
from services.notifications.returns.return_path import delivery_of, return_path
from services.notifications.returns.taking_in import KEPT, take_in
from services.notifications.returns.verdicts import judge
from tests.conftest import principal
from tests.notifications.broadcasting import person
from tests.notifications.returning import (
    PERSON,
    came_back,
    complaint,
    dsn,
    failed,
    in_prose,
    original,
    sent,
)
from tests.notifications.told import hear


@pytest.fixture(autouse=True)
def bounce_domain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings(), "bounce_domain", "bounce.example.cn")


def delivery(identifier: uuid.UUID) -> Delivery:
    with database.transaction() as session:
        return session.get_one(Delivery, identifier)


def reasons() -> list[str]:
    with database.transaction() as session:
        return list(session.scalars(sa.select(Suppression.reason)))


# --- the return address ----------------------------------------------------------------------- #


def test_a_return_address_names_its_message_and_cannot_be_made_up() -> None:
    one, other = uuid.uuid4(), uuid.uuid4()
    address = return_path(one)
    local, _, domain = address.partition("@")
    assert domain == "bounce.example.cn"
    assert len(local) <= 64 and local == local.lower()
    assert delivery_of(address) == one
    assert delivery_of(f"{local.upper()}@ELSEWHERE.example") == one
    # Another message's id with this one's MAC.
    assert delivery_of(return_path(other)[:26] + address[26:]) is None
    assert delivery_of(address[:30] + ("a" if address[30] != "a" else "b") + address[31:]) is None
    assert delivery_of("no-reply@lingbao.example") is None


def test_without_a_bounce_domain_mail_returns_to_the_sender(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(settings(), "bounce_domain", None)
    assert return_path(uuid.uuid4()) == "no-reply@lingbao.example"


# --- verdicts --------------------------------------------------------------------------------- #


@pytest.mark.parametrize(
    ("status", "said", "verdict"),
    [
        ("5.1.1", "550 5.1.1 User unknown", "hard"),
        ("5.1.10", "550 5.1.10 RESOLVER.ADR.RecipientNotFound", "hard"),
        ("5.2.1", "550 5.2.1 mailbox disabled", "hard"),
        ("5.1.7", "553 5.1.7 bad sender", "refused"),
        ("5.2.2", "552 5.2.2 over quota", "soft"),
        ("4.4.7", "delivery time expired", "soft"),
        ("5.2.3", "552 5.2.3 too big", "refused"),
        ("5.7.1", "550 5.7.1 blocked, user unknown to our policy", "refused"),
        # "Undefined" says less than the server's own code or words.
        ("5.0.0", "550 5.1.1 no mailbox here", "hard"),
        (None, "550 Mailbox not found", "hard"),
        (None, "550 该用户不存在", "hard"),
        (None, "收件人邮箱空间不足", "soft"),
        (None, "553 sender address invalid", "refused"),
        (None, "550 connection from 5.1.1.20 blocked as spam", "refused"),
        ("5.0.0", "for reasons of its own", "soft"),
    ],
)
def test_only_what_is_clearly_about_the_address_is_hard(
    status: str | None, said: str, verdict: str
) -> None:
    assert judge(status, said)[0] == verdict


# --- servers ---------------------------------------------------------------------------------- #


def test_a_dead_address_is_suppressed_once_and_staff_can_undo_it(
    outbox: Callable[[str], list[object]],
) -> None:
    registration = uuid.uuid4()
    message = sent(registration_id=registration)
    raw = dsn(*failed("5.1.1", f"550 5.1.1 <{PERSON}>: no such user"), returned=original(message))
    row = came_back(raw, return_path(message))
    assert (row.kind, row.proof, row.effect) == ("hard", "return-path", "suppressed")
    assert PERSON not in (row.reply or "")
    stored = delivery(message)
    assert stored.state == "bounced"
    assert stored.history[-1]["state"] == "bounced"
    assert [event.type for event in outbox("notifications")] == ["delivery.failed.v1"]
    assert reasons() == ["bounced"]
    # The same again is the same; another report about it changes nothing.
    assert not take_in(raw, via="mail", recipient=return_path(message))
    assert came_back(raw + b"\r\n", return_path(message)).effect == "none"

    undone = reading.undo(principal("district-editor", "110102"), row.id)
    assert undone.undone_at and not undone.can_be_undone
    assert reasons() == []
    with database.transaction() as session:
        act = session.scalars(sa.select(SuppressionAct)).one()
    assert (act.act, act.suppressed_for, act.address) == ("undone", "bounced", PERSON)
    assert delivery(message).state == "bounced"


@pytest.mark.parametrize(
    ("raw", "kind", "state"),
    [
        pytest.param(
            dsn(*failed("5.1.1", "550 5.1.1 <x@example.com>: Recipient address rejected")),
            "hard",
            "bounced",
            id="postfix",
        ),
        pytest.param(
            dsn(
                "Final-Recipient: rfc822;wang.li@example.com",
                "Action: failed",
                "Status: 5.1.10",
                "Diagnostic-Code: smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; not found by SMTP"
                " address lookup",
                head=["X-MS-Exchange-Message-Is-Ndr:"],
            ),
            "hard",
            "bounced",
            id="exchange",
        ),
        pytest.param(
            in_prose(
                "PostMaster@qq.com",
                "系统退信",
                "<p>很抱歉，您发送的邮件被退回。</p><p>退信原因：收件人邮件地址不存在，邮件无法送达。</p>",
            ),
            "hard",
            "bounced",
            id="qq",
        ),
        pytest.param(
            dsn(
                *failed("5.2.2", "552 5.2.2 Mailbox space not enough"),
                head=["From: postmaster@163.com", "Subject: =?gbk?B?z7XNs83L0MU=?="],
                words="系统退信：收件人邮箱空间不足",
            ),
            "soft",
            "failed",
            id="163-full",
        ),
        pytest.param(
            dsn(*failed("5.7.1", "554 5.7.1 DT:SPM")), "refused", "failed", id="163-policy"
        ),
        pytest.param(
            dsn(
                *failed("5.1.1", "550 5.1.1 no"),
                status_type="message/global-delivery-status",
            ),
            "hard",
            "bounced",
            id="rfc6533",
        ),
        pytest.param(
            dsn(f"Final-Recipient: rfc822; {PERSON}", "Action: delayed", "Status: 4.4.1"),
            "underway",
            "accepted",
            id="delayed",
        ),
        pytest.param(
            dsn(f"Final-Recipient: rfc822; {PERSON}", "Action: delivered", "Status: 2.1.5"),
            "delivered",
            "delivered",
            id="delivered",
        ),
        pytest.param(
            b"From: wang.li@example.com\r\nSubject: =?utf-8?B?6Ieq5Yqo5Zue5aSN?=\r\n"
            b"Auto-Submitted: auto-replied\r\n\r\n550 user unknown, says my parrot\r\n",
            "auto-reply",
            "accepted",
            id="out-of-office",
        ),
        pytest.param(
            b"From: wang.li@example.com\r\nSubject: Thanks\r\n\r\nThank you.\r\n",
            "unclear",
            "accepted",
            id="a-person-writes",
        ),
    ],
)
def test_each_server_is_understood(raw: bytes, kind: str, state: str) -> None:
    message = sent()
    row = came_back(raw, return_path(message))
    assert (row.kind, row.proof) == (kind, "return-path")
    assert delivery(message).state == state
    assert reasons() == (["bounced"] if state == "bounced" else [])


def test_the_message_inside_proves_it_too_also_in_base64() -> None:
    message, other = sent(), sent("li@example.com")
    report = dsn(*failed("5.1.1", "550 5.1.1 no"), returned=original(message))
    assert came_back(report).proof == "message-id"
    assert delivery(message).state == "bounced"
    words = f"系统退信：收件人不存在\n原邮件：\n{original(other)}"
    row = came_back(in_prose("postmaster@163.com", "系统退信", words, "plain"))
    assert (row.kind, row.proof, row.delivery_id) == ("hard", "message-id", other)


def test_a_forged_bounce_changes_nothing_and_is_shown() -> None:
    message = sent()
    forged = dsn(*failed("5.1.1", "550 5.1.1 no"), returned=original(uuid.uuid4()))
    row = came_back(forged, "b-" + "a" * 52 + "@bounce.example.cn")
    assert (row.kind, row.proof, row.effect) == ("hard", "recipient", "none")
    assert row.delivery_id == message
    assert delivery(message).state == "accepted"
    assert reasons() == []


def test_full_mailboxes_count_and_an_undo_starts_anew() -> None:
    report = dsn(*failed("4.2.2", "452 4.2.2 over quota"))
    rows = []
    for _ in range(handling.SOFT_LIMIT):
        message = sent()
        rows.append(came_back(report + message.bytes.hex().encode(), return_path(message)))
        # Told of twice, one message counts once.
        came_back(report + message.bytes.hex().encode() + b"!", return_path(message))
        if len(rows) < handling.SOFT_LIMIT:
            assert reasons() == []
    assert rows[0].effect == "failed" and rows[-1].effect == "suppressed"
    assert reasons() == [handling.OFTEN_SOFT]
    reading.undo(principal("city-editor"), rows[-1].id)
    message = sent()
    assert came_back(report + b"later", return_path(message)).effect == "failed"
    assert reasons() == []


def test_a_complaint_stops_broadcasts_and_nothing_else() -> None:
    person(PERSON)
    message = sent(kind="broadcast", broadcast_id=uuid.uuid4())
    row = came_back(complaint(message))
    assert (row.kind, row.effect) == ("complaint", "unsubscribed")
    with database.transaction() as session:
        assert contacts.is_unsubscribed(session, "email", PERSON)
        assert not contacts.is_suppressed(session, "email", PERSON)
        counted = session.scalar(sa.text("SELECT sum(complained) FROM sender_minutes"))
    assert counted == 1
    other = sent("li@example.com", kind="broadcast", broadcast_id=uuid.uuid4())
    assert came_back(complaint(other, "not-spam")).kind == "unclear"


# --- rubbish ---------------------------------------------------------------------------------- #

DEEP = b"".join(
    b'Content-Type: multipart/mixed; boundary="%d"\r\n\r\n--%d\r\n' % (level, level)
    for level in range(1200)
)


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(bytes(range(256)) * 40, id="bytes"),
        pytest.param(DEEP, id="nested"),
        pytest.param(b"A: b\r\n" * 50_000, id="headers"),
        pytest.param(
            b"Subject: =?nonsense?B?////?=\r\nFrom: =?utf-8?Q?=FF=FE?= <\xff@\xfe>\r\n"
            b'Content-Type: text/plain; charset="\xe4\xb8\xad"\r\n\r\n\xff\xfe\x00',
            id="charsets",
        ),
        pytest.param(
            dsn("Action: failed", "Status: 5.99999999999.1", "Final-Recipient: ;;;@@@"),
            id="fields",
        ),
    ],
)
def test_rubbish_is_kept_and_crashes_nothing(raw: bytes) -> None:
    row = came_back(raw, "no-reply@lingbao.example")
    assert row.raw.encode("latin-1") == raw[:KEPT]
    assert (row.proof, row.effect) == (None, "none")


def test_of_ten_megabytes_the_beginning_is_kept_and_read() -> None:
    message = sent()
    raw = dsn(*failed("5.1.1", "550 5.1.1 no"), returned="x" * (10 * 1024 * 1024))
    row = came_back(raw, return_path(message))
    assert (row.size, len(row.raw), row.kind) == (len(raw), KEPT, "hard")


def test_what_is_old_goes_and_what_is_kept_is_sealed() -> None:
    message = sent()
    came_back(dsn(*failed("5.1.1", "550 5.1.1 no")), return_path(message))
    with database.transaction() as session:
        raw, address = session.execute(sa.text("SELECT raw, address FROM returned_messages")).one()
        assert raw.startswith("s1.") and address.startswith("s1.")
        received_at = session.scalar(sa.select(ReturnedMessage.received_at))
    assert received_at is not None
    assert handling.forget_old(received_at + timedelta(days=29)) == 0
    assert handling.forget_old(received_at + timedelta(days=31)) == 1


def test_what_came_back_goes_with_the_person() -> None:
    registration = uuid.uuid4()
    message = sent(registration_id=registration)
    came_back(dsn(*failed("5.1.1", "550 5.1.1 no")), return_path(message))
    data = {"subject_id": str(registration), "version": 9}
    assert hear("registration.erased.v1", f"registration/{registration}", 9, data)
    with database.transaction() as session:
        assert session.scalar(sa.select(sa.func.count(ReturnedMessage.id))) == 0


def test_several_workers_act_on_a_message_once() -> None:
    message = sent()
    take_in(dsn(*failed("5.1.1", "550 5.1.1 no")), via="mail", recipient=return_path(message))
    with database.transaction() as session:
        waiting = session.scalars(sa.select(ReturnedMessage.id)).one()
    with ThreadPoolExecutor(6) as workers:
        assert sum(workers.map(handling.handle, [waiting] * 12)) == 1
    assert [event["state"] for event in delivery(message).history] == ["bounced"]
