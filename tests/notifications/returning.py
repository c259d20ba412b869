"""What mail servers write back, for tests: made after the standards and each server's habits."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Sequence

from services.chassis.crypto import fingerprint
from services.chassis.database import utc_now
from services.notifications.database import database
from services.notifications.delivery.models import Delivery
from services.notifications.returns import handling
from services.notifications.returns.models import ReturnedMessage
from services.notifications.returns.taking_in import take_in

PERSON = "wang.li@example.com"


def sent(address: str = PERSON, **changes: object) -> uuid.UUID:
    """A message that a server has accepted."""
    fields: dict[str, object] = {
        "lane": "transactional",
        "kind": "links",
        "channel": "email",
        "dedupe_key": uuid.uuid4().hex,
        "district": "110102",
        "address": address,
        "address_hash": fingerprint(address),
        "language": "zh-CN",
        "state": "accepted",
        "attempts": 1,
        "sent_at": utc_now(),
        "sender": "relay",
    }
    with database.transaction() as session:
        delivery = Delivery(**fields | changes)
        session.add(delivery)
        session.flush()
        return delivery.id


def came_back(raw: bytes, recipient: str | None = None) -> ReturnedMessage:
    """A message that came by mail, handled; as it stands then."""
    assert take_in(raw, via="mail", recipient=recipient)
    assert handling.handle_waiting() == 1
    with database.transaction() as session:
        return session.query(ReturnedMessage).order_by(ReturnedMessage.id.desc()).first()


def original(delivery_id: uuid.UUID, address: str = PERSON) -> str:
    """The message that comes back inside a report."""
    return (
        f"From: no-reply@lingbao.example\r\nTo: {address}\r\n"
        f"Message-ID: <{delivery_id}@testserver>\r\nSubject: Hello\r\n\r\nHello\r\n"
    )


def dsn(
    *fields: str,
    head: Sequence[str] = (),
    words: str = "It did not arrive.",
    returned: str | None = None,
    status_type: str = "message/delivery-status",
) -> bytes:
    """A delivery status notification (RFC 3464); ``fields`` are those of its one recipient."""
    per_recipient = "\r\n".join(fields)
    body = [
        "From: Mail Delivery System <MAILER-DAEMON@mx.example>",
        "Subject: Undelivered Mail Returned to Sender",
        "Auto-Submitted: auto-replied",
        *head,
        "MIME-Version: 1.0",
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b1"',
        "",
        "--b1",
        "Content-Type: text/plain; charset=utf-8",
        "",
        words,
        "--b1",
        f"Content-Type: {status_type}",
        "",
        "Reporting-MTA: dns; mx.example",
        "Arrival-Date: Mon, 23 Nov 2026 10:00:00 +0800",
        "",
        per_recipient,
        "",
    ]
    if returned is not None:
        body += ["--b1", "Content-Type: message/rfc822", "", returned]
    return "\r\n".join([*body, "--b1--", ""]).encode()


def failed(status: str, diagnostic: str, address: str = PERSON) -> tuple[str, ...]:
    """The fields of a recipient whose message did not arrive."""
    return (
        f"Final-Recipient: rfc822; {address}",
        "Action: failed",
        f"Status: {status}",
        f"Diagnostic-Code: smtp; {diagnostic}",
    )


def in_prose(sender: str, subject: str, words: str, kind: str = "html") -> bytes:
    """A report that only a person was meant to read, in base64 as Chinese providers send it."""
    return (
        f"From: {sender}\r\nSubject: =?utf-8?B?{base64.b64encode(subject.encode()).decode()}?=\r\n"
        f"MIME-Version: 1.0\r\nContent-Type: text/{kind}; charset=gb18030\r\n"
        "Content-Transfer-Encoding: base64\r\n\r\n"
    ).encode() + base64.encodebytes(words.encode("gb18030"))


def complaint(delivery_id: uuid.UUID, kind: str = "abuse") -> bytes:
    """A feedback report (RFC 5965)."""
    return "\r\n".join(
        [
            "From: feedback@provider.example",
            "Subject: FW: Hello",
            "MIME-Version: 1.0",
            'Content-Type: multipart/report; report-type=feedback-report; boundary="b1"',
            "",
            "--b1",
            "Content-Type: text/plain",
            "",
            "Somebody says that they did not want this.",
            "--b1",
            "Content-Type: message/feedback-report",
            "",
            f"Feedback-Type: {kind}",
            "User-Agent: Provider/1.0",
            "Version: 1",
            f"Original-Rcpt-To: <{PERSON}>",
            "",
            "--b1",
            "Content-Type: message/rfc822",
            "",
            original(delivery_id),
            "--b1--",
            "",
        ]
    ).encode()
