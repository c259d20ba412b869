"""One event loop in a thread of its own, so that tasks which are not ``async`` can send."""

from __future__ import annotations

import asyncio
import functools
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

T = TypeVar("T")


class Background:
    """An event loop that runs for as long as the process does."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, name="senders", daemon=True).start()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run ``work`` on the loop and wait for its result; raises what it raises."""
        return self.start(work).result()

    def start(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        """Have ``work`` begin on the loop; its result is asked for later."""
        return asyncio.run_coroutine_threadsafe(work, self._loop)


_making = threading.Lock()


@functools.cache
def _of_this_process() -> Background:
    return Background()


def background() -> Background:
    """The loop of this process, on which its connections live.

    Tasks run in threads, and a cache lets two that come first at the same time make one each:
    connections of one loop would then be used on the other.
    """
    with _making:
        return _of_this_process()
