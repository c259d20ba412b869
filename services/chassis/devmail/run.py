"""Running it: SMTP in a thread, the pages and the SMS call in granian, one process for both."""

from pathlib import Path

from services.chassis.devmail.pages import create_app
from services.chassis.devmail.smtp import controller
from services.chassis.devmail.store import Store
from services.chassis.serve import serve
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
        serve(create_app(store, sms_token), host=host, port=http_port)
    finally:
        smtp.stop()
