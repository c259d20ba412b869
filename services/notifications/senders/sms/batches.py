"""Messages that are sent at the same moment, handed to a provider in one call."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

from services.notifications.senders.outcome import Outcome

# What comes within this time goes together: nobody notices it, and a lane's batch comes at once.
GATHER_SECONDS: Final = 0.02

K = TypeVar("K", bound=Hashable)
M = TypeVar("M")


@dataclass
class _Waiting(Generic[M]):
    messages: list[M] = field(default_factory=list)
    numbers: set[str] = field(default_factory=set)
    answers: list[asyncio.Future[Outcome]] = field(default_factory=list)


class Batches(Generic[K, M]):
    """Gathers messages that one call can carry. Belongs to one event loop.

    A number stands in a batch once: what a provider says about a batch is told apart by number.

    Args:
        send: hands over a batch of one key; one outcome for each message, in their order.
        most: how many one call may carry.
    """

    def __init__(
        self, send: Callable[[K, Sequence[M]], Awaitable[Sequence[Outcome]]], most: int
    ) -> None:
        self._send = send
        self._most = most
        self._waiting: dict[K, _Waiting[M]] = {}
        self._running: set[asyncio.Task[None]] = set()

    async def add(self, key: K, number: str, message: M) -> Outcome:
        """Send a message with others of its key.

        Args:
            key: what all of one call have in common.
            number: where to.
        """
        if key in self._waiting and number in self._waiting[key].numbers:
            self._go(key)
        loop = asyncio.get_running_loop()
        if key not in self._waiting:
            batch = self._waiting[key] = _Waiting()
            loop.call_later(GATHER_SECONDS, self._go_if_same, key, batch)
        batch = self._waiting[key]
        answer: asyncio.Future[Outcome] = loop.create_future()
        batch.messages.append(message)
        batch.numbers.add(number)
        batch.answers.append(answer)
        if len(batch.messages) >= self._most:
            self._go(key)
        return await answer

    def _go_if_same(self, key: K, batch: _Waiting[M]) -> None:
        if self._waiting.get(key) is batch:
            self._go(key)

    def _go(self, key: K) -> None:
        batch = self._waiting.pop(key)
        task = asyncio.ensure_future(self._hand_over(key, batch))
        # The loop itself holds a task weakly.
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _hand_over(self, key: K, batch: _Waiting[M]) -> None:
        try:
            outcomes = await self._send(key, batch.messages)
        except Exception as error:  # noqa: BLE001 - whoever waits for an answer is told
            for answer in batch.answers:
                if not answer.done():
                    answer.set_exception(error)
            return
        for answer, outcome in zip(batch.answers, outcomes, strict=True):
            if not answer.done():
                answer.set_result(outcome)
