"""Making the calls that are due: claimed by lease, made with no transaction open, written down."""

from __future__ import annotations

import asyncio
import threading
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import httpx2
import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from services.chassis.database import utc_now
from services.chassis.outgoing import NOT_IN_TIME, NotAllowed, guarded_client
from services.notifications.database import database
from services.notifications.senders.background import background
from services.notifications.senders.outcome import without_addresses
from services.notifications.webhooks.models import WebhookCall, WebhookEndpoint
from services.notifications.webhooks.signing import signed_headers

log = structlog.get_logger(__name__)

# As Standard Webhooks recommends: soon, and then for a little more than three days.
WAITS: Final = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
LONGEST_WAIT: Final = timedelta(hours=24)
# So long without one success, and an endpoint is switched off.
FAILING_FOR: Final = timedelta(days=3)
TIMEOUT_SECONDS: Final = 15.0
LEASE: Final = timedelta(minutes=2)
# Of one endpoint at a time: a slow one has its share and no more.
AT_ONCE: Final = 5
KEPT: Final = timedelta(days=30)
_ANSWER_READ: Final = 1024
_TRIES_KEPT: Final = 30

_one_at_a_time = threading.Lock()


@dataclass(frozen=True)
class Claimed:
    """A call in this worker's hands, with what it needs of its endpoint."""

    id: uuid.UUID
    endpoint_id: uuid.UUID
    event_id: uuid.UUID
    attempts: int
    url: str
    keys: tuple[str, ...]
    body: bytes


@dataclass(frozen=True)
class Answer:
    """How one attempt ended; ``status`` is ``None`` when there was no answer.

    ``wait``: what the other side asked for (``Retry-After``).
    """

    status: int | None
    said: str
    seconds: float
    wait: timedelta | None = None

    @property
    def is_taken(self) -> bool:
        """Whether the other side has it. A redirect is no answer: we follow none."""
        return self.status is not None and 200 <= self.status < 300


def make_calls() -> int:
    """Make every call that is due; one thread of a process does it at a time.

    Returns:
        How many attempts were made.
    """
    if not _one_at_a_time.acquire(blocking=False):
        return 0
    try:
        made = 0
        while batch := claim(utc_now()):
            for call, answer in zip(batch, background().run(_call_all(batch)), strict=True):
                record(call, answer, utc_now())
            made += len(batch)
        return made
    finally:
        _one_at_a_time.release()


def claim(now: datetime) -> list[Claimed]:
    """Take a few due calls of every active endpoint; any number of workers may claim at once."""
    claimed: list[Claimed] = []
    with database.transaction() as session:
        _take_back(session, now)
        for endpoint in session.scalars(
            sa.select(WebhookEndpoint).where(WebhookEndpoint.is_active).order_by(sa.func.random())
        ).all():
            chosen = (
                sa.select(WebhookCall.id)
                .where(
                    WebhookCall.endpoint_id == endpoint.id,
                    WebhookCall.state == "waiting",
                    WebhookCall.due_at <= now,
                )
                .order_by(WebhookCall.due_at)
                .limit(AT_ONCE)
                .with_for_update(skip_locked=True)
                .cte("chosen")
                .prefix_with("MATERIALIZED")
            )
            taken = session.scalars(
                sa.update(WebhookCall)
                .where(WebhookCall.id == chosen.c.id)
                .values(state="calling", lease_until=now + LEASE, attempts=WebhookCall.attempts + 1)
                .returning(WebhookCall)
                .execution_options(synchronize_session=False)
            )
            claimed += [_claimed(call, endpoint, now) for call in taken]
    return claimed


def record(call: Claimed, answer: Answer, now: datetime) -> None:
    """Write down how an attempt ended; a call whose lease was lost is left as it is."""
    with database.transaction() as session:
        endpoint = session.get(WebhookEndpoint, call.endpoint_id, with_for_update=True)
        row = session.get(WebhookCall, call.id, with_for_update=True)
        if endpoint is None or row is None:
            return  # staff deleted it meanwhile
        if row.state != "calling" or row.attempts != call.attempts:
            return
        row.lease_until = None
        row.tries = [*row.tries, _try(answer, now)][-_TRIES_KEPT:]
        if answer.is_taken:
            row.state, row.ended_at = "done", now
            endpoint.failing_since = None
            return
        _failed(row, endpoint, answer, now)


