"""An e-mail as bytes (RFC 5322, MIME), all ASCII, so that every relay takes it."""

from __future__ import annotations

import functools
import re
import uuid
from email import policy
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Final

from services.chassis.database import utc_now
from services.chassis.settings import settings
from services.notifications.messages.content import MailContent
from services.notifications.senders.configured import public_host

_POLICY: Final = policy.SMTP.clone(cte_type="7bit", max_line_length=76)
_SLOT: Final = re.compile(r"[A-Za-z0-9]{8,40}")
_PLAIN_ADDRESS: Final = re.compile(r"[\x21-\x7e]+@[\x21-\x7e]+")
_SOFT_BREAK: Final = b"=\r\n"
_QP_CHUNK: Final = 60


def message_bytes(content: MailContent, delivery_id: uuid.UUID, recipient: str) -> bytes:
    """The whole message for one recipient.

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
    ).encode("ascii")
    if not content.slots:
        return own + _built(content, slotted=False)
    return own + _filled(_built_once(content), content)


def _built(content: MailContent, *, slotted: bool) -> bytes:
    """The message without the headers that name its recipient.

    The alternative parts go from plain to rich, the calendar last, as Gmail and Outlook look for
    it; Apple's and older programs take the attachment.
    """
    # In quoted-printable the marks of slots stay readable; otherwise the shorter encoding is used.
    encoding = "quoted-printable" if slotted else None
    message = EmailMessage(_POLICY)
    message["From"] = settings().mail_from
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


@functools.lru_cache(maxsize=64)
def _built_once(content: MailContent) -> bytes:
    """The message whose slots are still open; contents that differ in their slots are equal."""
    return _built(content, slotted=True)


def _filled(message: bytes, content: MailContent) -> bytes:
    """A built message with its slots filled in: plain in headers, quoted-printable in the parts."""
    head, gap, body = message.partition(b"\r\n\r\n")
    for slot, value in content.slots.items():
        if not value.isascii() or not value.isprintable() or "\\" in value:
            raise ValueError("What fills a slot is not plain ASCII on one line.")
        head = head.replace(slot.encode("ascii"), value.encode("ascii"))
        folded = _folded(value.replace("=", "=3D"))
        # The folded value has no backslash, so it is safe as a replacement.
        body = _spread(slot).sub(folded, body)
    return head + gap + body


@functools.lru_cache(maxsize=64)
def _spread(slot: str) -> re.Pattern[bytes]:
    """A slot's mark as it stands in quoted-printable: a soft line break may fall anywhere in it."""
    if not _SLOT.fullmatch(slot):
        raise ValueError("The mark of a slot is 8 to 40 letters and digits.")
    return re.compile(b"(?:=\r\n)?".join(letter.encode("ascii") for letter in slot))


def _folded(quoted: str) -> bytes:
    """A value between soft line breaks, in lines that are short enough (RFC 2045 §6.7)."""
    pieces: list[str] = []
    rest = quoted
    while rest:
        cut = _QP_CHUNK
        # An escape such as =3D must not be torn.
        while cut < len(rest) and "=" in rest[cut - 2 : cut]:
            cut -= 1
        pieces.append(rest[:cut])
        rest = rest[cut:]
    return _SOFT_BREAK + _SOFT_BREAK.join(piece.encode("ascii") for piece in pieces) + _SOFT_BREAK
