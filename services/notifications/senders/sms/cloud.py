"""What the cloud providers' own libraries have in common: they block, and they hide what broke."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

import requests
import urllib3.exceptions

from services.notifications.senders.outcome import Outcome, Verdict, without_addresses

T = TypeVar("T")

CONNECT_SECONDS: Final = 5
ANSWER_SECONDS: Final = 15
# Calls at the same time, each with a thread of its own.
CALLS_AT_ONCE: Final = 8


class Threads:
    """Runs a provider's blocking calls beside the loop on which everything else is sent."""

    def __init__(self, name: str) -> None:
        self._pool = ThreadPoolExecutor(CALLS_AT_ONCE, thread_name_prefix=name)

    async def run(self, call: Callable[[], T]) -> T:
        """Run ``call`` in a thread and wait for it; raises what it raises."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, call)

    def close(self) -> None:
        """Take on nothing more."""
        self._pool.shutdown(wait=False, cancel_futures=True)


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
