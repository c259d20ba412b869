"""A real SMTP server for tests: keeps what it takes, and refuses as it is told."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass, field
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from services.chassis.stack.ports import free_port


@dataclass
class Taken:
    """One message that the server accepted."""

    sender: str
    recipients: list[str]
    raw: bytes
    message: EmailMessage = field(repr=False)

    @property
    def text(self) -> str:
        """The plain text part."""
        part = self.message.get_body(("plain",))
        return part.get_content() if part else ""

    @property
    def html(self) -> str:
        """The HTML part."""
        part = self.message.get_body(("html",))
        return part.get_content() if part else ""

    @property
    def calendar(self) -> str | None:
        """The text of the ``text/calendar`` part, if there is one."""
        for part in self.message.walk():
            if part.get_content_type() == "text/calendar":
                payload = part.get_payload(decode=True)
                assert isinstance(payload, bytes)
                return payload.decode()
        return None


class SmtpSink:
    """``at_recipient`` and ``at_data`` map an address to the reply it gets instead of 250.

    The reply ``drop`` closes the connection in place of an answer; ``delay`` seconds pass before
    the answer to DATA.
    """

    def __init__(self) -> None:
        self.taken: list[Taken] = []
        self.at_recipient: dict[str, str] = {}
        self.at_data: dict[str, str] = {}
        self.delay = 0.0
        self.connections = 0
        self._lock = threading.Lock()
        self._port = free_port()
        self._controller = Controller(
            self, hostname="127.0.0.1", port=self._port, ready_timeout=10.0, enable_SMTPUTF8=True
        )

    @property
    def url(self) -> str:
        """For ``LINGBAO_SMTP_URL``."""
        return f"smtp://127.0.0.1:{self._port}?starttls=never"

    def start(self) -> None:
        self._controller.start()

    def stop(self) -> None:
        self._controller.stop()

    def clear(self) -> None:
        """Forget what was taken and answer 250 to everything again."""
        with self._lock:
            self.taken.clear()
        self.at_recipient.clear()
        self.at_data.clear()
        self.delay = 0.0

    def to(self, address: str) -> list[Taken]:
        """What was accepted for one recipient, oldest first."""
        with self._lock:
            return [taken for taken in self.taken if address in taken.recipients]

    async def handle_EHLO(
        self,
        server: SMTP,
        session: Session,
        envelope: Envelope,
        hostname: str,
        responses: list[str],
    ) -> list[str]:
        self.connections += 1
        session.host_name = hostname
        return responses

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[Any]
    ) -> str:
        if reply := self.at_recipient.get(address):
            return reply
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.delay:
            await asyncio.sleep(self.delay)
        assert isinstance(envelope.content, bytes)
        reply = next(
            (self.at_data[address] for address in envelope.rcpt_tos if address in self.at_data),
            None,
        )
        if reply == "drop":
            server.transport.abort()
            return "250 never arrives"
        if reply:
            return reply
        message = BytesParser(policy=policy.default).parsebytes(envelope.content)
        assert isinstance(message, EmailMessage)
        with self._lock:
            self.taken.append(
                Taken(envelope.mail_from or "", list(envelope.rcpt_tos), envelope.content, message)
            )
        return "250 2.0.0 OK"
