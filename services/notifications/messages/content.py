"""What a composer hands over: a mail or a text message, ready but for its recipient."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True)
class CalendarPart:
    """An iCalendar object (RFC 5545) and what a calendar program is to do with it (RFC 5546)."""

    method: Literal["REQUEST", "CANCEL"]
    text: str


@dataclass(frozen=True)
class MailContent:
    """One e-mail.

    Mails that differ in their ``slots`` alone are built once and then filled in.

    Attributes:
        subject: one line.
        language: BCP 47: what it is written in, which need not be what its recipient prefers.
        text: the plain part.
        html: the HTML part, a whole document.
        calendar: an invitation or its cancellation.
        headers: further headers, each one line.
        slots: marks in subject, text, HTML and headers (each 8 to 40 letters and digits), and
            what stands there for this recipient: any text, escaped as its place wants it; in
            ``headers`` ASCII alone, such as a link. Two mails that differ in nothing else are
            equal.
    """

    subject: str
    language: str
    text: str
    html: str
    calendar: CalendarPart | None = None
    headers: tuple[tuple[str, str], ...] = ()
    slots: Mapping[str, str] = field(default_factory=dict, compare=False)


@dataclass(frozen=True)
class SmsContent:
    """One text message, without the signature."""

    text: str


Content = MailContent | SmsContent
