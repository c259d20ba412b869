"""What certificates of every kind have in common: their codes, masked names, and the sheet.

The sheet is drawn by ``templates/sheet.html`` from :class:`Half`.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from babel.dates import format_date

from services.chassis.i18n import LANGUAGES, language, locale, speaking

# Of an alphabet of 22 signs 53 bits, of 32 signs 60: anybody may try codes, from anywhere, for
# years.
LENGTH: Final = 12
_GROUP: Final = 4


def fresh_code(alphabet: str) -> str:
    """A new code, unguessable, such as ``K7W4MX4R9TFA``.

    Args:
        alphabet: the signs that it is made of.
    """
    return "".join(secrets.choice(alphabet) for _ in range(LENGTH))


def spaced(code: str) -> str:
    """A code in groups of four, for reading: ``K7W4 MX4R 9TFA``."""
    return " ".join(code[start : start + _GROUP] for start in range(0, len(code), _GROUP))


def masked(name: str) -> str:
    """A name that its owner recognises and a stranger does not learn.

    ``王小明`` → ``王*明``, ``王明`` → ``王*``, ``John Smith`` → ``J*** S***``; the stars do not
    tell how many letters there were. Nothing stays nothing.
    """
    words = name.split()
    if len(words) == 1 and not words[0].isascii():
        word = words[0]
        return f"{word[0]}*{word[-1]}" if len(word) > 2 else f"{word[0]}*"
    return " ".join(f"{word[0]}***" for word in words)


@dataclass(frozen=True)
class Half:
    """One language's half of a sheet. ``tag`` is BCP 47."""

    tag: str
    heading: str
    before: str
    after: str
    title: str
    facts: list[tuple[str, str]]
    office: str
    issued: str
    check: str


def halves(written: Callable[[str], Half]) -> list[Half]:
    """The sheet in every language, the one of the page first.

    Args:
        written: called with each tag while that language is spoken.
    """
    here = language()
    found = []
    for tag in sorted(LANGUAGES, key=lambda tag: tag != here):
        with speaking(tag):
            found.append(written(tag))
    return found


def day(moment: datetime, zone: str) -> str:
    """``2026年11月23日``, ``23 November 2026``: with the year, for it is read for years.

    Args:
        zone: in which it is that day, such as ``Asia/Shanghai``.
    """
    return str(format_date(moment.astimezone(ZoneInfo(zone)), "long", locale=locale()))
