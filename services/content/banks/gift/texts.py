"""Texts of a GIFT file, whatever their format, as the plain texts that items have."""

from __future__ import annotations

import html
import re
from typing import Final

import nh3

from services.chassis.markdown import to_text
from services.content.banks.gift.signs import show

FORMATS: Final = ("moodle", "html", "markdown", "plain")
_FORMAT: Final = re.compile(r"\[(moodle|html|markdown|plain)\]")
_MARKUP: Final = re.compile(r"</?[a-z][^<>]*>|&(?:[a-z]+|#\d+|#x[0-9a-f]+);", re.IGNORECASE)
_BREAK: Final = re.compile(r"<br\s*/?>|</(?:p|div|li|h[1-6]|tr)>", re.IGNORECASE)
_PICTURE: Final = re.compile(
    r"<(?:img|video|audio|object|iframe)\b|@@PLUGINFILE@@|!\[", re.IGNORECASE
)


def read(part: str, usual: str) -> tuple[str, str]:
    """A part of a question as plain text, and the format that it had.

    Args:
        part: with its escaped signs hidden; ``[html]`` and so on in front say its format.
        usual: the format of a part that names none.
    """
    part = part.strip()
    named = _FORMAT.match(part)
    format_, text = (named[1], part[named.end() :]) if named else (usual, part)
    text = show(text).strip()
    if format_ == "markdown":
        return to_text(text), format_
    # Moodle's own format is a text in which tags count and lines stay lines.
    if format_ == "html" or (format_ == "moodle" and _MARKUP.search(text)):
        return _of_html(text, keep_lines=format_ == "moodle"), format_
    return text, format_


def has_pictures(block: str) -> bool:
    """Whether a question shows something that a plain text cannot."""
    return _PICTURE.search(block) is not None


def _of_html(text: str, *, keep_lines: bool) -> str:
    if not keep_lines:
        text = " ".join(text.split())
    bare = html.unescape(nh3.clean(_BREAK.sub("\n", text), tags=set()))
    lines = (" ".join(line.split()) for line in bare.splitlines())
    return "\n".join(line for line in lines if line)
