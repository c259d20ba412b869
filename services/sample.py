"""The sample data of every service, loaded once into what is still empty."""

from __future__ import annotations

import importlib
import importlib.util

from services import house
from services.chassis.settings import settings
from services.chassis.stack.folder import kept_secret

PASSWORD_FILE = "staff-password"  # noqa: S105 - the name of a file
STAFF_TO_TRY = (
    ("editor@lingbao.example", "city editor: writes"),
    ("duty@lingbao.example", "city editor: approves"),
    ("admin@lingbao.example", "city administrator"),
    ("xicheng@lingbao.example", "district administrator, Xicheng"),
)


def load() -> list[str]:
    """Load every service's sample data where its tables are empty.

    Returns:
        A line for each service that says what was loaded.
    """
    password = kept_secret(settings().data_dir / PASSWORD_FILE)
    lines = []
    for service in house.SERVICES:
        sample = importlib.util.find_spec(f"services.{service}.sample")
        if sample is None:
            continue
        module = importlib.import_module(f"services.{service}.sample")
        loaded = len(module.load(password)) if service == "identity" else module.load()
        lines.append(f"{service}: {loaded or 'nothing'} new")
    return lines
