"""A server that takes every mail and keeps none: Debian's smtp-sink, or a small one of our own.

python -m bench.sink PORT
"""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from services.chassis.stack.ports import free_port

_GREETING: Final = b"220 sink ESMTP\r\n"
_EHLO: Final = b"250-sink\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SIZE\r\n"
_END: Final = b"\r\n.\r\n"


class _Session(asyncio.Protocol):
    """One connection; commands may come several at once (RFC 2920)."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._waiting = bytearray()
        self._in_text = False
        transport.write(_GREETING)

    def data_received(self, data: bytes) -> None:
        self._waiting += data
        said = bytearray()
        while True:
            mark = _END if self._in_text else b"\r\n"
            end = self._waiting.find(mark)
            if end < 0:
                break
            line = bytes(self._waiting[: min(end, 4)]).upper()
            del self._waiting[: end + len(mark)]
            if self._in_text:
                self._in_text = False
                said += b"250 2.0.0 Ok\r\n"
            elif line == b"DATA":
                self._in_text = True
                said += b"354 End data with <CR><LF>.<CR><LF>\r\n"
            elif line == b"QUIT":
                self._transport.write(bytes(said) + b"221 Bye\r\n")
                self._transport.close()
                return
            else:
                said += _EHLO if line == b"EHLO" else b"250 2.1.0 Ok\r\n"
        if said:
            self._transport.write(bytes(said))


async def _serve(port: int) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(_Session, "127.0.0.1", port, backlog=1000)
    async with server:
        await server.serve_forever()


@contextmanager
def running() -> Iterator[tuple[str, int]]:
    """A sink in a process of its own: its name and its port."""
    port = free_port()
    found = shutil.which("smtp-sink", path="/usr/sbin:/usr/local/sbin:/usr/bin")
    # It does not run as root.
    user = ["-u", "nobody"] if os.geteuid() == 0 else []
    command = (
        [found, *user, f"127.0.0.1:{port}", "1000"]
        if found
        else [sys.executable, "-m", "bench.sink", str(port)]
    )
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 10
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                assert process.poll() is None and time.monotonic() < deadline
                time.sleep(0.05)
        yield ("smtp-sink" if found else "asyncio sink"), port
    finally:
        process.terminate()
        process.wait(10)


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1])))
