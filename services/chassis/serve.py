"""One web process: an ASGI application served by granian until it is told to stop."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from pathlib import Path
from typing import Any

from anyio.to_thread import current_default_thread_limiter
from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server.embed import Server

# Requests that are worked on at the same time; the others wait their turn. Python runs one of them
# at a moment, so with more of them each is only later, and whatever has a thread of its own (a live
# screen) waits behind all of them (docs/performance.md, "A quiz in a room").
THREADS = 8

# Set once the process is asked to end. Requests under way are waited for, so one that would go on
# for minutes (a stream of events) looks here and ends by itself.
stopping = threading.Event()


def serve(app: Any, *, host: str, port: int) -> None:  # noqa: ANN401 - any ASGI application
    """Answer on ``host:port`` until SIGINT or SIGTERM; requests under way are finished first."""
    asyncio.run(_serve(app, host, port))


async def _serve(app: Any, host: str, port: int) -> None:  # noqa: ANN401
    server = Server(
        app,
        address=host,
        port=port,
        interface=Interfaces.ASGI,
        websockets=False,
        log_enabled=True,
        log_level=LogLevels.warning,
    )
    current_default_thread_limiter().total_tokens = THREADS
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    serving = loop.create_task(server.serve())
    asked = loop.create_task(stop.wait())
    if name := os.environ.get("LINGBAO_READY_FILE"):
        Path(name).touch()
    await asyncio.wait([serving, asked], return_when=asyncio.FIRST_COMPLETED)
    stopping.set()
    if not serving.done():
        server.stop()  # type: ignore[no-untyped-call]
    await serving
