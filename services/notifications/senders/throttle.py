"""Throttles: so many messages a second, shared by every worker through Redis.

A bucket is one key: the moment at which it would be full again (the "virtual scheduling" form of
the token bucket, ITU-T I.371). One script reads and moves it, on Redis's own clock, so workers
whose clocks differ agree. Whoever asks gets a place in the queue and the time to wait for it.
"""

from __future__ import annotations

import asyncio
import functools
import time
from typing import Any, Final

import redis
import redis.asyncio
import structlog

from services.chassis.settings import settings

log = structlog.get_logger(__name__)

PREFIX: Final = "lingbao:throttle:"
# A queue that is away is not asked for every message.
AWAY_SECONDS: Final = 5.0
TIMEOUT_SECONDS: Final = 1.0

# KEYS[1] the bucket; ARGV: seconds for one, how many may go at once, how many now, most seconds
# to wait. Returns the seconds to wait; when they are more than the most, nothing was taken.
_TAKE: Final = """
local now = redis.call('TIME')
now = tonumber(now[1]) + tonumber(now[2]) / 1000000
local each, burst, count, most =
    tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local full = math.max(tonumber(redis.call('GET', KEYS[1]) or 0), now) + count * each
local wait = math.max(0, full - burst * each - now)
if most >= 0 and wait > most then
    return tostring(wait)
end
redis.call('SET', KEYS[1], string.format('%.6f', full), 'PX', math.ceil((full - now) * 1000) + 1000)
return tostring(wait)
"""


class Throttle:
    """One bucket. Belongs to the event loop of :mod:`.background`.

    Without Redis each process keeps to the same rate by itself, so that several workers together
    may be faster for as long as it is away: better than not sending an emergency.

    Args:
        name: what it is for; workers that use the same name share it.
        per_second: how many a second in the long run.
        burst: how many may go at once after a rest, at least 1.
    """

    def __init__(self, name: str, per_second: float, burst: float = 1.0) -> None:
        self._key = PREFIX + name
        self._each = 1.0 / per_second
        self._burst = max(1.0, burst)
        self._full = 0.0
        self._away_until = 0.0
        # One question at a time: a batch that asks at once needs no connection for each message.
        self._turn = asyncio.Lock()

    async def take(self, count: int = 1) -> None:
        """Wait until ``count`` messages may go."""
        await asyncio.sleep(await self.reserve(count))

    async def reserve(self, count: int = 1, patience: float | None = None) -> float:
        """Take a place in the queue.

        Args:
            count: for how many messages.
            patience: the most seconds that waiting makes sense; ``None``: any.

        Returns:
            Seconds to wait before they may go. More than ``patience``: nothing was taken.
        """
        async with self._turn:
            if time.monotonic() >= self._away_until:
                try:
                    return await self._shared(count, patience)
                except (redis.RedisError, OSError, TimeoutError) as error:
                    self._away_until = time.monotonic() + AWAY_SECONDS
                    log.warning("throttle.alone", bucket=self._key, reason=repr(error)[:200])
            return self._alone(count, patience)

    async def _shared(self, count: int, patience: float | None) -> float:
        most = -1 if patience is None else patience
        return float(await _script()(keys=[self._key], args=[self._each, self._burst, count, most]))

    def _alone(self, count: int, patience: float | None) -> float:
        """The same sum, for this process by itself."""
        now = time.monotonic()
        full = max(self._full, now) + count * self._each
        wait = max(0.0, full - self._burst * self._each - now)
        if patience is None or wait <= patience:
            self._full = full
        return wait


@functools.cache
def _script() -> Any:  # noqa: ANN401 - the client's scripts have no usable type
    """The script on the client of this process, whose connections live on its one loop.

    Raises:
        redis.RedisError: no server is configured.
    """
    url = settings().redis_url
    if url is None:
        raise redis.ConnectionError("No Redis-protocol server is configured.")
    client = redis.asyncio.Redis.from_url(
        url, socket_timeout=TIMEOUT_SECONDS, socket_connect_timeout=TIMEOUT_SECONDS
    )
    return client.register_script(_TAKE)
