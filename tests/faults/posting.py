"""Real workers, two beats, a queue and a mail server in the hands of a test, and what must hold.

The invariant (:func:`verdict`): every recipient is in exactly one final state or ``unknown``; the
mail server saw no second copy but of a message that was sent again because it was ``unknown``; what
counts as accepted came; and a broadcast's counts add up.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import threading
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from aiosmtpd.smtp import SMTP, Envelope, Session

from services.chassis import worker
from services.chassis.database import utc_now
from services.chassis.settings import settings
from services.chassis.stack import valkey
from services.chassis.stack.nursery import Forked, Nursery
from services.notifications.broadcasts import sending
from services.notifications.broadcasts.schemas import BroadcastOut
from services.notifications.database import database
from services.notifications.delivery import lanes
from services.notifications.delivery.models import Delivery
from tests.notifications.broadcasting import MESSAGE, approved, author, person
from tests.sink import SmtpSink
from tests.stack import PATIENCE, ROOT, eventually

WORKER = "worker notifications"
BULK = "worker notifications --lane bulk"
BEATS = ("beat", "beat ")  # two clocks, though there should be one

# Imported once; every process is forked from there.
_MODULES = (
    "services.cli",
    "services.notifications.worker",
    "celery.bin.worker",
    "celery.bin.beat",
    "celery.worker",
    "celery.concurrency.thread",
    "celery.apps.worker",
    "kombu.transport.redis",
)


class Post(SmtpSink):
    """A mail server that misbehaves as it is told.

    ``faults`` maps an address to what happens to its messages, one after the other; then all goes
    well. ``421``, ``450`` and ``550`` are answers to RCPT; ``drop`` closes after the message,
    ``drop-in-data`` before it, ``stall`` says nothing for a minute. While ``answers_after`` is not
    set, no message is answered.
    """

    def __init__(self) -> None:
        super().__init__()
        self.faults: dict[str, list[str]] = {}
        self.taking: Callable[[str], None] | None = None
        self.taken_by: Callable[[str], None] | None = None
        self.answers_after: threading.Event | None = None
        self._controller.factory = lambda: _Rude(self, hostname="post.test")

    def clear(self) -> None:
        super().clear()
        self.faults.clear()
        self.taking = self.taken_by = self.answers_after = None

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[Any]
    ) -> str:
        waiting = self.faults.get(address)
        if waiting and waiting[0] in ("421", "450", "550"):
            fault = waiting.pop(0)
            if fault == "421":
                asyncio.get_running_loop().call_later(0.01, server.transport.close)
                return "421 4.3.2 Shutting down"
            return "450 4.2.0 Busy" if fault == "450" else "550 5.1.1 No such user"
        return await super().handle_RCPT(server, session, envelope, address, options)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        [address] = envelope.rcpt_tos
        if self.taking:
            self.taking(address)
        while (gate := self.answers_after) is not None and not gate.is_set():
            await asyncio.sleep(0.02)
        waiting = self.faults.get(address)
        if waiting and waiting[0] in ("drop", "stall"):
            if waiting.pop(0) == "stall":
                await asyncio.sleep(60)
            server.transport.abort()
            return "250 never arrives"
        answer = await super().handle_DATA(server, session, envelope)
        if self.taken_by:
            # A moment later, when the answer is on its way.
            asyncio.get_running_loop().call_later(0.005, self.taken_by, address)
        return answer


class _Rude(SMTP):
    """Closes the connection between "354 go ahead" and the message, where it is told to."""

    async def smtp_DATA(self, arg: str) -> None:
        post: Post = self.event_handler
        for address in self.envelope.rcpt_tos:
            if post.faults.get(address, [""])[:1] == ["drop-in-data"]:
                post.faults[address].pop(0)
                await self.push("354 Go ahead")
                self.transport.abort()
                return
        await super().smtp_DATA(arg)


@dataclass
class Crew:
    """The processes of a test, and the servers that they use."""

    post: Post
    queue: valkey.EmbeddedValkey
    folder: Path
    nursery: Nursery
    env: dict[str, str]
    running: dict[str, Forked] = field(default_factory=dict)

    def start(self, name: str) -> None:
        """Start a part, or another one in the place of a killed one; its output goes to a file."""
        argv = ["python", "-m", "services", *name.split()]
        part = self.nursery.spawn(argv, self.env, ROOT, signal.SIGKILL)
        self.running[name] = part

        def keep() -> None:
            with (self.folder / f"{name}.log").open("ab") as log:
                while chunk := part.stdout.read1():
                    log.write(chunk)
                    log.flush()

        threading.Thread(target=keep, daemon=True).start()

    def kill(self, name: str) -> None:
        """End a part at once, as a power failure would."""
        self.running[name].send_signal(signal.SIGKILL)

    def stop_queue(self) -> None:
        self.queue.stop()

    def start_queue(self) -> None:
        self.queue = valkey.start(self.folder / "queue")

    def stop(self) -> None:
        for part in self.running.values():
            part.send_signal(signal.SIGKILL)
        for part in self.running.values():
            part.wait(PATIENCE)
        self.post.stop()
        self.queue.stop()


@contextmanager
def crew(folder: Path) -> Iterator[Crew]:
    """The first worker, the bulk worker and two beats, on a queue and mail server of their own."""
    post = Post()
    post.start()
    queue = valkey.start(folder / "queue")
    former = os.environ["LINGBAO_REDIS_URL"]
    _use_queue(queue.url)
    nursery = Nursery(_MODULES)
    nursery.warm()
    env = {**os.environ, "LINGBAO_SMTP_URL": post.url}
    found = Crew(post, queue, folder, nursery, env)
    try:
        for name in (WORKER, BULK, *BEATS):
            found.start(name)
        yield found
    finally:
        found.stop()
        _use_queue(former)


def _use_queue(url: str) -> None:
    """Have this process put its tasks where the crew looks for them."""
    os.environ["LINGBAO_REDIS_URL"] = url
    settings.cache_clear()
    worker.queue.cache_clear()


def readers(number: int, tag: str) -> list[str]:
    """So many people who get routine broadcasts."""
    addresses = [f"{tag}-{index}@example.com" for index in range(number)]
    for address in addresses:
        person(address)
    return addresses


def begin(**changes: Any) -> BroadcastOut:
    """A broadcast to them all, approved and being sent."""
    broadcast = approved(message=MESSAGE, **changes)
    return sending.send(author(), broadcast.id)


def rows(broadcast_id: uuid.UUID) -> list[Delivery]:
    """The deliveries of a broadcast."""
    with database.transaction() as session:
        query = sa.select(Delivery).where(Delivery.broadcast_id == broadcast_id)
        return list(session.scalars(query.order_by(Delivery.id)))


def end_leases() -> None:
    """As if minutes had passed since a worker died: nobody trusts it to be alive any more."""
    with database.transaction() as session:
        session.execute(
            sa.update(Delivery).where(Delivery.state == "sending").values(lease_until=utc_now())
        )


def settle(broadcast_id: uuid.UUID, within: float = PATIENCE) -> Counter[str]:
    """Sweep until nothing of a broadcast is on its way; what waits for another try goes at once.

    Returns:
        The number of rows by state.
    """

    def settled() -> Counter[str] | None:
        with database.transaction() as session:
            session.execute(
                sa.update(Delivery).where(Delivery.state == "pending").values(due_at=utc_now())
            )
        lanes.sweep(utc_now())
        sending.look_after(utc_now())
        states = Counter(row.state for row in rows(broadcast_id))
        return None if states.keys() & {"pending", "sending"} else states

    return eventually(settled, within, every=0.3)


def verdict(post: Post, deliveries: list[Delivery], total: int) -> list[str]:
    """What is wrong with the invariant, in sentences; empty when it holds."""
    wrong = []
    if len(deliveries) != total:
        wrong.append(f"{len(deliveries)} rows for {total} messages")
    for row in deliveries:
        copies = len(post.to(row.address))
        if row.state in ("pending", "sending"):
            wrong.append(f"{row.address} is still {row.state}")
        if copies > 1 + row.repeated:
            wrong.append(f"{row.address} got {copies} copies, {row.state}")
        if row.state == "accepted" and not copies:
            wrong.append(f"{row.address} counts as accepted and got nothing")
        if row.state in ("bounced", "failed", "suppressed", "expired", "cancelled") and copies:
            wrong.append(f"{row.address} is {row.state} and got it")
    strangers = {taken.recipients[0] for taken in post.taken} - {row.address for row in deliveries}
    wrong += [f"{address} got what nobody planned" for address in sorted(strangers)]
    return wrong


def seeded(seed: int) -> random.Random:
    """The chances of one round; a failing test names its seed."""
    return random.Random(seed)
