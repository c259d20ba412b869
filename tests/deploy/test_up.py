"""`lingbao up` does not begin what cannot succeed, and says in one sentence what to do."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.stack import ROOT, environment


def up(data_dir: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "services", "up"],
        cwd=ROOT,
        env=environment(data_dir, **settings),
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("LINGBAO_REDIS_URL", "redis://127.0.0.1:1/0", "LINGBAO_REDIS_URL"),
        ("LINGBAO_DATABASE_URL", "postgresql://u:p@127.0.0.1:1/postgres", "LINGBAO_DATABASE_URL"),
        ("LINGBAO_DATA_DIR", "/proc/nowhere", "LINGBAO_DATA_DIR"),
    ],
)
def test_what_is_not_there_is_named(tmp_path: Path, name: str, value: str, says: str) -> None:
    done = up(tmp_path, **{name: value})
    assert done.returncode == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = up(tmp_path, LINGBAO_PORT=str(port))
    assert done.returncode == 2
    assert f"Port {port} is taken" in done.stderr
