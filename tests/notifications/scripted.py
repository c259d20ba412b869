"""An SMTP server that answers by a script: refusals, silence, and connections that break."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

DROP = "drop"
STALL = "stall"
_USUAL = {
    "MAIL": "250 2.1.0 Ok",
    "RCPT": "250 2.1.5 Ok",
    "DATA": "354 Go on",
    "message": "250 2.0.0 Ok: queued as ABCDEF12",
    "RSET": "250 2.0.0 Ok",
    "QUIT": "221 2.0.0 Bye",
}


class Scripted:
    """A server on a port of its own.

    Args:
        pipelining: whether it offers PIPELINING.
        lenient: it asks for a text although it took no recipient.
        answers: for a command, or ``message`` for the end of a text: the replies to the first,
            the second, …; after the last one the usual reply. :data:`DROP` breaks the connection,
            :data:`STALL` says nothing any more.
    """

    def __init__(
        self, *, pipelining: bool = True, lenient: bool = False, **answers: list[str]
    ) -> None:
        self.messages: list[bytes] = []
        self.connections = 0
        self.port = 0
        self.answers = answers
        self._pipelining = pipelining
        self._lenient = lenient
        self._writers: list[asyncio.StreamWriter] = []
        self._loop = asyncio.new_event_loop()

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}?starttls=never&name=relay-{self.port}"

    @property
    def name(self) -> str:
        return f"relay-{self.port}"

    @contextmanager
    def running(self) -> Iterator[Scripted]:
        ready = threading.Event()

        async def serve() -> None:
            server = await asyncio.start_server(self._talk, "127.0.0.1", self.port)
            self.port = server.sockets[0].getsockname()[1]
            self._server = server
            ready.set()

        thread = threading.Thread(target=self._loop.run_forever)
        thread.start()
        asyncio.run_coroutine_threadsafe(serve(), self._loop).result(60)
        assert ready.wait(60)
        try:
            yield self
        finally:
            asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(60)
            self._loop.call_soon_threadsafe(self._loop.stop)
            thread.join()
            self._loop.close()

    def say_unasked(self, line: str) -> None:
        """Say something on every connection, and close it, as a server does that shuts down."""

        async def say() -> None:
            for writer in self._writers:
                writer.write(f"{line}\r\n".encode())
                writer.close()

        asyncio.run_coroutine_threadsafe(say(), self._loop).result(60)

    async def _end(self) -> None:
        self._server.close()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
        await asyncio.sleep(0)

    def _answer(self, what: str) -> str:
        scripted = self.answers.get(what)
        return scripted.pop(0) if scripted else _USUAL.get(what, "250 Ok")

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.append(writer)
        writer.write(b"220 scripted ESMTP\r\n")
        taken: list[str] = []
        try:
            while line := await reader.readline():
                if not await self._heard(line.decode().strip(), taken, reader, writer):
                    break
        except (asyncio.CancelledError, ConnectionError):
            pass
        writer.close()

    async def _heard(
        self,
        line: str,
        taken: list[str],
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> bool:
        command = line[:4].upper()
        if command in ("EHLO", "HELO"):
            writer.write(b"250-scripted\r\n")
            writer.write(b"250-PIPELINING\r\n" if self._pipelining else b"250-SIZE\r\n")
            writer.write(b"250 8BITMIME\r\n")
            return True
        answer = self._answer(command)
        if command == "RCPT" and "MAIL" not in taken:
            answer = "503 5.5.1 MAIL first"
        if command == "DATA" and "RCPT" not in taken and not self._lenient:
            answer = "554 5.5.1 No valid recipients"
        if command in ("MAIL", "DATA", "RSET"):
            taken.clear()
        if answer.startswith("2"):
            taken.append(command)
        if not await self._say(answer, writer):
            return False
        if command == "DATA" and answer.startswith("354"):
            text = await reader.readuntil(b".\r\n")
            while text != b".\r\n" and not text.endswith(b"\r\n.\r\n"):
                text += await reader.readuntil(b".\r\n")
            answer = self._answer("message")
            if answer.startswith("2"):
                self.messages.append(text)
            return await self._say(answer, writer)
        return command != "QUIT"

    async def _say(self, answer: str, writer: asyncio.StreamWriter) -> bool:
        if answer == STALL:
            await asyncio.sleep(60)
        if answer == DROP:
            writer.transport.abort()
            return False
        writer.write(f"{answer}\r\n".encode())
        return True
