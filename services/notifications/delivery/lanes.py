"""Emptying a lane: claim a batch, write it, hand it over, record it, until nothing is due."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import structlog

from services.chassis.database import utc_now
from services.notifications.delivery import lease
from services.notifications.delivery.closing import expire
from services.notifications.delivery.models import Delivery
from services.notifications.delivery.service import wake
from services.notifications.delivery.writing import Written, write
from services.notifications.returns.return_path import return_path
from services.notifications.senders import standing
from services.notifications.senders.background import background
from services.notifications.senders.configured import Senders, senders
from services.notifications.senders.email import Orders
from services.notifications.senders.outcome import Outcome, Verdict
from services.notifications.senders.sms.failover import Providers

log = structlog.get_logger(__name__)

AfterBatch = Callable[[datetime], None]
# Loops of one lane in one process: a second one goes on while a slow server holds up the first.
LOOPS = 2
# A lane begins with small batches, so that an emergency's first message goes at once. While they
# are quick they grow, which costs fewer statements; what is slow is claimed a little at a time, so
# that a pause or a cancellation is felt within seconds.
LARGEST_BATCH: Final = 320
QUICK_SECONDS: Final = 1.0
SLOW_SECONDS: Final = 3.0

stopping = threading.Event()


class _Turnstile:
    """Lets :data:`LOOPS` loops of a lane in; who is turned away has another round made for it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside: dict[str, int] = {}
        self._again: set[str] = set()

    def enter(self, lane: str) -> bool:
        with self._lock:
            if self._inside.get(lane, 0) >= LOOPS:
                self._again.add(lane)
                return False
            self._inside[lane] = self._inside.get(lane, 0) + 1
            return True

    def leave(self, lane: str) -> bool:
        """Whether somebody was turned away meanwhile."""
        with self._lock:
            self._inside[lane] -= 1
            again = lane in self._again
            self._again.discard(lane)
            return again


_turnstile = _Turnstile()


def run_lane(lane: str, after_batch: AfterBatch | None = None) -> int:
    """Send everything that is due in a lane.

    Args:
        lane: ``urgent``, ``transactional`` or ``bulk``.
        after_batch: called with the time after each batch, for whoever counts.

    Returns:
        How many deliveries were taken up. It ends early when the process is to end, and when the
        server is away: the sweeper starts it again.
    """
    taken = 0
    while _turnstile.enter(lane):
        try:
            taken += _empty(lane, after_batch)
        finally:
            again = _turnstile.leave(lane)
        if not again or stopping.is_set():
            break
    return taken


def _empty(lane: str, after_batch: AfterBatch | None) -> int:
    """One loop: while a batch is with the servers, the next one is claimed and written."""
    taken, size, answers = 0, lease.BATCH, True
    ahead: _Going | None = None
    try:
        while answers and not stopping.is_set():
            braked = standing.braked(lane)
            size = lease.BATCH if braked else size
            began = time.monotonic()
            batch = lease.claim(lane, utc_now(), size)
            going = _begin(batch, began) if batch else None
            if going is not None and not taken and len(batch) == size:
                # There is more: another loop may help, in this process or on another processor.
                wake(lane)
            taken += len(batch)
            # Whatever happens to the finished one, the one that goes is finished too.
            finished, ahead = ahead, going
            if finished is not None:
                answers, seconds = _finish(finished, after_batch)
                size = _next_size(size, seconds)
            # What is planned from now on brings a kick of its own, so a short batch was the last.
            if len(batch) < lease.BATCH:
                break
            if braked:
                stopping.wait(standing.BRAKED_SECONDS)
    finally:
        if ahead is not None:
            _finish(ahead, after_batch)
    return taken


