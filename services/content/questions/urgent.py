"""Words of somebody in distress: with them 12308 comes first, and the question stands on top.

The words are data (``urgent.json``), by kind of distress and language, so that whoever is on duty
can add to them without code. ``…`` stands for a few words in between. One mark too many costs staff
a press of a button; one too few may cost somebody a day in a cell.
"""

from __future__ import annotations

import functools
import json
import re
from pathlib import Path
from typing import Final

from services.chassis.i18n import lazy
from services.chassis.words import plain

ALARM_NAMES: Final = {
    "detained": lazy("Detained or refused entry"),
    "passport": lazy("Passport lost or taken"),
    "missing": lazy("Somebody is missing"),
    "attacked": lazy("Attacked, robbed or threatened"),
    "injured": lazy("Injured or dead"),
    "danger": lazy("Danger on the spot"),
}

# How much may stand where the data has "…": a few signs, or a few words.
_BETWEEN: Final = {"zh-CN": r"[^。！？!?\n]{0,8}?", "en": r"[^.!?\n]{0,24}?"}


def alarms(text: str) -> list[str]:
    """Which kinds of distress a text speaks of, in the order of the data; often none.

    Args:
        text: in either language; names of kinds are those of :data:`ALARM_NAMES`.
    """
    said = plain(text)
    return [kind for kind, pattern in _patterns().items() if pattern.search(said)]


@functools.cache
def _patterns() -> dict[str, re.Pattern[str]]:
    file = Path(__file__).with_name("urgent.json")
    groups: dict[str, dict[str, list[str]]] = json.loads(file.read_text(encoding="utf-8"))
    return {
        kind: re.compile(
            "|".join(_pattern(way, tag) for tag, ways in by_language.items() for way in ways)
        )
        for kind, by_language in groups.items()
    }


def _pattern(way: str, tag: str) -> str:
    parts = _BETWEEN[tag].join(re.escape(plain(part)) for part in way.split("…"))
    return parts if tag == "zh-CN" else rf"\b{parts}\b"
