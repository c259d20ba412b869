"""A list of 100,000 contacts: the upload's answer, and what the worker then does of it.

python -m bench lists
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path

from rich.table import Table

from services import house
from services.chassis.auth import Principal
from services.chassis.migrate import migrate
from services.chassis.stack import postgres
from services.notifications.database import database
from services.notifications.imports import jobs, service
from services.notifications.imports.basis import BasisIn
from tests.stack import ROOT, environment

ROWS = 100_000
GROUND = BasisIn.model_validate({"basis": "consent", "version": "bench", "agreed_on": "2026-01-01"})


def measure(folder: Path) -> Table:
    """Read a list, take it in and take it out, on a PostgreSQL of its own."""
    server = postgres.start(folder)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "bench.lists", str(ROWS)],
            env=environment(folder, LINGBAO_DATABASE_URL=server.url, LINGBAO_BASE_URL="http://x"),
            cwd=ROOT,
            stdout=subprocess.PIPE,
            check=True,
            text=True,
        )
    finally:
        server.stop()
    figures = json.loads(done.stdout)
    table = Table("step", "seconds", "processor", title=f"A list of {ROWS:,} rows")
    for step, (seconds, processor) in figures["steps"].items():
        table.add_row(step, f"{seconds:.1f}", f"{processor:.1f}")
    table.add_row("peak memory (MB)", f"{figures['peak']:.0f}", "")
    return table


def _file(rows: int) -> bytes:
    lines = ["姓名,邮箱,手机,单位,区,目的地,出发日期,回国日期"]
    for number in range(rows):
        day = 1 + number % 28
        lines.append(
            f"张{number},p{number}@example.com,139{number:08},某某大学,西城,泰国、日本,"
            f"2027-05-{day:02},2027-06-{day:02}"
        )
    return "\n".join(lines).encode()


def main(rows: int) -> None:
    """The steps in a process of their own, whose peak memory is then theirs alone."""
    migrate(database, house.migrations("notifications"))
    identifier = uuid.uuid4()
    staff = Principal("staff", identifier, identifier, "bench", "city-admin", None)
    data = _file(rows)
    steps: dict[str, tuple[float, float]] = {}

    def timed(name: str, act: Callable[[], object]) -> object:
        began, processor = time.monotonic(), time.process_time()
        found = act()
        steps[name] = (time.monotonic() - began, time.process_time() - processor)
        return found

    made = timed("upload answered", lambda: service.read(staff, "list.csv", data))
    assert isinstance(made, uuid.UUID)
    timed("read", jobs.work)
    service.confirm(staff, made, GROUND)
    timed("taken in", jobs.work)
    service.undo(staff, made)
    timed("taken out", jobs.work)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(json.dumps({"steps": steps, "peak": peak}))


if __name__ == "__main__":
    main(int(sys.argv[1]))
