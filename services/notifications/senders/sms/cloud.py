"""What the cloud providers have in common: approved templates alone, and libraries that block."""

from __future__ import annotations

import asyncio
import time
import uuid
from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Generic, TypeVar
from urllib.parse import SplitResult, urlsplit

import requests
import urllib3.exceptions

from services.chassis.database import utc_now
from services.notifications.senders.outcome import Outcome, Verdict, without_addresses
from services.notifications.senders.sms.batches import Batches
from services.notifications.senders.sms.numbers import is_abroad
from services.notifications.senders.sms.sender import TOO_LATE, NotBegun, NotHere, Receipt
from services.notifications.sms_registry.fitting import Fit, fitting, unfit

T = TypeVar("T")
K = TypeVar("K", bound=Hashable)

CONNECT_SECONDS: Final = 5
ANSWER_SECONDS: Final = 15
# Calls at the same time, each with a thread of its own.
CALLS_AT_ONCE: Final = 8
# After a call without an answer: how long the records are given to show the message.
ASK_AFTER_SECONDS: Final = (1.0, 3.0)


class Threads:
    """Runs a provider's blocking calls beside the loop on which everything else is sent."""

    def __init__(self, name: str) -> None:
        self._pool = ThreadPoolExecutor(CALLS_AT_ONCE, thread_name_prefix=name)

    async def run(self, call: Callable[[], T], deadline: float | None = None) -> T:
        """Run ``call`` in a thread and wait for it; raises what it raises.

        Args:
            deadline: the moment (``time.monotonic()``) from which on it is not begun any more.

        Raises:
            NotBegun: every thread was busy until then.
        """

        def begun() -> T:
            if deadline is not None and time.monotonic() >= deadline:
                raise NotBegun
            return call()

        return await asyncio.get_running_loop().run_in_executor(self._pool, begun)

    def close(self) -> None:
        """Take on nothing more."""
        self._pool.shutdown(wait=False, cancel_futures=True)


@dataclass(frozen=True)
class Message:
    """One message of a call: to whom, with which values for its template, by our own id."""

    to: str
    params: dict[str, str]
    reference: uuid.UUID
    deadline: float | None


class CloudSms(ABC, Generic[K]):
    """Sends texts as approved templates; what one call can carry goes in one call.

    A provider adds how it is called (:meth:`_call`, :meth:`ask`) and what the messages of one call
    have in common (:meth:`_key`).

    Args:
        name: of the provider in the settings and in the registry of templates.
        most: how many messages one call takes.
        signature: our name, approved there.
        ask_after: pauses in seconds before each question for a message that was not answered.
    """

    def __init__(self, name: str, most: int, signature: str, ask_after: Sequence[float]) -> None:
        self._name = name
        self._signature = signature
        self._ask_after = tuple(ask_after)
        self._threads = Threads(name)
        self._batches: Batches[K, Message] = Batches(self._hand_over, most)

    async def send(
        self,
        to: str,
        text: str,
        reference: uuid.UUID,
        *,
        again: bool = False,
        deadline: float | None = None,
    ) -> Outcome:
        """Send the approved template that ``text`` fits."""
        abroad = is_abroad(to)
        fit = await asyncio.to_thread(fitting, text, self._name, abroad=abroad)
        if fit is None:
            return NotHere(Verdict.REFUSED, unfit(self._name))
        if again and (known := await self.ask(to, reference, utc_now())) is not None:
            return _taken(known)
        message = Message(to, fit.params, reference, deadline)
        return await self._batches.add(self._key(fit, abroad=abroad), to, message)

    async def close(self) -> None:
        """End the threads."""
        self._threads.close()

    @abstractmethod
    async def ask(self, to: str, reference: uuid.UUID, sent_at: datetime) -> Receipt | None:
        """What the provider's records tell of a message; see :class:`.sender.CanBeAsked`."""

    @abstractmethod
    def _key(self, fit: Fit, *, abroad: bool) -> K:
        """What the messages of one call have in common."""

    @abstractmethod
    async def _call(self, key: K, messages: Sequence[Message]) -> list[Outcome]:
        """One call; ``UNKNOWN`` where its answer was lost.

        Raises:
            NotBegun: its turn came too late.
        """

    async def _hand_over(self, key: K, messages: Sequence[Message]) -> list[Outcome]:
        try:
            outcomes = await self._call(key, messages)
        except NotBegun:
            return [Outcome(Verdict.HELD, TOO_LATE)] * len(messages)
        pairs = zip(messages, outcomes, strict=True)
        return list(await asyncio.gather(*(self._found(*pair) for pair in pairs)))

    async def _found(self, message: Message, outcome: Outcome) -> Outcome:
        """Whether a message whose answer was lost stands in the provider's records."""
        if outcome.verdict != Verdict.UNKNOWN:
            return outcome
        for pause in self._ask_after:
            await asyncio.sleep(pause)
            known = await self.ask(message.to, message.reference, utc_now())
            if known is not None:
                return _taken(known)
        return outcome


def first_deadline(messages: Sequence[Message]) -> float | None:
    """When a call with these messages has to be begun."""
    return min((one.deadline for one in messages if one.deadline is not None), default=None)


def server(endpoint: str) -> SplitResult:
    """A provider's host, or a URL for another scheme or port."""
    return urlsplit(endpoint if "//" in endpoint else f"https://{endpoint}")


def _taken(known: Receipt) -> Outcome:
    return Outcome(Verdict.ACCEPTED, "Found in the provider's records.", known.provider_id)


def causes(error: BaseException) -> Iterator[BaseException]:
    """An exception and everything that it was raised from, also as these libraries wrap it."""
    seen: set[int] = set()
    waiting: list[object] = [error]
    while waiting:
        one = waiting.pop(0)
        if not isinstance(one, BaseException) or id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        waiting += [one.__cause__, one.__context__, getattr(one, "reason", None)]
        waiting += [getattr(one, "inner_exception", None), *one.args]


def broken(error: BaseException) -> Outcome | None:
    """What a failed call means when the network is to blame; ``None`` when it is not.

    Only a connection that was never made shows that nothing was handed over. Whatever ends later
    may have reached the provider, which does not know a repeat for one.
    """
    found = list(causes(error))
    reply = without_addresses(str(error) or type(error).__name__)
    never_connected = (
        requests.ConnectTimeout,
        urllib3.exceptions.NewConnectionError,
        urllib3.exceptions.ConnectTimeoutError,
    )
    if any(isinstance(one, never_connected) for one in found):
        return Outcome(Verdict.UNREACHABLE, reply)
    if any(isinstance(one, (requests.RequestException, OSError)) for one in found):
        return Outcome(Verdict.UNKNOWN, reply)
    return None


def judged(code: str, message: str, table: Mapping[str, Verdict]) -> Outcome:
    """What an error code means, by the longest beginning of it that ``table`` names.

    A code that is not named is about this message: it is refused.
    """
    known = [start for start in table if code.startswith(start)]
    verdict = table[max(known, key=len)] if known else Verdict.REFUSED
    return Outcome(verdict, without_addresses(f"{code} {message}"))
