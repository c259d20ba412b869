"""Getting known slowly: how many bulk messages a new sending address may send, day by day.

Mailbox providers distrust an address that sends thousands on its first day. Each day of the plan
allows half as many again as the one before, a pace that the large providers advise (Google, "Email
sender guidelines": increase slowly). Confirmations, reminders and emergencies are never held back
by it; they count, because the providers see them too.
"""

from __future__ import annotations

from datetime import date
from typing import Final

FIRST_DAY: Final = 200
GROWTH: Final = 1.5
# By then it allows more than a quarter of a million a day, and is over.
DAYS: Final = 19


def allowed(begins: date, today: date) -> int | None:
    """How many messages on ``today``; ``None``: as many as one likes."""
    day = (today - begins).days
    if day >= DAYS:
        return None
    return 0 if day < 0 else int(FIRST_DAY * GROWTH**day)
