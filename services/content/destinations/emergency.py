"""Whom to call in danger: police, ambulance and fire brigade of a country, where we are sure.

The figures are in ``emergency.json``, each country with its source and the day it was checked. A
country that is not there is one whose numbers nobody of the office has checked: its page says how
to find out. A test holds every figure to the short numbers that libphonenumber knows as emergency
numbers of that country.
"""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Numbers:
    """Numbers as they are dialled within the country; ``None`` where we are not sure of one.

    Attributes:
        source: the name of what they were compared with, on ``checked_on``.
        source_url: its address.
    """

    police: str | None
    ambulance: str | None
    fire: str | None
    source: str
    source_url: str
    checked_on: date

    @property
    def same(self) -> str | None:
        """The number for everything, where there is one."""
        return self.police if self.police == self.ambulance == self.fire else None


def numbers(country: str) -> Numbers | None:
    """The numbers of a country (ISO 3166-1 alpha-2); ``None``: we do not know them for sure."""
    return _all().get(country)


def known() -> frozenset[str]:
    """The countries whose numbers we know."""
    return frozenset(_all())


@functools.cache
def _all() -> dict[str, Numbers]:
    file = Path(__file__).with_suffix(".json")
    kept: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    found = {}
    for country, row in kept["countries"].items():
        source = kept["sources"][row["source"]]
        found[country] = Numbers(
            police=row.get("police"),
            ambulance=row.get("ambulance"),
            fire=row.get("fire"),
            source=source["name"],
            source_url=source["url"],
            checked_on=date.fromisoformat(row.get("checked_on", source["checked_on"])),
        )
    return found
