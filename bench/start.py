"""How long `lingbao up` takes until it answers: the first time, and again on the same data."""

from __future__ import annotations

import time
from pathlib import Path

from rich.table import Table

from tests.stack import running


def measure(data_dir: Path, again: int = 3) -> Table:
    """One first start and ``again`` further ones."""
    table = Table("start", "seconds", "limit", "ratio", title="Starting everything")
    for number in range(1 + again):
        began = time.monotonic()
        with running(data_dir) as stack:
            stack.call("GET", "/api/registration/readyz")
            seconds = time.monotonic() - began
        limit = 15 if number else 60
        name = f"again ({number})" if number else "first"
        table.add_row(name, f"{seconds:.1f}", str(limit), f"{seconds / limit:.2f}")
    return table
