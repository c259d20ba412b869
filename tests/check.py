"""``make check``: format, lint, types, import walls, dependencies, documents, catalogues."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sysconfig.get_path("scripts"))

CHECKS = {
    "format": ["ruff", "format", "--check", "-q", "services", "tests", "bench", "deploy"],
    "lint": ["ruff", "check", "-q", "services", "tests", "bench", "deploy"],
    "types": ["mypy", "--no-error-summary"],
    "walls": ["lint-imports", "--no-cache"],
    "dependencies": ["deptry", "."],
    "whitespace": ["git", "diff", "--check", "HEAD"],
}


def main() -> int:
    """Run every check, print a line for each, and what a failed one said."""
    failed = []
    for name, command in CHECKS.items():
        began = time.monotonic()
        program = BIN / command[0]
        argv = [str(program) if program.exists() else command[0], *command[1:]]
        done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False)
        word = "ok" if done.returncode == 0 else "FAILED"
        print(f"{name:<14}{word:<8}{time.monotonic() - began:5.1f} s", flush=True)  # noqa: T201
        if done.returncode:
            failed.append(name)
            print(done.stdout + done.stderr, flush=True)  # noqa: T201
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
