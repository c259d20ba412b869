"""The limit of sending: the same bytes, by aiosmtplib alone.

    python -m bench.alone PORT CONNECTIONS MESSAGES FILE

FILE is a pickled list of messages (bytes). Prints the seconds.
"""

from __future__ import annotations

import asyncio
import itertools
import pickle
import sys
import time
from pathlib import Path

import aiosmtplib


async def push(port: int, connections: int, number: int, messages: list[bytes]) -> float:
    """Send ``number`` messages over so many connections; the seconds it took."""
    turn = iter(range(number))

    async def one() -> None:
        async with aiosmtplib.SMTP(hostname="127.0.0.1", port=port, start_tls=False) as smtp:
            for index in turn:
                await smtp.mail("no-reply@lingbao.example")
                await smtp.rcpt(f"person{index}@example.com")
                await smtp.data(messages[index % len(messages)])

    began = time.monotonic()
    await asyncio.gather(*itertools.starmap(one, itertools.repeat((), connections)))
    return time.monotonic() - began


if __name__ == "__main__":
    stored = pickle.loads(Path(sys.argv[4]).read_bytes())  # noqa: S301 - our own file
    port, connections, number = map(int, sys.argv[1:4])
    sys.stdout.write(str(asyncio.run(push(port, connections, number, stored))))
