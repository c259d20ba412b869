"""SMPP 3.4: the protocol of the operators' own message centres, over one kept connection.

The connection carries both ways: what we send, and what comes back (receipts, people's answers).
Each worker process has one; whichever the provider chooses for what comes back handles it. A
packet from the provider is confirmed only once it is stored, so nothing is lost with a worker.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import itertools
import ssl
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from urllib.parse import parse_qs, unquote, urlsplit

import structlog

from services.chassis.database import utc_now
from services.notifications.senders.outcome import Outcome, Verdict, without_addresses
from services.notifications.senders.sms import pdu
from services.notifications.senders.sms.numbers import e164
from services.notifications.senders.sms.sender import TOO_LATE, FromPhone, NotBegun, Receipt

log = structlog.get_logger(__name__)

NAME: Final = "smpp"
CONNECT_SECONDS: Final = 10.0
ANSWER_SECONDS: Final = 15.0
# How many submits may wait for their answer at once; providers commonly allow ten.
WINDOW: Final = 10
# §7.2: after so long without a packet we ask whether the other side lives.
IDLE_SECONDS: Final = 30.0

_LATER: Final = frozenset({pdu.THROTTLED, pdu.QUEUE_FULL, pdu.SYSTEM_ERROR, pdu.TRY_LATER})
_ENDS: Final = {
    "DELIVRD": "delivered",
    "EXPIRED": "failed",
    "DELETED": "failed",
    "UNDELIV": "failed",
    "REJECTD": "failed",
}

# What to do with what comes back; called in a thread. Raises when it could not be stored.
Heard = Callable[[str, Receipt | FromPhone], None]


class _Lost(Exception):
    """The connection ended before an answer came."""


class _NotSent(_Lost):
    """The connection was gone before the request was written."""


@dataclass(frozen=True)
class Centre:
    """Where the message centre is, as ``LINGBAO_SMS_SMPP_URL`` says."""

    host: str
    port: int
    system_id: str
    password: str
    system_type: str
    source: str
    tls: bool

    @classmethod
    def from_url(cls, url: str) -> Centre:
        """Read a URL that the settings have checked already."""
        parts = urlsplit(url)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        return cls(
            host=parts.hostname or "localhost",
            port=parts.port or (3550 if parts.scheme == "smpps" else 2775),
            system_id=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            system_type=query.get("system_type", ""),
            source=query.get("source", ""),
            tls=parts.scheme == "smpps",
        )


class SmppSms:
    """One session with a message centre. Belongs to one event loop.

    Args:
        signature: our name, put in front of every text as 【…】; empty: the provider does it.
        heard: what to do with receipts and with messages from telephones.
    """

    def __init__(
        self,
        centre: Centre,
        signature: str,
        heard: Heard,
        *,
        answer_seconds: float = ANSWER_SECONDS,
        idle_seconds: float = IDLE_SECONDS,
    ) -> None:
        self._centre = centre
        self._signature = signature
        self._heard = heard
        self._answer_seconds = answer_seconds
        self._idle_seconds = idle_seconds
        self._session: _Session | None = None
        self._binding = asyncio.Lock()

    async def send(
        self,
        to: str,
        text: str,
        reference: uuid.UUID,
        *,
        again: bool = False,
        deadline: float | None = None,
    ) -> Outcome:
        """Submit every part; the receipt is asked for with the last, which is sent last."""
        try:
            session = await self._bound()
        except (OSError, TimeoutError, _Lost, pdu.Malformed) as error:
            return Outcome(Verdict.UNREACHABLE, _said(error))
        whole = f"【{self._signature}】{text}" if self._signature else text
        parts = pdu.split(whole, reference.bytes[-1])
        outcome = Outcome(Verdict.REFUSED, "An empty text.")
        for number, part in enumerate(parts, start=1):
            last = number == len(parts)
            packet = pdu.submit(0, self._centre.source, to, part, several=len(parts) > 1, ask=last)
            try:
                # What has begun is finished: a part of a message is of no use.
                answer = await session.ask(packet, deadline if number == 1 else None)
            except NotBegun:
                return Outcome(Verdict.HELD, TOO_LATE)
            except _NotSent as error:
                # Without its first part a telephone shows nothing of a message.
                return Outcome(Verdict.UNREACHABLE, _said(error))
            except (_Lost, TimeoutError, OSError) as error:
                return Outcome(Verdict.UNKNOWN, _said(error))
            outcome = _judged(answer)
            if outcome.verdict != Verdict.ACCEPTED:
                return outcome
        return outcome

    async def listen(self) -> None:
        """Be bound, so that what waits at the centre can come; a centre that is away is noted."""
        try:
            await self._bound()
        except (OSError, TimeoutError, _Lost, pdu.Malformed) as error:
            log.warning("smpp.not_bound", reason=_said(error))

    async def close(self) -> None:
        """Unbind (§4.2) and close."""
        if self._session is not None and self._session.alive:
            await self._session.unbind()
        self._session = None

    async def _bound(self) -> _Session:
        async with self._binding:
            if self._session is None or not self._session.alive:
                self._session = await self._bind()
            return self._session

    async def _bind(self) -> _Session:
        centre = self._centre
        reader, writer = await asyncio.wait_for(
            asyncio.open_connection(
                centre.host, centre.port, ssl=ssl.create_default_context() if centre.tls else None
            ),
            CONNECT_SECONDS,
        )
        session = _Session(reader, writer, self._heard, self._answer_seconds, self._idle_seconds)
        try:
            answer = await session.ask(
                pdu.bind(0, centre.system_id, centre.password, centre.system_type)
            )
        except BaseException:
            session.end()
            raise
        if answer.status != pdu.OK:
            session.end()
            raise _Lost(f"The message centre refused to bind (status 0x{answer.status:08X}).")
        return session


class _Session:
    """One TCP connection: requests find their answers by number, in any order."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        heard: Heard,
        answer_seconds: float,
        idle_seconds: float,
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._heard = heard
        self._answer_seconds = answer_seconds
        self._idle_seconds = idle_seconds
        self._numbers = itertools.count(1)
        self._window = asyncio.Semaphore(WINDOW)
        self._waiting: dict[int, asyncio.Future[pdu.Packet]] = {}
        self._handling: set[asyncio.Task[None]] = set()
        self.alive = True
        self._reading = asyncio.ensure_future(self._read())

    async def ask(self, packet: pdu.Packet, deadline: float | None = None) -> pdu.Packet:
        """Send a request and wait for its answer.

        Args:
            deadline: the moment (``time.monotonic()``) from which on it is not begun any more.

        Raises:
            NotBegun: its turn came later.
            TimeoutError: none came in time.
            _Lost: the connection ended before it.
        """
        async with self._window:
            if not self.alive:
                raise _NotSent("The connection was lost.")
            if deadline is not None and time.monotonic() >= deadline:
                raise NotBegun
            number = next(self._numbers)
            answer: asyncio.Future[pdu.Packet] = asyncio.get_running_loop().create_future()
            self._waiting[number] = answer
            try:
                self._write(pdu.Packet(packet.command, pdu.OK, number, packet.body))
                async with asyncio.timeout(self._answer_seconds):
                    return await answer
            finally:
                self._waiting.pop(number, None)

    async def unbind(self) -> None:
        """Say goodbye; a centre that does not answer is left all the same."""
        with contextlib.suppress(TimeoutError, _Lost, OSError):
            await self.ask(pdu.Packet(pdu.UNBIND, pdu.OK, 0))
        self.end()

    def end(self) -> None:
        """Close, and tell everyone who waits."""
        self.alive = False
        self._writer.close()
        self._reading.cancel()
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_exception(_Lost("The connection was lost."))

    def _write(self, packet: pdu.Packet) -> None:
        if self._writer.is_closing():
            raise _NotSent("The connection was lost.")
        self._writer.write(packet.encoded())

    async def _read(self) -> None:
        try:
            while True:
                try:
                    async with asyncio.timeout(self._idle_seconds):
                        raw = await self._reader.readexactly(pdu.HEADER)
                except TimeoutError:
                    self._keep_alive()
                    continue
                length, packet = pdu.decoded_header(raw)
                body = await self._reader.readexactly(length)
                self._take(pdu.Packet(packet.command, packet.status, packet.sequence, body))
        except (asyncio.IncompleteReadError, OSError, _Lost, pdu.Malformed) as error:
            log.info("smpp.session_ended", reason=_said(error))
            self.end()

    def _keep_alive(self) -> None:
        """Ask whether the other side lives; an answer too late ends the session."""

        async def once() -> None:
            try:
                await self.ask(pdu.Packet(pdu.ENQUIRE_LINK, pdu.OK, 0))
            except (TimeoutError, _Lost):
                self.end()

        self._start(once())

    def _take(self, packet: pdu.Packet) -> None:
        if packet.command & pdu.RESPONSE:
            answer = self._waiting.get(packet.sequence)
            if answer is not None and not answer.done():
                answer.set_result(packet)
        elif packet.command == pdu.DELIVER_SM:
            self._start(self._deliver(packet))
        elif packet.command == pdu.UNBIND:
            self._answer(packet, pdu.OK)
            raise _Lost("The message centre ended the session.")
        elif packet.command == pdu.ENQUIRE_LINK:
            self._answer(packet, pdu.OK)
        else:
            # §4.3: what is not understood is said so.
            self._write(pdu.Packet(pdu.GENERIC_NACK, 0x03, packet.sequence))

    async def _deliver(self, packet: pdu.Packet) -> None:
        """Store what came back, then confirm it; what could not be stored comes again."""
        status = pdu.OK
        try:
            said = pdu.delivered(packet.body)
            heard = _receipt(said) if said.receipt is not None else _message(said, packet.body)
            if heard is not None:
                await asyncio.to_thread(self._heard, NAME, heard)
            else:
                log.info("smpp.left", receipt=said.receipt is not None)
        except pdu.Malformed as error:
            log.warning("smpp.not_understood", reason=str(error))
        except Exception:
            log.exception("smpp.not_stored")
            status = pdu.TRY_LATER
        if self.alive:
            self._answer(packet, status, b"\0")

    def _answer(self, packet: pdu.Packet, status: int, body: bytes = b"") -> None:
        self._write(pdu.Packet(packet.command | pdu.RESPONSE, status, packet.sequence, body))

    def _start(self, work: object) -> None:
        task = asyncio.ensure_future(work)  # type: ignore[call-overload]  # a coroutine
        self._handling.add(task)
        task.add_done_callback(self._handling.discard)


