"""Captions: WebVTT (https://www.w3.org/TR/webvtt1/), checked line by line.

Browsers leave out what they cannot read without a word, so a slip in a file would be captions
that are not there. Here it is said where the slip is.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from typing import Final

from services.chassis.i18n import Text, lazy
from services.content.files.refusals import refused

_TIME: Final = r"(?:(\d{2,4}):)?([0-5]\d):([0-5]\d)\.(\d{3})"
_TIMING: Final = re.compile(rf"{_TIME}[ \t]+-->[ \t]+{_TIME}(?:[ \t].*)?", re.ASCII)
# Up to the next "<": a line of nothing else would otherwise be looked through for each of them.
_TAG: Final = re.compile(r"</?[^<>]*>")
_BLOCKS_LEFT_OUT: Final = ("NOTE", "STYLE", "REGION")


@dataclass(frozen=True)
class Cue:
    """What is said from ``start`` to ``end`` (seconds from the beginning), without marks."""

    start: float
    end: float
    text: str


def text_of(data: bytes) -> str:
    """The text of a file of captions, which is UTF-8 by the standard.

    Raises:
        Invalid: it is not.
    """
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise refused(
            lazy("These captions are not in UTF-8. Please save the file with that encoding.")
        ) from error


def parse(text: str) -> list[Cue]:
    """The cues of a file of captions, in their order.

    Raises:
        Invalid: it is not WebVTT; the sentence names the first line that is wrong.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if not re.fullmatch(r"WEBVTT([ \t].*)?", lines[0]):
        raise _wrong(1, lazy("The first line must be WEBVTT."))
    cues: list[Cue] = []
    place = 1
    while place < len(lines):
        first = place
        while place < len(lines) and lines[place].strip():
            place += 1
        block = lines[first:place]
        place += 1
        if first > 1 and block and not block[0].startswith(_BLOCKS_LEFT_OUT):
            cues.append(_cue(block, first + 1))
    if not cues:
        raise refused(lazy("There are no captions in this file."))
    return cues


def transcript(text: str) -> str:
    """What captions say, as plain text: a line for each cue, repeated ones once.

    Raises:
        Invalid: as for :func:`parse`.
    """
    said: list[str] = []
    for cue in parse(text):
        if cue.text and cue.text not in said[-1:]:
            said.append(cue.text)
    return "\n".join(said)


def _cue(block: list[str], line: int) -> Cue:
    """A block as a cue; ``line`` is the number of its first line. It may begin with a name."""
    at = 0 if "-->" in block[0] else 1
    if at == len(block) or "-->" not in block[at]:
        raise _wrong(line, lazy("A time such as 00:01.000 --> 00:04.000 is missing."))
    read = _TIMING.fullmatch(block[at].strip())
    if read is None:
        raise _wrong(
            line + at, lazy("The time cannot be read; it looks like 00:01.000 --> 00:04.000.")
        )
    start, end = _seconds(read.groups()[:4]), _seconds(read.groups()[4:])
    if end <= start:
        raise _wrong(line + at, lazy("It ends before it begins."))
    text = html.unescape(_TAG.sub("", " ".join(part.strip() for part in block[at + 1 :])))
    return Cue(start, end, text.strip())


def _seconds(parts: tuple[str | None, ...]) -> float:
    hours, minutes, seconds, thousandths = (int(part or 0) for part in parts)
    return hours * 3600 + minutes * 60 + seconds + thousandths / 1000


def _wrong(line: int, why: Text) -> Exception:
    return refused(lazy("Line %(line)s of the captions: %(why)s", line=line, why=why))
