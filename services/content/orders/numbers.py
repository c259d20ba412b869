"""The numbers of orders: on the label, and shown at a desk."""

from __future__ import annotations

import secrets
import unicodedata
from typing import Final

import segno

from services.chassis.settings import settings

# Nothing that is mistaken for another sign when it is read out or typed from a label.
_ALPHABET: Final = "34679ACDEFGHJKMNPRTWXY"
# Of 22 signs: 54,000 million. At a desk it stands for the person, so it must not be guessed.
_LENGTH: Final = 8


def fresh_number() -> str:
    """A new number, such as ``K7XM4RWD``."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))


def normal(typed: str) -> str:
    """A number as it is stored, from how people type or read it out (``k7xm 4rwd``)."""
    text = unicodedata.normalize("NFKC", typed[:40]).upper()
    return "".join(sign for sign in text if sign.isalnum())[:_LENGTH]


def spaced(number: str) -> str:
    """A number in two groups, for reading: ``K7XM 4RWD``."""
    return f"{number[:4]} {number[4:]}"


def sign(number: str) -> str:
    """A QR picture (SVG, for inside a page) that leads staff to the order's page."""
    address = f"{settings().public_url}/staff/orders/number/{number}"
    return str(segno.make(address, error="m", micro=False).svg_inline(omitsize=True, border=0))
