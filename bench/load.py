"""A caller that costs little: prepared requests over kept-open connections, on one event loop."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Measured:
    """What callers met.

    Attributes:
        times: seconds of every answer, sorted.
        seconds: how long it went on.
        computed: seconds of a processor that the one who answered used meanwhile, if measured.
    """

    times: list[float]
    seconds: float
    computed: float = 0.0

    @classmethod
    def together(cls, rounds: Sequence[Measured]) -> Measured:
        """Several rounds as one."""
        return cls(
            sorted(itertools.chain.from_iterable(measured.times for measured in rounds)),
            sum(measured.seconds for measured in rounds),
            sum(measured.computed for measured in rounds),
        )

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.times) / self.seconds

    def at(self, part: float) -> float:
        """The time within which that part of the answers came, in seconds."""
        return self.times[min(len(self.times) - 1, int(part * len(self.times)))]


def post(
    port: int, request: Callable[[], tuple[str, bytes]], clients: int, seconds: float
) -> Measured:
    """Send requests from so many clients at once, each the next when the one before is answered.

    Args:
        request: makes the path and the JSON body of one.

    Raises:
        AssertionError: an answer was not 201.
    """
    return asyncio.run(_post(port, request, clients, seconds))


async def _post(
    port: int, request: Callable[[], tuple[str, bytes]], clients: int, seconds: float
) -> Measured:
    times: list[float] = []
    began = time.perf_counter()
    deadline = began + seconds

    async def one() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while time.perf_counter() < deadline:
            path, body = request()
            head = (
                f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
                f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
            )
            sent = time.perf_counter()
            writer.write(head.encode() + body)
            answer = await reader.readuntil(b"\r\n\r\n")
            length = int(answer.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
            rest = await reader.readexactly(length)
            times.append(time.perf_counter() - sent)
            assert answer.startswith(b"HTTP/1.1 201"), answer + rest
        writer.close()

    await asyncio.gather(*(one() for _ in range(clients)))
    return Measured(sorted(times), time.perf_counter() - began)
