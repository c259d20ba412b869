"""A message that many people get: built once, and filled in for each as bytes.

Building an ``EmailMessage`` takes milliseconds, joining bytes takes microseconds. So a built
message is cut once at the marks that stand for each person's own words, and a message is those
pieces with the words between them: quoted-printable in the parts, escaped in the HTML.
"""

from __future__ import annotations

import binascii
import re
from base64 import b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from markupsafe import escape

Where = Literal["A", "T", "H"]
"""In a header that holds addresses, in the text, in the HTML."""

_MARK: Final = re.compile(r"[A-Za-z0-9]{8,40}")
_PLACES: Final[Mapping[bytes, Where]] = {b"A": "A", b"T": "T", b"H": "H"}
_SOFT_BREAK: Final = b"=\r\n"
# What an encoded word of at most 75 characters holds, and what fits behind "Subject: " (RFC 2047).
_WORD_OCTETS: Final = 39
_PLAIN_LINE: Final = 60


@dataclass(frozen=True)
class Skeleton:
    """A built message, cut at its marks: ``pieces`` are one more than ``holes``.

    Attributes:
        holes: where each stands, and its mark.
    """

    pieces: tuple[bytes, ...]
    holes: tuple[tuple[Where, str], ...]

    def filled(self, values: Mapping[str, str]) -> bytes:
        """The message for one recipient.

        Args:
            values: by mark.

        Raises:
            ValueError: a value for a header is not plain ASCII on one line.
        """
        ready = {hole: _ENCODERS[hole[0]](values[hole[1]]) for hole in set(self.holes)}
        parts = [self.pieces[0]]
        for hole, piece in zip(self.holes, self.pieces[1:], strict=True):
            parts += (ready[hole], piece)
        return b"".join(parts)


def marked(text: str, where: Where, marks: Iterable[str]) -> str:
    """A text whose marks say where they stand, before it is put into a message."""
    for mark in marks:
        if not _MARK.fullmatch(mark):
            raise ValueError("The mark of a slot is 8 to 40 letters and digits.")
        text = text.replace(mark, where + mark)
    return text


def cut(message: bytes, marks: Iterable[str]) -> Skeleton:
    """A built message, cut at the marks of :func:`marked`.

    In quoted-printable a soft line break may fall anywhere in a mark (RFC 2045 §6.7).
    """
    names = [
        rb"(?:=\r\n)?".join(re.escape(letter).encode("ascii") for letter in mark) for mark in marks
    ]
    if not names:
        return Skeleton((message,), ())
    found = re.compile(rb"([ATH])((?:=\r\n)?(?:" + b"|".join(names) + rb"))")
    pieces: list[bytes] = []
    holes: list[tuple[Where, str]] = []
    end = 0
    for match in found.finditer(message):
        pieces.append(message[end : match.start()])
        holes.append((_PLACES[match[1]], match[2].replace(_SOFT_BREAK, b"").decode("ascii")))
        end = match.end()
    return Skeleton((*pieces, message[end:]), tuple(holes))


def unstructured(text: str) -> str:
    """A header's text on lines that are short enough: as it is, or in encoded words (RFC 2047).

    What is encoded holds no line break, whatever the text has in it.
    """
    if text.isascii() and text.isprintable() and len(text) <= _PLAIN_LINE and "=?" not in text:
        return text
    chunks: list[bytes] = [b""]
    for char in text:
        octets = char.encode()
        if len(chunks[-1]) + len(octets) > _WORD_OCTETS:
            chunks.append(b"")
        chunks[-1] += octets
    return "\r\n ".join(f"=?utf-8?b?{b64encode(chunk).decode('ascii')}?=" for chunk in chunks)


def _in_header(value: str) -> bytes:
    if not value.isascii() or not value.isprintable():
        raise ValueError("What fills a slot in a header is not plain ASCII on one line.")
    return value.encode("ascii")


def _in_text(value: str) -> bytes:
    """Quoted-printable between soft line breaks, as the line that it stands in has any length."""
    quoted = binascii.b2a_qp(value.encode(), quotetabs=True, istext=False)
    return _SOFT_BREAK + quoted.replace(b"=\n", _SOFT_BREAK) + _SOFT_BREAK


def _in_html(value: str) -> bytes:
    return _in_text(str(escape(value)))


_ENCODERS: Final = {"A": _in_header, "T": _in_text, "H": _in_html}
