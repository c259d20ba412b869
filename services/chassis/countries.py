"""Countries by the names that people give them: in Chinese, in English, by alias, misspelt.

Codes are ISO 3166-1 alpha-2, official names CLDR's. ``countries.json`` has what CLDR does not:
everyday aliases, and the cities and islands that people name instead of their country (迪拜, Bali).
"""

from __future__ import annotations

import functools
import json
import re
from pathlib import Path
from typing import Final

from anyascii import anyascii
from babel import Locale
from rapidfuzz import fuzz, process

from services.chassis.words import ONE_SIGN, plain

# CLDR territories that are no ISO 3166-1 country: regions, groupings, exceptional reservations.
_NOT_COUNTRIES = frozenset({"AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN",
                            "XA", "XB", "XK", "ZZ", "CN"})  # fmt: skip
_NAMED: Final = (Locale.parse("zh_CN"), Locale.parse("en_GB"))
_BLANKS: Final = re.compile(r"\s+")

# How alike two ways to write must be (0–100). A name of two signs has five letters of pinyin or so,
# and one of them wrong is 80: too many ordinary words are as near as that.
_ALIKE: Final = 83
_LONGEST: Final = 60
_AS_GOOD: Final = 6  # guesses that are at most so much worse than the best are made, too


@functools.cache
def countries() -> frozenset[str]:
    """The ISO 3166-1 alpha-2 codes of every country and territory but China's own (CLDR)."""
    return frozenset(
        code
        for code in map(str, _NAMED[1].territories)
        if len(code) == 2 and code.isalpha() and code not in _NOT_COUNTRIES
    )


@functools.cache
def _kept() -> dict[str, list[str]]:
    file = Path(__file__).with_suffix(".json")
    found: dict[str, list[str]] = json.loads(file.read_text(encoding="utf-8"))
    return found


def aliases(code: str) -> list[str]:
    """What else people call a country, in either language; its CLDR names are not among them."""
    found: list[str] = _kept().get(code, [])
    return found


def names(code: str) -> list[str]:
    """Everything that a country is called: its CLDR names in both languages, then its aliases."""
    return [*(str(locale.territories[code]) for locale in _NAMED), *aliases(code)]


def written(text: str) -> str:
    """A name as it is compared: without width, case, accents and needless blanks."""
    return _BLANKS.sub(" ", plain(text)).strip()


@functools.cache
def ways_to_write() -> dict[str, str]:
    """Every way to write a country that is understood, as :func:`written`, and its code."""
    found = {code.casefold(): code for code in countries()}
    for code in sorted(countries()):
        # Of two countries the one whose official name it is: 多米尼加 is nobody's.
        for name in reversed(names(code)):
            official = name not in aliases(code)
            if official or written(name) not in found:
                found[written(name)] = code
    return found


def country_code(text: str) -> str | None:
    """The code of a country that is written by a name, an alias or its code."""
    return ways_to_write().get(written(text))


@functools.cache
def _sounds() -> dict[str, str]:
    """Every Chinese name in pinyin and every other one as it is, without codes, and its code."""
    return {sound(name): code for name, code in ways_to_write().items() if len(name) > 2} | {
        sound(name): code
        for name, code in ways_to_write().items()
        if len(name) == 2 and ONE_SIGN.match(name)
    }


def sound(name: str) -> str:
    """A name in Latin letters, Chinese in pinyin without tones (泰国 → ``taiguo``)."""
    return anyascii(written(name)).casefold().replace(" ", "")


def country_guess(text: str, limit: int = 3) -> list[str]:
    """The codes that a misspelt name may mean, the likeliest first.

    Chinese is compared by its sound, because a wrong sign of the same sound is what a keyboard for
    pinyin leaves behind (泰果, 马来西牙); anything else by its letters (Thialand).

    Args:
        text: a name alone, not a sentence.
        limit: how many at most.

    Returns:
        Nothing for what is like no country. What :func:`country_code` understands comes alone.
    """
    if (known := country_code(text)) is not None:
        return [known]
    asked = sound(text[:_LONGEST])
    if len(asked) < 4:
        return []
    near = process.extract(
        asked, _sounds().keys(), scorer=fuzz.ratio, score_cutoff=_ALIKE, limit=12
    )
    best = near[0][1] if near else 0.0
    found = (_sounds()[name] for name, score, _ in near if score >= best - _AS_GOOD)
    return list(dict.fromkeys(found))[:limit]
