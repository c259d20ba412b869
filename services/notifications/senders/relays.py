"""One mail relay: its connections, kept open between messages, and its throttle."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Final, cast

import aiosmtplib

from services.chassis.relays import MailRelay
from services.notifications.senders.breaker import Breaker
from services.notifications.senders.outcome import Outcome, Verdict, without_addresses
from services.notifications.senders.replies import judged
from services.notifications.senders.throttle import Throttle
from services.notifications.senders.wire import Lost, Wire

IDLE_SECONDS: Final = 20.0
# How long a message waits for its place in a throttle's queue before it goes back to the table.
PATIENCE: Final = 5.0

_AWAY = (aiosmtplib.SMTPException, OSError, TimeoutError, ssl.SSLError)


@dataclass
class _Connection:
    wire: Wire
    sent: int = 0
    idle_since: float = 0.0


class Relay:
    """Hands messages to one server. Belongs to one event loop.

    Args:
        server: where to, and within which limits.
        name: our own host name, for EHLO.
        timeout: seconds to connect, and for each answer.
    """

    def __init__(self, server: MailRelay, name: str, timeout: float) -> None:
        self.server = server
        self.breaker = Breaker()
        self._name = name
        self._timeout = timeout
        self._slots = asyncio.Semaphore(server.connections)
        self._idle: list[_Connection] = []
        self._throttle = (
            Throttle(f"mail:{server.name}", server.per_second, burst=server.per_second)
            if server.per_second
            else None
        )

    async def send(
        self, sender: str, recipient: str, message: bytes, deadline: float | None
    ) -> Outcome:
        """Hand over one message; its outcome carries this relay's name.

        Args:
            deadline: the moment (``time.monotonic()``) from which on it is not begun any more.
        """
        self.breaker.begins()
        outcome = None
        try:
            outcome = await self._within_limits(sender, recipient, message, deadline)
        finally:
            if outcome is None or outcome.verdict is Verdict.HELD:
                self.breaker.gave_up()
            elif outcome.verdict in (Verdict.UNREACHABLE, Verdict.UNKNOWN):
                self.breaker.failed(time.monotonic())
            else:
                self.breaker.succeeded()
        return replace(outcome, sender=self.server.name)

    async def _within_limits(
        self, sender: str, recipient: str, message: bytes, deadline: float | None
    ) -> Outcome:
        if self._throttle is not None:
            wait = await self._throttle.reserve(patience=PATIENCE)
            if wait > PATIENCE:
                return Outcome(Verdict.HELD, "It is this relay's limit a second.", wait=wait)
            await asyncio.sleep(wait)
        async with self._slots:
            if deadline is not None and time.monotonic() >= deadline:
                return Outcome(Verdict.HELD, "Its turn did not come in time.")
            return await self._hand_over(sender, recipient, message)

    async def _hand_over(self, sender: str, recipient: str, message: bytes) -> Outcome:
        while True:
            kept = self._kept()
            try:
                connection = kept or await self._connect()
            except _AWAY as error:
                return Outcome(Verdict.UNREACHABLE, _said(error))
            async with self._returned(connection):
                outcome = await self._converse(connection.wire, sender, recipient, message)
            if outcome is not None:
                return outcome
            if kept is None:
                return Outcome(Verdict.UNREACHABLE, "The server broke off before the message.")
            # It had given up a connection that we kept; nothing was handed over.

    async def _converse(
        self, wire: Wire, sender: str, recipient: str, message: bytes
    ) -> Outcome | None:
        """One message over one connection; ``None`` when it was lost before the handing over."""
        try:
            refused = await wire.envelope(sender, recipient, self._timeout)
        except (Lost, TimeoutError):
            return None
        if refused is not None:
            return judged(*refused)
        try:
            return judged("message", await wire.text(message, self._timeout))
        except (Lost, TimeoutError) as error:
            # From here on the server may have the message: a second one might be a double.
            return Outcome(Verdict.UNKNOWN, _said(error))

    async def close(self) -> None:
        """Say goodbye on every connection that is not in use."""
        while self._idle:
            await self._idle.pop().wire.quit()

    @asynccontextmanager
    async def _returned(self, connection: _Connection) -> AsyncIterator[None]:
        try:
            yield
        except BaseException:
            connection.wire.close()
            raise
        connection.sent += 1
        if not connection.wire.usable:
            connection.wire.close()
        elif connection.sent >= self.server.per_connection:
            await connection.wire.quit()
        else:
            connection.idle_since = time.monotonic()
            if not self._idle:
                asyncio.get_running_loop().call_later(IDLE_SECONDS + 1, self._close_idle)
            self._idle.append(connection)

    def _close_idle(self) -> None:
        oldest = time.monotonic() - IDLE_SECONDS
        for connection in [kept for kept in self._idle if kept.idle_since < oldest]:
            self._idle.remove(connection)
            connection.wire.close()
        if self._idle:
            asyncio.get_running_loop().call_later(IDLE_SECONDS, self._close_idle)

    def _kept(self) -> _Connection | None:
        while self._idle:
            connection = self._idle.pop()
            if connection.wire.usable:
                return connection
            connection.wire.close()
        return None

    async def _connect(self) -> _Connection:
        server = self.server
        smtp = aiosmtplib.SMTP(
            hostname=server.hostname,
            port=server.port,
            username=server.username,
            password=server.password,
            use_tls=server.use_tls,
            start_tls=server.start_tls,
            local_hostname=self._name,
            timeout=self._timeout,
        )
        try:
            await smtp.connect()
            if smtp.is_ehlo_or_helo_needed:
                with contextlib.suppress(aiosmtplib.SMTPHeloError):
                    await smtp.ehlo()
            if smtp.is_ehlo_or_helo_needed:
                await smtp.helo()
        except BaseException:
            smtp.close()
            raise
        # asyncio's transports can all be written to; aiosmtplib names the general class.
        transport = cast(asyncio.Transport, smtp.transport)
        return _Connection(Wire(transport, pipelining=smtp.supports_extension("pipelining")))


def _said(error: BaseException) -> str:
    return without_addresses(str(error) or type(error).__name__)
