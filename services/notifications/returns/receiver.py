"""The door for mail: a small SMTP or LMTP server that takes what comes back and nothing else.

It answers 250 only after the message is in the database, so the mail server in front keeps what we
could not take. One recipient a transaction: the return address must stay with its message, and
LMTP (RFC 2033) would want an answer for each.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import threading
from email.utils import parseaddr
from pathlib import Path
from typing import Any, Final, Literal

import sqlalchemy as sa
from aiosmtpd.controller import Controller
from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, Envelope, Session

from services.chassis.settings import settings
from services.notifications.returns.taking_in import LARGEST, take_in

Protocol = Literal["lmtp", "smtp"]
_log = logging.getLogger(__name__)
# aiosmtpd logs every command, and addresses stand in them.
logging.getLogger("mail.log").setLevel(logging.ERROR)

_TAKEN: Final = "250 2.0.0 OK"


class _Smtp(SMTP):
    # Some servers return lines longer than RFC 5321 allows; refusing them would lose the report.
    line_length_limit = LARGEST


class _Lmtp(LMTP):
    line_length_limit = LARGEST


class Door:
    """aiosmtpd's handler: one method for each command that is ours to answer."""

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[Any]
    ) -> str:
        """Take an address of our own, one a message."""
        if address.rpartition("@")[2].lower() not in _own_domains():
            return "550 5.7.1 This server takes returned messages only"
        if envelope.rcpt_tos:
            return "452 4.5.3 One recipient at a time, please"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Keep a message, in a thread: the database is waited for without holding up others."""
        content = envelope.content
        if not isinstance(content, bytes):  # aiosmtpd's other mode, decode_data, is off
            return "451 4.3.0 The message was not received as bytes"
        try:
            await asyncio.to_thread(take_in, content, via="mail", recipient=envelope.rcpt_tos[0])
        except sa.exc.SQLAlchemyError as error:
            _log.error("a returned message could not be kept: %s", type(error).__name__)
            return "451 4.3.0 Try again later"
        return _TAKEN


def _own_domains() -> set[str]:
    own = {parseaddr(settings().mail_from)[1].rpartition("@")[2].lower()}
    if settings().bounce_domain:
        own.add(str(settings().bounce_domain))
    return own


class _Controller(Controller):
    def __init__(self, protocol: Protocol, host: str, port: int) -> None:
        self._kind = _Lmtp if protocol == "lmtp" else _Smtp
        super().__init__(
            Door(), hostname=host, port=port, ready_timeout=10.0, data_size_limit=LARGEST
        )

    def factory(self) -> SMTP:
        return self._kind(self.handler, ident="Lingbao returns", **self.SMTP_kwargs)


def controller(protocol: Protocol, host: str, port: int) -> Controller:
    """The server, which runs in a thread of its own once started."""
    return _Controller(protocol, host, port)


def run(protocol: Protocol, host: str, port: int) -> None:
    """Serve until SIGINT or SIGTERM.

    Raises:
        OSError: the address cannot be listened on.
    """
    told = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: told.set())
    server = controller(protocol, host, port)
    server.start()
    try:
        while not told.wait(1):
            if name := os.environ.get("LINGBAO_READY_FILE"):
                Path(name).touch()
    finally:
        server.stop()
