"""Running it: SMTP in a thread, the pages and the SMS call in granian, one process for both."""

import asyncio
import signal
from pathlib import Path

from granian.constants import Interfaces
from granian.server.embed import Server

from services.chassis.devmail.pages import create_app
from services.chassis.devmail.smtp import controller
from services.chassis.devmail.store import Store
from services.chassis.stack.errors import StackError
from services.chassis.stack.folder import disk_errors
from services.chassis.stack.ports import LOOPBACK, is_free


def run(smtp_port: int, http_port: int, folder: Path, sms_token: str, host: str = LOOPBACK) -> None:
    """Serve until SIGINT or SIGTERM. Messages are kept in ``folder``.

    Raises StackError when a port is taken or the folder cannot be used.
    """
    for name, port in (("LINGBAO_SMTP_URL", smtp_port), ("pages", http_port)):
        if not is_free(port, host):
            raise StackError(
                f"Port {port} for the development mail server ({name}) is taken by another "
                "program; stop that one and start again."
            )
    with disk_errors(folder):
        store = Store(folder)
    smtp = controller(store, smtp_port, host)
    smtp.start()
    try:
        asyncio.run(_serve(store, http_port, sms_token, host))
    finally:
        smtp.stop()


async def _serve(store: Store, port: int, sms_token: str, host: str) -> None:
    server = Server(
        create_app(store, sms_token),
        address=host,
        port=port,
        interface=Interfaces.ASGI,
        websockets=False,
    )
    loop = asyncio.get_running_loop()
    serving = loop.create_task(server.serve())
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    await asyncio.wait(
        [serving, loop.create_task(stop.wait())], return_when=asyncio.FIRST_COMPLETED
    )
    if not serving.done():
        server.stop()  # type: ignore[no-untyped-call]
    await serving
