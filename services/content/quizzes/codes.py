"""The codes of quizzes: short enough to type from a screen in a room."""

from __future__ import annotations

import io
import secrets
import unicodedata
from typing import Final

import segno

# Nothing that is mistaken for another when it is read out or seen from the last row: no 0/O/Q,
# 1/I/L, 2/Z, 5/S, 8/B, U/V.
ALPHABET: Final = "34679ACDEFGHJKMNPRTWXY"
# Of 22 signs: 113 million. With a hundred quizzes open, whoever tries codes at random from one
# address at the public rate of 60 a minute meets one after two weeks; and what is met is a quiz.
LENGTH: Final = 6


def fresh_code() -> str:
    """A new code, such as ``K7XM4R``."""
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


def normal(typed: str) -> str:
    """A code as it is stored, from how people type or scan it (``k7x m4r``)."""
    text = unicodedata.normalize("NFKC", typed[:40]).upper()
    return "".join(sign for sign in text if sign.isalnum())[: 2 * LENGTH]


def spaced(code: str) -> str:
    """A code in two groups, for reading: ``K7X M4R``."""
    return f"{code[:3]} {code[3:]}"


def picture(url: str) -> bytes:
    """The address as a QR picture (SVG), for a screen or a poster."""
    buffer = io.BytesIO()
    segno.make(url, error="m", micro=False).save(
        buffer, kind="svg", scale=8, border=4, dark="#1c2321", light="#ffffff", xmldecl=False
    )
    return buffer.getvalue()
