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

from bench import (
    broadcast,
    catalogue,
    content,
    lanes,
    latency,
    lists,
    planning,
    quiz,
    race,
    rush,
    start,
    weight,
    without_queue,
)
from tests.stack import running

# These start a house of their own; the others share one.
APART = {
    "broadcast": broadcast.measure,
    "start": start.measure,
    "without_queue": without_queue.measure,
    "rush": rush.measure,
    "planning": planning.measure,
    "lanes": lanes.measure,
    "lists": lists.measure,
}
TABLES = {
    "latency": latency.measure,
    "race": race.measure,
    "weight": weight.measure,
    "catalogue": catalogue.measure,
    "content": content.measure,
    "quiz": quiz.measure,
}


def main() -> None:
    """Start a house and print the tables asked for."""
    asked = sys.argv[1:] or [*APART, *TABLES]
    unknown = set(asked) - {*APART, *TABLES}
    if unknown:
        sys.exit(
            f"There is no table {', '.join(unknown)}; there are {', '.join([*APART, *TABLES])}."
        )
    console = Console()
    with tempfile.TemporaryDirectory(prefix="lingbao-bench-") as folder:
        for name in [name for name in asked if name in APART]:
            console.print(APART[name](Path(folder) / name))
        rest = [name for name in asked if name in TABLES]
        if rest:
            with running(Path(folder) / "data") as stack:
                for name in rest:
                    console.print(TABLES[name](stack))


# Processes that are forked from a nursery import this file too.
if __name__ == "__main__":
    main()