def _judged(answer: pdu.Packet) -> Outcome:
    reply = f"SMPP status 0x{answer.status:08X}"
    if answer.command == pdu.GENERIC_NACK:
        return Outcome(Verdict.REFUSED, f"{reply} (not understood)")
    if answer.status == pdu.OK:
        return Outcome(Verdict.ACCEPTED, "OK", pdu.message_id(answer.body) or None)
    if answer.status in _LATER:
        return Outcome(Verdict.LATER, reply)
    if answer.status == pdu.INVALID_DESTINATION:
        return Outcome(Verdict.BOUNCED, reply)
    return Outcome(Verdict.REFUSED, reply)


def _receipt(said: pdu.Delivered) -> Receipt | None:
    """A receipt that ends something; one on the way (``ACCEPTD``, ``ENROUTE``) tells nothing."""
    fields = said.receipt or {}
    state = _ENDS.get(fields.get("stat", "").upper())
    if state is None or not fields.get("id"):
        return None
    return Receipt(
        provider_id=fields["id"],
        phone=None,
        marks=(),
        state=state,  # type: ignore[arg-type]  # the table's values
        reply=without_addresses(f"{fields.get('stat', '')} {fields.get('err', '')}"),
        at=utc_now(),
    )


def _message(said: pdu.Delivered, body: bytes) -> FromPhone | None:
    phone = e164(said.source)
    if not phone:
        return None
    # The protocol has no id for what a telephone sends: the same bytes in the same minute are the
    # same message, brought again because our confirmation was lost.
    minute = f"{datetime.now(UTC):%Y%m%d%H%M}".encode()
    return FromPhone(
        message_id=hashlib.sha256(minute + body).hexdigest()[:40],
        phone=phone,
        text=said.text,
        at=utc_now(),
    )


def _said(error: BaseException) -> str:
    return without_addresses(str(error) or type(error).__name__)
