"""Telephone numbers as providers write them."""

from __future__ import annotations

import re
from typing import Final

# The mainland's mobile numbers; Hong Kong (+852), Macao (+853) and Taiwan (+886) count as abroad
# with every provider.
_MAINLAND: Final = re.compile(r"\+86(1\d{10})")
_LONGEST: Final = 15


def mainland(phone: str) -> str | None:
    """The eleven digits of a mainland mobile number in E.164; ``None`` for any other."""
    found = _MAINLAND.fullmatch(phone)
    return found.group(1) if found else None


def is_abroad(phone: str) -> bool:
    """Whether a number needs what providers call international sending: templates of its own."""
    return mainland(phone) is None


def aliyun(phone: str) -> str:
    """Mainland numbers without the country code, others with it and without the plus.

    https://help.aliyun.com/zh/sms/developer-reference/api-dysmsapi-2017-05-25-sendsms
    """
    return mainland(phone) or phone.removeprefix("+")


def e164(number: str, country_code: str = "") -> str:
    """E.164 from what providers send back: ``13…``, ``8613…``, ``0086 13…`` or ``+86 13…``.

    Args:
        country_code: digits that come in a field of their own, as Tencent sends them.

    Returns:
        An empty text when it is no number.
    """
    given = number.strip()
    digits = re.sub(r"[\s-]", "", given)
    international = digits.startswith("+") or digits.startswith("00")
    digits = digits.removeprefix("+").removeprefix("00")
    if not digits.isascii() or not digits.isdigit():
        return ""
    if country_code and not international:
        digits = country_code.lstrip("+0") + digits
    elif not international and len(digits) == 11 and digits.startswith("1"):
        digits = f"86{digits}"
    return f"+{digits}" if 7 <= len(digits) <= _LONGEST else ""
