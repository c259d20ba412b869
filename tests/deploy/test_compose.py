"""The production shape: docker-compose.yml holds to its schema, and what it says starts.

No Docker engine runs here. Each service's own ``command`` and ``environment`` are taken from the
file and started as a local process; only the places of the servers and ports are put in. One of
each kind imports all by itself, as in its container; the others are forked from a process that has
(chassis/stack/nursery.py).
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from services import house
from services.chassis.settings import settings
from services.chassis.stack.nursery import Forked, Nursery
from services.chassis.stack.ports import free_port
from tests.conftest import TEST_KEYS
from tests.stack import eventually

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = ROOT / "web" / "node_modules" / "dclint" / "schemas" / "compose.schema.json"
VARIABLE = re.compile(r"\$\$|\$\{(?P<name>\w+)(?::(?P<kind>[-?])(?P<rest>[^}]*))?\}")


def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
    return found


def validator() -> jsonschema.Draft7Validator:
    return jsonschema.Draft7Validator(json.loads(SCHEMA.read_text("utf-8")))


def filled(value: Any, variables: dict[str, str]) -> Any:
    """Compose's interpolation: ``${A:?text}``, ``${A:-default}``, ``$$``."""
    if isinstance(value, dict):
        return {key: filled(item, variables) for key, item in value.items()}
    if isinstance(value, list):
        return [filled(item, variables) for item in value]
    if not isinstance(value, str):
        return value

    def replace(match: re.Match[str]) -> str:
        if match[0] == "$$":
            return "$"
        found = variables.get(match["name"], "")
        if not found and match["kind"] == "?":
            raise KeyError(match["name"])
        return found or (match["rest"] or "" if match["kind"] == "-" else "")

    return VARIABLE.sub(replace, value)


SECRETS = {
    "POSTGRES_PASSWORD": "p",
    "REDIS_PASSWORD": "r",
    "LINGBAO_SECRET_KEYS": TEST_KEYS,
    "LINGBAO_SMTP_URL": "smtp://mail:25",
    "LINGBAO_BASE_URL": "https://lingbao.example",
}


def test_the_file_holds_to_the_compose_specification() -> None:
    validator().validate(compose())


def test_the_schema_refuses_what_is_wrong() -> None:
    wrong = compose()
    wrong["services"]["beat"]["restarts"] = "always"
    with pytest.raises(jsonschema.ValidationError):
        validator().validate(wrong)


@pytest.mark.parametrize("secret", SECRETS)
def test_no_secret_has_a_default(secret: str) -> None:
    with pytest.raises(KeyError, match=secret):
        filled(compose(), {name: text for name, text in SECRETS.items() if name != secret})


def test_each_service_has_its_web_and_workers_and_there_is_one_beat() -> None:
    commands = [tuple(service.get("command", ())) for service in compose()["services"].values()]
    for name in house.SERVICES:
        assert sum(command[:2] == ("web", name) for command in commands) == 1
        assert sum(command == ("worker", name) or command[:3] == ("worker", name, "--concurrency")
                   for command in commands) == 1  # fmt: skip
        for lane in house.LANES.get(name, ()):
            assert sum(command[:4] == ("worker", name, "--lane", lane) for command in commands) == 1
    assert commands.count(("beat",)) == 1


def test_everything_restarts_is_watched_and_keeps_its_data() -> None:
    file = compose()
    for name, service in file["services"].items():
        assert service.get("restart"), name
        assert "healthcheck" in service or name in ("migrate", "beat", "devmail"), name
    for name in ("postgres", "redis", "front"):
        mounted = {volume.partition(":")[0] for volume in file["services"][name]["volumes"]}
        assert mounted & set(file["volumes"]), name
    assert "noeviction" in str(file["services"]["redis"]["command"])
    assert "appendonly yes" in str(file["services"]["redis"]["command"])


Started = Mapping[str, tuple["subprocess.Popen[bytes] | Forked", str | Path]]


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[Started]:
    """Every process of ours in the file, running here; and how each says that it is ready."""
    running: dict[str, tuple[subprocess.Popen[bytes] | Forked, str | Path]] = {}
    nursery = Nursery(house.MODULES)
    nursery.warm()
    kinds: set[str] = set()
    places = {
        "LINGBAO_DATABASE_URL": settings().database_url or "",
        "LINGBAO_REDIS_URL": settings().redis_url or "",
    }
    for name, service in filled(compose(), SECRETS)["services"].items():
        command = list(service.get("command", ()))
        if "image" not in service or not service["image"].startswith("lingbao:"):
            continue
        if name in ("migrate", "devmail"):
            continue
        environment = {"PATH": os.environ["PATH"], **service["environment"], **places}
        environment["LINGBAO_DATA_DIR"] = str(tmp_path)
        ready: str | Path
        if command[0] == "web":
            port = free_port()
            command[command.index("--port") + 1] = str(port)
            command[command.index("--host") + 1] = "127.0.0.1"
            ready = f"http://127.0.0.1:{port}/readyz"
        else:
            if "--port" in command:
                command[command.index("--port") + 1] = str(free_port())
            ready = tmp_path / f"{name}.ready"
            environment["LINGBAO_READY_FILE"] = str(ready)
        argv = [sys.executable, "-m", "services", *command]
        log = tmp_path / f"{name}.log"
        if command[0] in kinds:
            forked = nursery.spawn(argv, environment, ROOT, signal.SIGKILL)
            threading.Thread(target=_keep, args=(forked, log), daemon=True).start()
            running[name] = forked, ready
            continue
        kinds.add(command[0])
        with log.open("wb") as output:
            alone = subprocess.Popen(
                argv, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT
            )
        running[name] = alone, ready
    try:
        yield running
    finally:
        for process, _ in running.values():
            process.send_signal(signal.SIGKILL)
        for process, _ in running.values():
            process.wait(60)


def _keep(process: Forked, log: Path) -> None:
    """Write down what a process says until it ends."""
    with log.open("wb") as kept:
        while said := process.stdout.read1():
            kept.write(said)
            kept.flush()


def is_ready(ready: str | Path) -> bool:
    if isinstance(ready, Path):
        return ready.exists()
    try:
        with urllib.request.urlopen(ready, timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def test_every_command_starts_and_becomes_ready(processes: Started, tmp_path: Path) -> None:
    waiting = dict(processes)

    def all_are_ready() -> bool:
        for name, (process, ready) in list(waiting.items()):
            if process.poll() is not None:
                log = (tmp_path / f"{name}.log").read_text("utf-8", "replace")[-2000:]
                pytest.fail(f"{name} ended: {log}")
            if is_ready(ready):
                del waiting[name]
        return not waiting

    eventually(all_are_ready, within=240, every=0.2)
    assert len(processes) == 4 + 4 + 2 + 1 + 1


def test_production_without_a_secret_ends_with_a_sentence(tmp_path: Path) -> None:
    service = filled(compose(), SECRETS)["services"]["registration-web"]
    environment = {"PATH": os.environ["PATH"], **service["environment"]}
    del environment["LINGBAO_SECRET_KEYS"]
    done = subprocess.run(
        [sys.executable, "-m", "services", *service["command"]],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert "LINGBAO_SECRET_KEYS" in done.stderr
    assert "Traceback" not in done.stderr
