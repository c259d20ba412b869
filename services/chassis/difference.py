"""What one text says otherwise than an older one, sign by sign or word by word."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import SequenceMatcher
from typing import Final, Literal

Kind = Literal["same", "gone", "new"]
Runs = list[tuple[Kind, str]]

# A Latin word, a number or white space is one piece; a Chinese character is one by itself.
_PIECES: Final = re.compile(r"[A-Za-z0-9]+|\s+|.", re.DOTALL)
# Lines that have less in common are shown as one gone and one new.
_ALIKE: Final = 0.4


def runs(before: str, after: str) -> Runs:
    """Both texts in one, in pieces that are the same, gone or new, none of them empty.

    Lines are compared first, as comparing every sign of two long texts takes long.
    """
    return list(_joined(_by_lines(before, after)))


def _by_lines(before: str, after: str) -> Iterator[tuple[Kind, str]]:
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    for tag, i, j, k, m in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        gone, come = "".join(old[i:j]), "".join(new[k:m])
        if tag == "equal":
            yield "same", gone
        elif tag == "replace":
            yield from _within(gone, come)
        else:
            yield from (("gone", gone), ("new", come))


def _within(before: str, after: str) -> Iterator[tuple[Kind, str]]:
    old, new = _PIECES.findall(before), _PIECES.findall(after)
    matcher = SequenceMatcher(None, old, new)
    if matcher.ratio() < _ALIKE:
        yield from (("gone", before), ("new", after))
        return
    for tag, i, j, k, m in matcher.get_opcodes():
        if tag == "equal":
            yield "same", "".join(old[i:j])
        else:
            yield from (("gone", "".join(old[i:j])), ("new", "".join(new[k:m])))


def _joined(pieces: Iterator[tuple[Kind, str]]) -> Iterator[tuple[Kind, str]]:
    """Without empty pieces, and neighbours of a kind as one."""
    kind: Kind = "same"
    text = ""
    for next_kind, piece in pieces:
        if not piece:
            continue
        if next_kind != kind and text:
            yield kind, text
            text = ""
        kind = next_kind
        text += piece
    if text:
        yield kind, text
