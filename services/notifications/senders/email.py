"""E-mail by SMTP (RFC 5321), over a pool of connections that are kept open between messages."""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qs, unquote, urlsplit

import aiosmtplib
from aiosmtplib import SMTP

from services.notifications.senders.outcome import Outcome, Verdict, without_addresses

CONNECTIONS: Final = 10
# Relays close a connection after some hundred messages; closing it ourselves loses nothing.
MESSAGES_PER_CONNECTION: Final = 100
IDLE_SECONDS: Final = 20.0
# For each command; RFC 5321 §4.5.3.2 allows minutes, which no one waiting for a ticket has.
TIMEOUT_SECONDS: Final = 20.0

_QUEUED_AS = re.compile(r"queued as ([\w.-]{4,64})", re.IGNORECASE)
_ENHANCED = re.compile(r"^\s*[245]\.(\d{1,3})\.\d{1,3}\b")

_AWAY = (aiosmtplib.SMTPException, OSError, TimeoutError)
_LOST = (aiosmtplib.SMTPServerDisconnected, aiosmtplib.SMTPTimeoutError, OSError, TimeoutError)


@dataclass(frozen=True)
class Server:
    """Where mail is handed in, as ``LINGBAO_SMTP_URL`` says.

    ``start_tls``: ``True`` insists on it, ``False`` never, ``None`` takes it where it is offered.
    The server's certificate is always checked.
    """

    hostname: str
    port: int
    username: str | None
    password: str | None
    use_tls: bool
    start_tls: bool | None

    @classmethod
    def from_url(cls, url: str) -> Server:
        """Read a URL that the settings have checked already."""
        parts = urlsplit(url)
        use_tls = parts.scheme == "smtps"
        wanted = parse_qs(parts.query).get("starttls", ["auto"])[0]
        start_tls = {"required": True, "auto": None, "never": False}[wanted]
        return cls(
            hostname=parts.hostname or "localhost",
            port=parts.port or (465 if use_tls else 587 if start_tls else 25),
            username=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password else None,
            use_tls=use_tls,
            start_tls=False if use_tls else start_tls,
        )


@dataclass
class _Connection:
    smtp: SMTP
    sent: int = 0
    idle_since: float = 0.0


class MailSender:
    """Hands messages to one server. Belongs to one event loop.

    Args:
        server: where to.
        name: our own host name, for EHLO.
        timeout: seconds for each command.
    """

    def __init__(
        self,
        server: Server,
        name: str,
        *,
        connections: int = CONNECTIONS,
        timeout: float = TIMEOUT_SECONDS,
    ) -> None:
        self._server = server
        self._name = name
        self._timeout = timeout
        self._slots = asyncio.Semaphore(connections)
        self._idle: list[_Connection] = []

    async def send(self, sender: str, recipient: str, message: bytes) -> Outcome:
        """Hand over one message to one recipient. Never raises what a server may cause.

        Args:
            sender: the envelope's return address.
            recipient: a checked ASCII address.
            message: the whole message, headers and all, ASCII.
        """
        async with self._slots:
            try:
                connection = await self._take()
            except _AWAY as error:
                return Outcome(Verdict.UNREACHABLE, _said(error))
            outcome = await self._through(connection, sender, recipient, message)
            if outcome is None:
                # The server had closed a connection that we kept; nothing was handed over.
                try:
                    connection = await self._connect()
                except _AWAY as error:
                    return Outcome(Verdict.UNREACHABLE, _said(error))
                outcome = await self._through(connection, sender, recipient, message)
            return outcome or Outcome(Verdict.LATER, "The connection was lost.")

    async def close(self) -> None:
        """Say goodbye on every connection that is not in use."""
        while self._idle:
            await _quit(self._idle.pop().smtp)

    async def _through(
        self, connection: _Connection, sender: str, recipient: str, message: bytes
    ) -> Outcome | None:
        """One message over one connection; ``None`` when it was lost before the handing over."""
        async with self._returned(connection):
            try:
                await connection.smtp.mail(sender)
                await connection.smtp.rcpt(recipient)
            except aiosmtplib.SMTPResponseException as error:
                await self._reset(connection)
                return _refusal(error)
            except _LOST:
                connection.smtp.close()
                return None
            try:
                reply = await connection.smtp.data(message)
            except aiosmtplib.SMTPResponseException as error:
                await self._reset(connection)
                return _refusal(error)
            except _LOST as error:
                # From here on the server may have the message: a second one might be a double.
                connection.smtp.close()
                return Outcome(Verdict.UNKNOWN, _said(error))
            found = _QUEUED_AS.search(reply.message)
            return Outcome(
                Verdict.ACCEPTED,
                without_addresses(f"{reply.code} {reply.message}"),
                found.group(1) if found else None,
            )

    @asynccontextmanager
    async def _returned(self, connection: _Connection) -> AsyncIterator[None]:
        try:
            yield
        except BaseException:
            connection.smtp.close()
            raise
        connection.sent += 1
        if not connection.smtp.is_connected:
            return
        if connection.sent >= MESSAGES_PER_CONNECTION:
            await _quit(connection.smtp)
            return
        connection.idle_since = time.monotonic()
        self._idle.append(connection)
        asyncio.get_running_loop().call_later(IDLE_SECONDS + 1, self._close_idle)

    def _close_idle(self) -> None:
        oldest = time.monotonic() - IDLE_SECONDS
        for connection in [kept for kept in self._idle if kept.idle_since < oldest]:
            self._idle.remove(connection)
            connection.smtp.close()

    async def _take(self) -> _Connection:
        while self._idle:
            connection = self._idle.pop()
            if connection.smtp.is_connected:
                return connection
        return await self._connect()

    async def _connect(self) -> _Connection:
        server = self._server
        smtp = SMTP(
            hostname=server.hostname,
            port=server.port,
            username=server.username,
            password=server.password,
            use_tls=server.use_tls,
            start_tls=server.start_tls,
            local_hostname=self._name,
            timeout=self._timeout,
        )
        await smtp.connect()
        return _Connection(smtp)

    async def _reset(self, connection: _Connection) -> None:
        """Make a connection fit for the next message after a refusal, or close it."""
        try:
            await connection.smtp.rset()
        except _AWAY:
            connection.smtp.close()


async def _quit(smtp: SMTP) -> None:
    # The messages are delivered; a server that does not say goodbye changes nothing.
    with contextlib.suppress(*_AWAY):
        await smtp.quit()


def _refusal(error: aiosmtplib.SMTPResponseException) -> Outcome:
    reply = without_addresses(f"{error.code} {error.message}")
    if error.code < 500:
        return Outcome(Verdict.LATER, reply)
    dead = isinstance(error, aiosmtplib.SMTPRecipientRefused) and _about_address(error.message)
    return Outcome(Verdict.BOUNCED if dead else Verdict.REFUSED, reply)


def _about_address(reply: str) -> bool:
    """Whether a refusal of a recipient is about the address, not about us.

    RFC 3463: subjects 1 (address) and 2 (mailbox) are; 7 (security or policy) and the others are
    about the server or the sender. Without such a code, a refused recipient is a dead address.
    """
    found = _ENHANCED.match(reply)
    return found is None or found.group(1) in ("1", "2")


def _said(error: BaseException) -> str:
    return without_addresses(str(error) or type(error).__name__)
