"""Emptying a lane: claim a batch, write it, hand it over, record it, until nothing is due."""

from __future__ import annotations

import asyncio
import threading
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import parseaddr

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from services.chassis.database import utc_now
from services.chassis.i18n import speaking, words_of
from services.chassis.settings import settings
from services.notifications.contacts.models import Suppression, Unsubscribe
from services.notifications.contacts.service import address_hashes
from services.notifications.database import database
from services.notifications.delivery import lease
from services.notifications.delivery.models import Delivery
from services.notifications.delivery.service import wake
from services.notifications.messages.composers import COMPOSERS
from services.notifications.messages.content import Content, MailContent
from services.notifications.messages.mime import message_bytes
from services.notifications.senders.background import background
from services.notifications.senders.configured import Senders, senders
from services.notifications.senders.outcome import Outcome, Verdict

log = structlog.get_logger(__name__)

AfterBatch = Callable[[datetime], None]
# Loops of one lane in one process: a second one goes on while a slow server holds up the first.
LOOPS = 2

stopping = threading.Event()


@dataclass(frozen=True)
class Written:
    """A delivery whose message is ready to go."""

    delivery: Delivery
    message: bytes | str


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
    taken = 0
    while not stopping.is_set():
        batch = lease.claim(lane, utc_now())
        if not batch:
            break
        taken += len(batch)
        server_answers = deliver(batch)
        if after_batch is not None:
            after_batch(utc_now())
        # What is planned from now on brings a kick of its own, so a short batch was the last.
        if not server_answers or len(batch) < lease.BATCH:
            break
    return taken


def deliver(batch: Sequence[Delivery]) -> bool:
    """Write, send and record one claimed batch. No transaction is open while it is sent.

    Returns:
        Whether it makes sense to go on: not when no server could be reached at all.
    """
    written, closed = _write(batch)
    allowed = lease.hand_over([item.delivery for item in written], utc_now())
    late = [item.delivery for item in written if item.delivery.id not in allowed]
    closed += [lease.closed(delivery, "expired", "Too late to be of use.") for delivery in late]
    going = [item for item in written if item.delivery.id in allowed]
    outcomes = background().run(_send_all(senders(), going)) if going else []
    now = utc_now()
    judged = [
        lease.judged(item.delivery, outcome, now)
        for item, outcome in zip(going, outcomes, strict=True)
    ]
    lease.record([*closed, *judged])
    log.info("delivery.batch", **Counter(outcome.verdict.value for outcome in outcomes))
    return not outcomes or any(outcome.verdict != Verdict.UNREACHABLE for outcome in outcomes)


def _write(batch: Sequence[Delivery]) -> tuple[list[Written], list[lease.Done]]:
    """Turn deliveries into messages; some turn out not to be wanted any more."""
    written: list[Written] = []
    closed: list[lease.Done] = []
    with database.transaction() as session:
        blocked = _blocked(session, batch)
        for delivery in batch:
            if delivery.id in blocked:
                closed.append(lease.closed(delivery, "suppressed", "The address is blocked."))
                continue
            try:
                with speaking(delivery.language), words_of(database.service):
                    content = COMPOSERS[delivery.kind](session, delivery)
                message = None if content is None else _ready(content, delivery)
            except Exception as error:
                # One message that cannot be written must not hold up the batch it is in.
                log.exception("delivery.not_written", delivery=str(delivery.id))
                reason = f"The message could not be written ({type(error).__name__})."
                closed.append(
                    lease.Done(delivery, {"state": "failed", "last_reply": reason}, "refused")
                )
                continue
            if message is None:
                closed.append(lease.closed(delivery, "cancelled", "No longer wanted."))
            else:
                written.append(Written(delivery, message))
    return written, closed


def _ready(content: Content, delivery: Delivery) -> bytes | str:
    if isinstance(content, MailContent):
        return message_bytes(content, delivery.id, delivery.address)
    return content.text


def _blocked(session: Session, batch: Sequence[Delivery]) -> set[uuid.UUID]:
    """Which of a batch must not go: the address died, or broadcasts were unsubscribed, meanwhile.

    Looked up under every key: this also holds between a change of keys and ``lingbao rekey``.
    """
    hashes = {delivery.id: address_hashes(delivery.address) for delivery in batch}
    every = set().union(*hashes.values())
    dead = _pairs(session, Suppression, every)
    any_broadcast = any(delivery.kind == "broadcast" for delivery in batch)
    unsubscribed = _pairs(session, Unsubscribe, every) if any_broadcast else set()

    def blocked(delivery: Delivery) -> bool:
        own = {(delivery.channel, hashed) for hashed in hashes[delivery.id]}
        return bool(own & dead) or (delivery.kind == "broadcast" and bool(own & unsubscribed))

    return {delivery.id for delivery in batch if blocked(delivery)}


def _pairs(
    session: Session, table: type[Suppression | Unsubscribe], hashes: set[str]
) -> set[tuple[str, str]]:
    rows = session.execute(
        sa.select(table.channel, table.address_hash).where(table.address_hash.in_(hashes))
    )
    return {(row.channel, row.address_hash) for row in rows}


async def _send_all(ways: Senders, going: Sequence[Written]) -> list[Outcome]:
    return list(await asyncio.gather(*(_send(ways, item) for item in going)))


async def _send(ways: Senders, item: Written) -> Outcome:
    delivery = item.delivery
    if isinstance(item.message, bytes):
        sender = parseaddr(settings().mail_from)[1]
        return await ways.email.send(sender, delivery.address, item.message)
    return await ways.sms.send(delivery.address, item.message, delivery.id)


def sweep(now: datetime) -> None:
    """What keeps deliveries moving whatever the queue loses: leases, lateness, waking workers."""
    again, unknown = lease.recover(now)
    late = lease.expire(now)
    if again or unknown or late:
        log.warning("delivery.swept", due_again=again, unknown=unknown, expired=late)
    for lane in lease.waiting_lanes(now):
        wake(lane)
