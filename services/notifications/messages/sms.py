"""The length of text messages. The signature 【…】 makes each of them UCS-2 (3GPP TS 23.038)."""

from __future__ import annotations

import math

from services.chassis.settings import settings

SINGLE = 70
JOINED = 67
WANTED_PARTS = 2


def parts(text: str) -> int:
    """How many parts a text takes, with the signature in front; a person pays for each."""
    length = len(f"【{settings().sms_signature}】{text}".encode("utf-16-be")) // 2
    return 1 if length <= SINGLE else math.ceil(length / JOINED)


def first_fitting(*texts: str) -> str:
    """The first of several wordings, longest first, that fits :data:`WANTED_PARTS`; else the last.

    A text is never cut: half a sentence, or half a link, helps nobody.
    """
    return next((text for text in texts if parts(text) <= WANTED_PARTS), texts[-1])