def forget_old(now: datetime) -> None:
    """Delete calls that are old: they have ended, or wait at a system that is switched off."""
    with database.transaction() as session:
        session.execute(
            sa.delete(WebhookCall).where(
                WebhookCall.state != "calling", WebhookCall.planned_at < now - KEPT
            )
        )


def _failed(row: WebhookCall, endpoint: WebhookEndpoint, answer: Answer, now: datetime) -> None:
    endpoint.failing_since = endpoint.failing_since or now
    if row.attempts > len(WAITS):
        row.state, row.ended_at = "given-up", now
    else:
        wait = max(WAITS[row.attempts - 1], answer.wait or timedelta(0))
        row.state, row.due_at = "waiting", now + min(wait, LONGEST_WAIT)
    # 410 Gone is how a receiver says that it wants no more (Standard Webhooks).
    if answer.status == 410 or now - endpoint.failing_since >= FAILING_FOR:
        endpoint.is_active = False
        endpoint.disabled_at = now
        log.warning("webhooks.switched_off", endpoint=str(endpoint.id), status=answer.status)


def _take_back(session: Session, now: datetime) -> None:
    """What a dead worker held is due again: a receiver knows a repeat by its id."""
    session.execute(
        sa.update(WebhookCall)
        .where(WebhookCall.state == "calling", WebhookCall.lease_until <= now)
        .values(state="waiting", lease_until=None)
        .execution_options(synchronize_session=False)
    )


def _claimed(call: WebhookCall, endpoint: WebhookEndpoint, now: datetime) -> Claimed:
    keys = [endpoint.secret]
    if endpoint.old_secret and endpoint.old_secret_until and endpoint.old_secret_until > now:
        keys.append(endpoint.old_secret)
    return Claimed(
        id=call.id,
        endpoint_id=endpoint.id,
        event_id=call.event_id,
        attempts=call.attempts,
        url=endpoint.url,
        keys=tuple(keys),
        body=call.body.encode(),
    )


async def _call_all(batch: Sequence[Claimed]) -> list[Answer]:
    async with guarded_client(timeout=TIMEOUT_SECONDS) as client:
        return list(await asyncio.gather(*(_call(client, call) for call in batch)))


async def _call(client: httpx2.AsyncClient, call: Claimed) -> Answer:
    """One attempt. Never raises what the other side may cause."""
    began = time.monotonic()
    headers = signed_headers(call.keys, str(call.event_id), utc_now(), call.body)
    headers |= {"content-type": "application/cloudevents+json", "user-agent": "lingbao-webhooks"}
    try:
        # Over the whole, because an answer could trickle in for ever.
        async with (
            asyncio.timeout(TIMEOUT_SECONDS),
            client.stream("POST", call.url, content=call.body, headers=headers) as response,
        ):
            status, said = response.status_code, await _beginning(response)
            wait = _asked_to_wait(response.headers.get("retry-after", ""))
    except (TimeoutError, httpx2.TimeoutException):
        status, said, wait = None, NOT_IN_TIME, None
    except (httpx2.HTTPError, httpx2.InvalidURL, NotAllowed, ValueError) as error:
        status, said, wait = None, str(error) or type(error).__name__, None
    return Answer(status, without_addresses(said), time.monotonic() - began, wait)


async def _beginning(response: httpx2.Response) -> str:
    """The first words of an answer, as they came: nothing is unpacked, which could swell."""
    read = b""
    async for piece in response.aiter_raw():
        read += piece
        if len(read) >= _ANSWER_READ:
            break
    return read[:_ANSWER_READ].decode("utf-8", "replace").replace("\x00", "")


def _asked_to_wait(value: str) -> timedelta | None:
    # The form with a date is rare and left to our own waiting times.
    return (
        timedelta(seconds=int(value))
        if value.isascii() and value.isdecimal() and len(value) < 7
        else None
    )


def _try(answer: Answer, now: datetime) -> dict[str, Any]:
    return {
        "at": now.isoformat(),
        "status": answer.status,
        "said": answer.said,
        "ms": round(answer.seconds * 1000),
    }
