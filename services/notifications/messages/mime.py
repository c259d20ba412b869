"""An e-mail as bytes (RFC 5322, MIME), all ASCII, so that every relay takes it."""

from __future__ import annotations

import functools
import re
import uuid
from collections.abc import Sequence
from dataclasses import replace
from email import policy
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Final

from services.chassis.database import utc_now
from services.chassis.settings import settings
from services.notifications.messages.content import MailContent
from services.notifications.messages.dkim import signer
from services.notifications.messages.filling import Skeleton, cut, marked, unstructured
from services.notifications.senders.configured import public_host

_POLICY: Final = policy.SMTP.clone(cte_type="7bit", max_line_length=76)
_PLAIN_ADDRESS: Final = re.compile(r"[\x21-\x7e]+@[\x21-\x7e]+")


def message_bytes(content: MailContent, delivery_id: uuid.UUID, recipient: str) -> bytes:
    """The whole message for one recipient, signed where the settings give a key (DKIM).

    Args:
        delivery_id: makes the Message-ID, so that an attempt made again is recognised as the same.
        recipient: an ASCII address.

    Raises:
        ValueError: a header or the address has a line break, or a slot is not plain.
    """
    if not _PLAIN_ADDRESS.fullmatch(recipient):
        raise ValueError("A recipient's address is not plain ASCII on one line.")
    own = (
        f"To: {recipient}\r\n"
        f"Message-ID: <{delivery_id}@{public_host()}>\r\n"
        f"Date: {format_datetime(utc_now())}\r\n"
    )
    if _is_own(content.subject, content):
        own += f"Subject: {unstructured(_with_slots(content.subject, content))}\r\n"
    rest = _skeleton(content).filled(content.slots) if content.slots else _built(content)
    message = own.encode("ascii") + rest
    signing = signer()
    return message if signing is None else signing.signed(message)


def _is_own(subject: str, content: MailContent) -> bool:
    """Whether a subject has words of its recipient's in it."""
    return any(mark in subject for mark in content.slots)


def _with_slots(subject: str, content: MailContent) -> str:
    for mark, value in content.slots.items():
        subject = subject.replace(mark, value)
    return subject


@functools.lru_cache(maxsize=64)
def _skeleton(content: MailContent) -> Skeleton:
    """The message whose slots are still open; contents that differ in their slots are equal."""
    marks: Sequence[str] = tuple(content.slots)
    slotted = replace(
        content,
        text=marked(content.text, "T", marks),
        html=marked(content.html, "H", marks),
        headers=tuple((name, marked(value, "A", marks)) for name, value in content.headers),
    )
    return cut(_built(slotted), marks)


def _built(content: MailContent) -> bytes:
    """The message without the headers that are its recipient's alone.

    The alternative parts go from plain to rich, the calendar last, as Gmail and Outlook look for
    it; Apple's and older programs take the attachment.
    """
    # In quoted-printable the marks of slots stay readable; otherwise the shorter encoding is used.
    encoding = "quoted-printable" if content.slots else None
    message = EmailMessage(_POLICY)
    message["From"] = settings().mail_from
    if not _is_own(content.subject, content):
        message["Subject"] = content.subject
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no absence notes, please
    for name, value in content.headers:
        message[name] = value
    message.set_content(content.text, cte=encoding)
    message.add_alternative(content.html, subtype="html", cte=encoding)
    if content.calendar is not None:
        message.add_alternative(
            content.calendar.text,
            subtype="calendar",
            params={"method": content.calendar.method, "component": "VEVENT"},
            cte="base64",
        )
        message.add_attachment(
            content.calendar.text.encode(),
            maintype="application",
            subtype="ics",
            filename="invite.ics",
        )
    # Set last: making a message multipart moves earlier Content-… headers into its first part.
    message["Content-Language"] = content.language
    return message.as_bytes()
