"""What changed from one version of a template to another, sign by sign or word by word."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final, Literal

from services.notifications.broadcasts.schemas import Message

Kind = Literal["same", "gone", "new"]

# A Latin word, a number or white space is one piece; a Chinese character is one by itself.
_PIECES: Final = re.compile(r"[A-Za-z0-9]+|\s+|.", re.DOTALL)
# Lines that have less in common are shown as one gone and one new.
_ALIKE: Final = 0.4


@dataclass(frozen=True)
class Change:
    """A field that two versions say differently.

    Attributes:
        language: of the text; ``field`` is ``subject``, ``body`` or ``sms``.
        runs: the whole text in pieces, each the same, gone or new.
    """

    language: str
    field: str
    runs: Sequence[tuple[Kind, str]]


def difference(before: Message, after: Message) -> list[Change]:
    """The fields that changed, Chinese first."""
    return [
        Change(tag, field, list(_joined(_runs(old, new))))
        for tag, first, second in (
            ("zh-CN", before.chinese, after.chinese),
            ("en", before.english, after.english),
        )
        for field in ("subject", "body", "sms")
        for old, new in [(getattr(first, field), getattr(second, field))]
        if old != new
    ]


def _runs(before: str, after: str) -> Iterator[tuple[Kind, str]]:
    """By lines first, as comparing every sign of two long texts takes long."""
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


def _joined(runs: Iterator[tuple[Kind, str]]) -> Iterator[tuple[Kind, str]]:
    """Without empty pieces, and neighbours of a kind as one."""
    kind: Kind = "same"
    text = ""
    for next_kind, piece in runs:
        if not piece:
            continue
        if next_kind != kind and text:
            yield kind, text
            text = ""
        kind = next_kind
        text += piece
    if text:
        yield kind, text
