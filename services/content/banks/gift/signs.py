r"""The signs of GIFT and their escapes: ``\~ \= \# \{ \} \:``, ``\n`` for a new line, ``\\``."""

from __future__ import annotations

import re
from typing import Final

_SPECIAL: Final = "~=#{}:"
# Noncharacters (Unicode 23.7): no text has them, so they can stand for escaped signs meanwhile.
_FIRST: Final = 0xFDD0
_HIDDEN: Final = {sign: chr(_FIRST + at) for at, sign in enumerate(_SPECIAL + "n\\")}
_SHOWN: Final = {ord(hidden): sign for sign, hidden in _HIDDEN.items()} | {ord(_HIDDEN["n"]): "\n"}
_ESCAPED: Final = re.compile(r"\\([~=#{}:n\\])")
_ANY_HIDDEN: Final = re.compile(f"[{chr(_FIRST)}-{chr(_FIRST + len(_HIDDEN))}]")
_TO_ESCAPE: Final = re.compile(r"([~=#{}:\\])")
_TO_ESCAPE_IN_STEP: Final = re.compile(r"([#{}\\])")
# `[id:…]`, `[tag:…]` and our `[source:…]` in a comment; a bracket in them is escaped.
_IN_COMMENT: Final = re.compile(
    r"\[(id|tag|source):((?:\\[\\\]]|\\(?![\\\]])|[^\]\\])+)\]"  # one way only to read a backslash
)


def hide(text: str) -> str:
    """A text whose escaped signs are out of the way of whoever looks for signs."""
    return _ESCAPED.sub(lambda found: _HIDDEN[found[1]], _ANY_HIDDEN.sub("", text))


def show(text: str) -> str:
    """The text as its author meant it, after :func:`hide`."""
    return text.translate(_SHOWN)


def escape(text: str) -> str:
    """A text for a place where signs mean something."""
    return _TO_ESCAPE.sub(r"\\\1", text).replace("\n", "\\n")


def escape_step(text: str) -> str:
    """A text for a line of putting in order, where Moodle unescapes less than elsewhere."""
    return _TO_ESCAPE_IN_STEP.sub(r"\\\1", text).replace("\n", "\\n")


def marks_of(comment: str) -> list[tuple[str, str]]:
    """What a comment says of its question: ``("tag", "安全")``."""
    return [
        (kind, re.sub(r"\\([\\\]])", r"\1", text).strip())
        for kind, text in _IN_COMMENT.findall(comment)
    ]


def mark(kind: str, text: str) -> str:
    """A part of a comment that :func:`marks_of` reads."""
    inner = re.sub(r"([\\\]])", r"\\\1", text)
    return f"[{kind}:{inner}]"