def _next_size(size: int, seconds: float) -> int:
    """How many to claim next, after the servers took so long for a batch."""
    if seconds < QUICK_SECONDS:
        return min(size * 2, LARGEST_BATCH)
    return max(size // 2, lease.BATCH) if seconds > SLOW_SECONDS else size


@dataclass(frozen=True)
class _Answers:
    """What the servers said to a batch, and how many seconds that took."""

    outcomes: list[Outcome]
    seconds: float


@dataclass(frozen=True)
class _Going:
    """A batch that is being handed over.

    Attributes:
        began: when it was claimed (``time.monotonic()``).
        closed: what turned out not to go.
        items: what goes.
        answers: theirs, in the same order, to come; ``None``: nothing goes.
    """

    began: float
    closed: list[lease.Done]
    items: list[Written]
    answers: Future[_Answers] | None


def deliver(batch: Sequence[Delivery]) -> bool:
    """Write, send and record one claimed batch. No transaction is open while it is sent.

    Returns:
        Whether it makes sense to go on: not when no server could be reached at all.
    """
    return _finish(_begin(batch, time.monotonic()), None)[0]


def _begin(batch: Sequence[Delivery], began: float) -> _Going:
    """Write a batch, note that it is handed over, and have it go.

    One whose lease was lost meanwhile is left as it is: the sweeper's, or another worker's.
    """
    written, closed = write(batch)
    ways, orders, now = senders(), standing.orders(), utc_now()
    allowed = lease.hand_over([item.delivery for item in written], now)
    items = [item for item in written if item.delivery.id in allowed]
    closed += [
        lease.closed(item.delivery, "expired", "Too late to be of use.")
        for item in written
        if item.delivery.id not in allowed and lease.is_late(item.delivery, now)
    ]
    if not items:
        return _Going(began, closed, items, None)
    deadline = began + lease.BEGUN_WITHIN.total_seconds()
    return _Going(
        began, closed, items, background().start(_send_all(ways, items, orders, deadline))
    )


def _finish(going: _Going, after_batch: AfterBatch | None) -> tuple[bool, float]:
    """Wait for a batch's answers and write them down.

    Returns:
        Whether it makes sense to go on, and how many seconds the servers took.
    """
    answers = _Answers([], 0.0) if going.answers is None else going.answers.result()
    outcomes = answers.outcomes
    now = utc_now()
    judged = [
        lease.judged(item.delivery, outcome, now)
        for item, outcome in zip(going.items, outcomes, strict=True)
    ]
    lease.record([*going.closed, *judged])
    standing.note_resting(senders().email.resting(), now)
    log.info("delivery.batch", **Counter(outcome.verdict.value for outcome in outcomes))
    if after_batch is not None:
        after_batch(utc_now())
    away = (Verdict.UNREACHABLE, Verdict.HELD)
    answering = not outcomes or any(outcome.verdict not in away for outcome in outcomes)
    return answering, answers.seconds


async def _send_all(
    ways: Senders, going: Sequence[Written], orders: Orders, deadline: float
) -> _Answers:
    began = time.monotonic()
    ways.email.obey(orders)
    if isinstance(ways.sms, Providers):
        ways.sms.obey(orders.resting)
    outcomes = await asyncio.gather(*(_answered(ways, item, deadline) for item in going))
    return _Answers(list(outcomes), time.monotonic() - began)


async def _answered(ways: Senders, item: Written, deadline: float) -> Outcome:
    """One message's outcome; what breaks over it must not cost the batch its answers."""
    try:
        return await _send(ways, item, deadline)
    except Exception as error:
        log.exception("delivery.sending_broke", delivery=str(item.delivery.id))
        return Outcome(Verdict.UNKNOWN, f"The sending broke off ({type(error).__name__}).")


async def _send(ways: Senders, item: Written, deadline: float) -> Outcome:
    delivery = item.delivery
    if isinstance(item.message, bytes):
        return await ways.email.send(
            return_path(delivery.id),
            delivery.address,
            item.message,
            deadline=deadline,
            bulk=delivery.lane == "bulk",
        )
    # Who was not answered before may have it already: a provider that keeps records is asked first.
    again = any(entry["state"] == "unknown" for entry in delivery.history)
    return await ways.sms.send(
        delivery.address, item.message, delivery.id, again=again, deadline=deadline
    )


def sweep(now: datetime) -> None:
    """What keeps deliveries moving whatever the queue loses: leases, lateness, waking workers."""
    again, unknown = lease.recover(now)
    late = expire(now)
    if again or unknown or late:
        log.warning("delivery.swept", due_again=again, unknown=unknown, expired=late)
    for lane in lease.waiting_lanes(now):
        wake(lane)
