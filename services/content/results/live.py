"""The live picture of a quiz: one look for all who watch it, told to each.

A look is one query, made every :data:`EVERY` seconds for as long as anybody watches, however many
they are. It has a thread and a connection of its own, and so has the drawing of the page: when two
hundred hand in at the same second, the screen must not stand in line behind them.

A stream ends after some minutes and the browser asks again by itself, so that a permission that
was taken away holds, and a process that stops waits for nobody.
"""

from __future__ import annotations

import asyncio
import contextvars
import threading
import time
import uuid
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Final

from services.chassis.serve import stopping
from services.content.database import database
from services.content.results.pictures import Asked, Picture, look

# So that the page follows within a second, with the query and the drawing in it.
EVERY: Final = 0.5
LONGEST: Final = 240.0
# A look must not cost more than this part of the time between two.
_SHARE: Final = 0.2
# Threads that draw the pages of one room.
_DRAWERS: Final = 2


class _Room:
    """One quiz that is watched: the newest picture, and a call to all when it has changed."""

    def __init__(self, quiz_id: uuid.UUID) -> None:
        self.watchers = 0
        self.picture: Picture | None = None
        self.failed: Exception | None = None
        self.drawers = ThreadPoolExecutor(_DRAWERS, thread_name_prefix="quiz-live")
        self._quiz_id = quiz_id
        self._news = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._left = threading.Event()
        threading.Thread(target=self._look_on, name="quiz-live", daemon=True).start()

    def _look_on(self) -> None:
        known: dict[uuid.UUID, Asked] = {}
        last: Picture | None = None
        try:
            with database.at_once() as connection:
                wait = 0.0
                while not self._left.wait(wait) and not stopping.is_set():
                    before = time.monotonic()
                    fresh = look(connection, self._quiz_id, known)
                    if fresh != last:
                        last = fresh
                        self._tell(partial(setattr, self, "picture", fresh))
                    took = time.monotonic() - before
                    wait = max(EVERY - took, took / _SHARE - took)
        except Exception as error:  # noqa: BLE001 - told to every watcher, who raise it
            self._tell(partial(setattr, self, "failed", error))

    def _tell(self, change: Callable[[], None]) -> None:
        """From the thread to the loop, whose watchers wake up; nobody may be there any more."""

        def tell() -> None:
            change()
            self._news.set()
            self._news = asyncio.Event()

        if not self._left.is_set():
            self._loop.call_soon_threadsafe(tell)

    async def news(self, within: float) -> None:
        """Wait until the picture changes, or for so many seconds."""
        try:
            await asyncio.wait_for(self._news.wait(), within)
        except TimeoutError:
            return

    def leave(self) -> None:
        """Nobody watches any more."""
        self._left.set()
        self.drawers.shutdown(wait=False)


_rooms: dict[uuid.UUID, _Room] = {}


async def watch(quiz_id: uuid.UUID) -> AsyncIterator[Picture]:
    """How it stands now, and again whenever that has changed, until it is over or minutes have
    passed."""
    room = _rooms.get(quiz_id)
    if room is None:
        room = _rooms[quiz_id] = _Room(quiz_id)
    room.watchers += 1
    until = time.monotonic() + LONGEST
    seen: Picture | None = None
    try:
        while (left := until - time.monotonic()) > 0 and not stopping.is_set():
            if room.failed is not None:
                raise room.failed
            if room.picture is None or room.picture == seen:
                await room.news(min(left, 1.0))
                continue
            seen = room.picture
            yield seen
            if seen.over:
                return
    finally:
        room.watchers -= 1
        if room.watchers == 0:
            room.leave()
            _rooms.pop(quiz_id, None)


async def drawn(quiz_id: uuid.UUID, draw: Callable[..., str], *given: Any) -> str:  # noqa: ANN401
    """What ``draw`` makes, for somebody who watches, in a thread that no other request waits for.

    It speaks the language of the request: that is in the context, which goes along.
    """
    act = partial(contextvars.copy_context().run, draw, *given)
    return await asyncio.get_running_loop().run_in_executor(_rooms[quiz_id].drawers, act)
