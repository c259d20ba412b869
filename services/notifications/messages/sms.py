"""The length of text messages, as networks count it (3GPP TS 23.038 and 23.040 §9.2.3.24.1).

A message whose every sign is in the 7-bit alphabet takes 160 signs, or 153 in each of several
parts; any other is sent as UCS-2 and takes 70, or 67. The script of the editor
(``web/scripts/count.js``) counts alike; both are held to ``tests/notifications/sms_lengths.json``.
"""

from __future__ import annotations

from typing import Final

from services.chassis.settings import settings

# TS 23.038 §6.2.1; a sign of the extension table (§6.2.1.1) takes two places.
_BASIC: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED: Final = frozenset("\f^{}\\[~]|€")
_NARROW: Final = _BASIC | _EXTENDED
_ROOM_NARROW: Final = (160, 153)
_ROOM_WIDE: Final = (70, 67)
WANTED_PARTS: Final = 2


def signature() -> str:
    """What every message begins with: ``【领保中心】``."""
    return f"【{settings().sms_signature}】"


def length(text: str) -> tuple[int, int]:
    """The places that a text takes as it is, and in how many parts it travels.

    Two places of one sign (an escape and its sign, a surrogate pair) are never torn apart, so a
    part may stay one short.
    """
    if text == "":
        return 0, 0
    if _NARROW.issuperset(text):
        sizes = [2 if sign in _EXTENDED else 1 for sign in text]
        single, joined = _ROOM_NARROW
    else:
        sizes = [2 if sign > "\uffff" else 1 for sign in text]
        single, joined = _ROOM_WIDE
    places = sum(sizes)
    if places <= single:
        return places, 1
    count, room = 1, joined
    for size in sizes:
        if size > room:
            count, room = count + 1, joined
        room -= size
    return places, count


def parts(text: str) -> int:
    """How many parts a text takes, with the signature in front; a person pays for each."""
    return length(signature() + text)[1]


def first_fitting(*texts: str) -> str:
    """The first of several wordings, longest first, that fits :data:`WANTED_PARTS`; else the last.

    A text is never cut: half a sentence, or half a link, helps nobody.
    """
    return next((text for text in texts if parts(text) <= WANTED_PARTS), texts[-1])
