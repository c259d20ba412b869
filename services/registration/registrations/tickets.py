"""Ticket codes: short enough to read out, too many to guess."""

from __future__ import annotations

import io
import secrets
import unicodedata

import segno

# No letter or digit that is mistaken for another: no 0/O, 1/I.
ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
LENGTH = 8  # of 32 signs: 40 bits


def fresh_ticket_code() -> str:
    """A new code, unguessable, such as ``K7Q2MX4R``."""
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


def normal(typed: str) -> str:
    """A code as it is stored, from how people type or scan it (``k7q2 mx4r``)."""
    text = unicodedata.normalize("NFKC", typed).upper()
    return "".join(sign for sign in text if sign.isalnum())


def spaced(code: str) -> str:
    """A code in two groups, for reading: ``K7Q2 MX4R``."""
    return f"{code[:4]} {code[4:]}"


def picture(code: str) -> bytes:
    """The code as a QR picture (SVG), which a door's scanner reads."""
    buffer = io.BytesIO()
    segno.make(code, error="m", micro=False).save(
        buffer, kind="svg", scale=8, border=4, dark="#1c2321", light="#ffffff", xmldecl=False
    )
    return buffer.getvalue()
