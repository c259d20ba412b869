"""A broadcast as it goes: looked at every second, told as server-sent events while it changes.

One stream belongs to one open page. It ends after some minutes, and the browser asks again by
itself: so that a permission that was taken away holds, and a worker that stops waits for nobody.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from services.chassis.auth import Principal
from services.chassis.serve import stopping
from services.notifications.answers.reading import AnswersCount, counted
from services.notifications.broadcasts.models import Status
from services.notifications.broadcasts.reading import shown, stored
from services.notifications.broadcasts.schemas import BroadcastOut
from services.notifications.database import database

EVERY: Final = 1.0
LONGEST: Final = 240.0
# A look must not cost more than this part of the time between two.
_SHARE: Final = 0.1
_WINDOW: Final = 30.0
_ENDED: Final = (Status.SENT, Status.CANCELLED)


class Pace(BaseModel):
    """How fast it goes: messages per second lately, and the seconds left at that rate."""

    per_second: float | None = None
    seconds_left: int | None = None

    @property
    def minutes_left(self) -> int | None:
        """The same in minutes, rounded up."""
        return None if self.seconds_left is None else -(-self.seconds_left // 60)


class ProgressOut(BaseModel):
    """How a broadcast stands at a moment. ``answers`` only where it asks."""

    broadcast: BroadcastOut
    pace: Pace
    answers: AnswersCount | None


@dataclass(frozen=True)
class _Look:
    broadcast: BroadcastOut
    answers: AnswersCount | None


def average(broadcast: BroadcastOut, now: datetime) -> Pace:
    """The pace since it began, for a page that has looked only once."""
    if broadcast.status != Status.SENDING or broadcast.started_at is None:
        return Pace()
    seconds = (now - broadcast.started_at).total_seconds()
    return _pace(broadcast, broadcast.counts.done, seconds)


def _pace(broadcast: BroadcastOut, done: int, seconds: float) -> Pace:
    if seconds <= 0 or done <= 0 or broadcast.status != Status.SENDING:
        return Pace()
    rate = done / seconds
    left = broadcast.counts.total - broadcast.counts.done
    return Pace(per_second=round(rate, 1), seconds_left=round(left / rate))


def is_over(broadcast: BroadcastOut) -> bool:
    """Whether nothing about it will change any more; one that asks may always be answered."""
    counts = broadcast.counts
    ended = broadcast.status in _ENDED and not (counts.sending or counts.pending)
    return ended and not broadcast.asks


async def watch(principal: Principal, broadcast_id: uuid.UUID) -> AsyncIterator[ProgressOut]:
    """How it stands now, and again whenever that has changed, until it has ended.

    One that asks is watched on, for its answers.

    Raises:
        NotFound, Problem: there is none, or it is another district's.
    """
    began = time.monotonic()
    seen: deque[tuple[float, int]] = deque()
    last: _Look | None = None
    while True:
        before = time.monotonic()
        look = await run_in_threadpool(_look, principal, broadcast_id)
        after = time.monotonic()
        seen.append((after, look.broadcast.counts.done))
        while len(seen) > 1 and after - seen[0][0] > _WINDOW:
            seen.popleft()
        if look != last:
            pace = _pace(
                look.broadcast, look.broadcast.counts.done - seen[0][1], after - seen[0][0]
            )
            yield ProgressOut(broadcast=look.broadcast, pace=pace, answers=look.answers)
            last = look
        if is_over(look.broadcast) or after - began > LONGEST or stopping.is_set():
            return
        await asyncio.sleep(max(EVERY, (after - before) / _SHARE))


def _look(principal: Principal, broadcast_id: uuid.UUID) -> _Look:
    with database.transaction() as session:
        broadcast = stored(session, broadcast_id, principal)
        answers = counted(session, broadcast_id) if broadcast.asks else None
        return _Look(shown(session, broadcast), answers)
