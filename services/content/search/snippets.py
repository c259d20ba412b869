"""Where the words stand: a piece of a text around them, and the words marked in it."""

from __future__ import annotations

import re
from typing import Final

from markupsafe import Markup, escape

from services.chassis.countries import names
from services.chassis.words import ONE_SIGN
from services.content.search.query import Asked

# A sign of Chinese is as wide as two letters.
_AROUND: Final = 150
_BEFORE: Final = 40
_BLANKS: Final = re.compile(r"\s+")
# After these a piece of a Chinese sentence begins.
_PAUSES: Final = re.compile(r"[\s，。；：、？！]")
_GAP: Final = "…"


class Marker:
    """Marks what was asked for in texts; what comes out is safe HTML.

    Args:
        asked: nothing is marked for an empty query.
    """

    def __init__(self, asked: Asked) -> None:
        ways = {way for word in asked.words for way in word.ways}
        ways.update(name for code in asked.countries for name in names(code))
        longest_first = sorted(ways, key=len, reverse=True)
        self._pattern = (
            re.compile("|".join(map(_bent, longest_first)), re.IGNORECASE) if ways else None
        )

    def mark(self, text: str) -> Markup:
        """A whole text, such as a title."""
        if self._pattern is None:
            return escape(text)
        parts: list[Markup] = []
        done = 0
        for found in self._pattern.finditer(text):
            parts += (escape(text[done : found.start()]), Markup("<mark>"), escape(found[0]))
            parts.append(Markup("</mark>"))
            done = found.end()
        return Markup("").join([*parts, escape(text[done:])])

    def snippet(self, text: str) -> Markup:
        """The piece of a text in which the words first stand, or its beginning."""
        line = _BLANKS.sub(" ", text).strip()
        found = self._pattern.search(line) if self._pattern else None
        wide = bool(ONE_SIGN.search(line[:50]))
        around, before = (_AROUND // 2, _BEFORE // 2) if wide else (_AROUND, _BEFORE)
        begin = max(0, found.start() - before) if found else 0
        if begin > 0 and found:
            begin = _beginning(line, begin, found.start(), wide)
        end = begin + around
        if end < len(line) and not wide:
            # A word is not cut in two.
            end = line.rfind(" ", end - 20, end) + 1 or end
        piece = line[begin:end].strip()
        cut_off = end < len(line)
        marked = self.mark(piece)
        return Markup("").join([_GAP if begin else "", marked, _GAP if cut_off else ""])


def _beginning(line: str, begin: int, found: int, wide: bool) -> int:
    """Where a piece begins so that no word is cut in two: Chinese knows words only by pauses."""
    pause = (_PAUSES if wide else _BLANKS).search(line, begin, found)
    return pause.end() if pause else begin


def _bent(way: str) -> str:
    """A Latin word is marked with its ending, and not inside of another word."""
    pattern = re.escape(way)
    return pattern if ONE_SIGN.match(way) else rf"\b{pattern}\w{{0,3}}\b"
