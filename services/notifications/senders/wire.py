"""The conversation that hands over a message, on a connection that aiosmtplib has opened.

aiosmtplib greets, encrypts and signs in; from there on this protocol has the connection. It reads
every reply that comes, so that several commands can be sent at once (RFC 2920, PIPELINING): a
message costs two turns to the server and back instead of four.
"""

from __future__ import annotations

import asyncio
import re
from collections import deque
from typing import Final

from services.notifications.senders.replies import CLOSING, Reply, Stage

LONGEST_REPLY: Final = 65_536
# What a slow line may take for a large message, beside the time for an answer.
BYTES_PER_SECOND: Final = 50_000
_BARE: Final = re.compile(rb"\r\n|\r|\n")
_PLAIN: Final = re.compile(r"[\x21-\x3b\x3d\x3f-\x7e]*")
ENVELOPE: Final[tuple[Stage, ...]] = ("MAIL", "RCPT", "DATA")


class Lost(Exception):
    """The connection ended, or what came over it is no SMTP."""


class Wire(asyncio.Protocol):
    """One signed-in SMTP connection.

    Args:
        transport: it takes over from the protocol that made it.
        pipelining: the server offered it.
    """

    def __init__(self, transport: asyncio.Transport, *, pipelining: bool) -> None:
        self._transport = transport
        self._pipelining = pipelining
        self._buffer = bytearray()
        self._lines: list[str] = []
        self._replies: deque[Reply] = deque()
        self._waiter: asyncio.Future[None] | None = None
        self._room = asyncio.Event()
        self._room.set()
        self._lost: str | None = None
        transport.set_protocol(self)

    @property
    def usable(self) -> bool:
        """Whether the next message may go over it: it lives, and the server said nothing unasked.

        A server that closes an idle connection says 421 first.
        """
        return self._lost is None and not self._transport.is_closing() and not self._replies

    def data_received(self, data: bytes) -> None:
        """Collect lines into replies."""
        self._buffer += data
        if len(self._buffer) > LONGEST_REPLY:
            self._end("The server's reply has no end.")
            self._transport.abort()
            return
        *lines, rest = bytes(self._buffer).split(b"\n")
        self._buffer = bytearray(rest)
        for line in lines:
            # Behind the code stands whatever a server likes: tabs (RFC 5321 §4.2), GBK.
            text = line.decode("utf-8", "replace").rstrip("\r")
            if not line[:3].isdigit() or len(text) < 3:
                self._end("The server's reply is not SMTP.")
                self._transport.abort()
                return
            self._lines.append(text[4:].strip())
            if text[3:4] != "-":
                self._replies.append(Reply(int(text[:3]), " ".join(self._lines)))
                self._lines = []
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing more will come."""
        self._end(str(exc) if exc else "The server closed the connection.")

    def pause_writing(self) -> None:
        """The server reads more slowly than we write."""
        self._room.clear()

    def resume_writing(self) -> None:
        """It has caught up."""
        self._room.set()

    def _end(self, why: str) -> None:
        self._lost = self._lost or why
        self._room.set()
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def _reply(self) -> Reply:
        while not self._replies:
            if self._lost is not None:
                raise Lost(self._lost)
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        return self._replies.popleft()

    async def envelope(
        self, sender: str, recipient: str, timeout: float
    ) -> tuple[Stage, Reply] | None:
        """Announce one message. Nothing of it is with the server yet.

        Args:
            sender: the return address, recipient: where to; both plain (:func:`is_plain`).
            timeout: seconds for the three answers together.

        Returns:
            The step that was refused and how; ``None``: the message may come now.

        Raises:
            Lost, TimeoutError: no answer came, so nothing is known; the connection is closed.
        """
        commands = (f"MAIL FROM:<{sender}>\r\n", f"RCPT TO:<{recipient}>\r\n", "DATA\r\n")
        refused: tuple[Stage, Reply] | None = None
        if self._pipelining:
            self._transport.write("".join(commands).encode("ascii"))
        try:
            async with asyncio.timeout(timeout):
                for stage, command in zip(ENVELOPE, commands, strict=True):
                    if not self._pipelining:
                        self._transport.write(command.encode("ascii"))
                    reply = await self._reply()
                    if refused is not None:
                        continue
                    if reply.code >= 400 or (stage == "DATA" and reply.code != 354):
                        refused = (stage, reply)
                        if reply.code == CLOSING:
                            self.close()
                            return refused
                        if not self._pipelining:
                            break
                if refused is not None:
                    await self._start_again(waits_for_text=reply.code == 354)
        except (Lost, TimeoutError):
            self.close()
            if refused is None:
                raise
        return refused

    async def _start_again(self, *, waits_for_text: bool) -> None:
        """Make the connection fit for the next message after a refusal.

        A server may ask for the text although it takes no recipient; an empty one ends that
        (RFC 2920 §3.1).
        """
        if waits_for_text:
            self._transport.write(b".\r\n")
            await self._reply()
        self._transport.write(b"RSET\r\n")
        await self._reply()

    async def text(self, message: bytes, timeout: float) -> Reply:
        """Send the text after an :meth:`envelope` that was taken.

        Args:
            message: headers and body, ASCII.
            timeout: seconds for the answer; more for a large message.

        Raises:
            Lost, TimeoutError: the server may have the message or not; the connection is closed.
        """
        try:
            async with asyncio.timeout(timeout + len(message) / BYTES_PER_SECOND):
                self._transport.write(dotted(message))
                await self._room.wait()
                reply = await self._reply()
        except (Lost, TimeoutError):
            self.close()
            raise
        if reply.code == CLOSING:
            self.close()
        return reply

    async def quit(self, timeout: float = 2.0) -> None:
        """Say goodbye; a server that does not answer changes nothing."""
        if self.usable:
            self._transport.write(b"QUIT\r\n")
            try:
                async with asyncio.timeout(timeout):
                    await self._reply()
            except (Lost, TimeoutError):
                pass  # Every message on it has been answered.
        self.close()

    def close(self) -> None:
        """End the connection at once."""
        self._transport.abort()


def is_plain(address: str) -> bool:
    """Whether an address can stand in a command: ASCII, and nothing that would end it.

    Others need SMTPUTF8 (RFC 6531), which few servers in China offer.
    """
    return bool(_PLAIN.fullmatch(address))


def dotted(message: bytes) -> bytes:
    """A message as it goes over the wire: CRLF ends each line, a line's first dot is doubled.

    A bare LF before a dot would let one message pass for two ("SMTP smuggling").
    """
    if message.count(b"\n") != message.count(b"\r\n") or b"\r" in message.replace(b"\r\n", b""):
        message = _BARE.sub(b"\r\n", message)
    if message.startswith(b"."):
        message = b"." + message
    message = message.replace(b"\r\n.", b"\r\n..")
    return message + (b".\r\n" if message.endswith(b"\r\n") else b"\r\n.\r\n")
