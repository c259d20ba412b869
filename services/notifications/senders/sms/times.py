"""Times as the mainland's providers write them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

# Their clock, in which they write times and count days.
BEIJING: Final = ZoneInfo("Asia/Shanghai")


def from_beijing(text: str) -> datetime:
    """``2026-11-23 08:00:00``, Beijing's time, in UTC.

    Raises:
        ValueError: it is not one.
    """
    return datetime.fromisoformat(text).replace(tzinfo=BEIJING).astimezone(UTC)
