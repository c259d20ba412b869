"""TCP ports on the loopback interface."""

import socket
from pathlib import Path

from services.chassis.stack.errors import StackError
from services.chassis.stack.folder import write_private

LOOPBACK = "127.0.0.1"


def is_free(port: int, host: str = LOOPBACK) -> bool:
    """Whether a server could listen on ``host:port`` now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As servers do: a connection of an earlier run that lingers in TIME_WAIT is no obstacle.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except (OSError, OverflowError):
            return False
    return True


def free_port(host: str = LOOPBACK) -> int:
    """A port that nothing listens on now, chosen by the system."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
    return port


def require_free(port: int, setting: str = "LINGBAO_PORT", host: str = LOOPBACK) -> None:
    """Raise StackError, with another port to try, when ``port`` cannot be listened on."""
    if not 1 <= port <= 65535:
        raise StackError(f"{setting} must be a port between 1 and 65535, not {port}.")
    if is_free(port, host):
        return
    other = next(
        (number for number in range(port + 10, min(port + 200, 65536)) if is_free(number, host)),
        None,
    ) or free_port(host)
    # Asking for the address tells a taken port from one that only root may open.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        try:
            probe.bind((host, port))
        except PermissionError:
            raise StackError(
                f"Port {port} may be opened by root only; choose another: "
                f"{setting}={max(other, 8010)} make run"
            ) from None
        except OSError:
            pass  # The expected answer: the port is taken, which the sentence below says.
    raise StackError(
        f"Port {port} is taken by another program; stop that one or choose another port: "
        f"{setting}={other} make run"
    )


def answers(port: int, host: str = LOOPBACK, timeout: float = 0.5) -> bool:
    """Whether something accepts connections on ``host:port`` within ``timeout`` seconds."""
    try:
        with socket.create_connection((host, port), timeout=timeout):
            return True
    except OSError:
        return False


def kept_port(path: Path) -> int:
    """The port kept in ``path``; a free one is chosen, and kept, the first time or when taken.

    Keeping it lets a person's database client and the next run find the server where it was.
    """
    if path.exists():
        text = path.read_text(encoding="utf-8").strip()
        if text.isdecimal() and 1024 <= int(text) <= 65535 and is_free(int(text)):
            return int(text)
    return another_port(path)


def another_port(path: Path) -> int:
    """Choose a free port and keep it in ``path``."""
    port = free_port()
    write_private(path, f"{port}\n")
    return port
