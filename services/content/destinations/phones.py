"""Telephone numbers as people read them."""

from __future__ import annotations

import phonenumbers


def readable(number: str) -> str:
    """An E.164 number with its groups: ``+66 2 245 7010``."""
    parsed = phonenumbers.parse(number)
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
