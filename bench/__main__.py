"""``make bench``: what is measured, against a limit taken in the same run.

    python -m bench             everything
    python -m bench latency     one table

These machines are shared and noisy: read the ratios and medians, not single times.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from rich.console import Console

from bench import latency, race, start, weight
from tests.stack import running

TABLES = {"latency": latency.measure, "race": race.measure, "weight": weight.measure}


def main() -> None:
    """Start a house and print the tables asked for."""
    asked = sys.argv[1:] or ["start", *TABLES]
    unknown = set(asked) - {"start", *TABLES}
    if unknown:
        sys.exit(f"There is no table {', '.join(unknown)}; there are start, {', '.join(TABLES)}.")
    console = Console()
    with tempfile.TemporaryDirectory(prefix="lingbao-bench-") as folder:
        if "start" in asked:
            console.print(start.measure(Path(folder) / "start"))
        rest = [name for name in asked if name in TABLES]
        if rest:
            with running(Path(folder) / "data") as stack:
                for name in rest:
                    console.print(TABLES[name](stack))


main()
