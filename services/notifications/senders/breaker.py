"""When a server that fails is left alone, and when it is tried again.

Kept by each process for itself: which server can be reached is a matter of where one stands, it
must work while Redis is away, and three failures are soon made. Staff see what every process found
last (:mod:`.health`).
"""

from __future__ import annotations

from typing import Final

FAILURES: Final = 3
FIRST_REST: Final = 5.0
LONGEST_REST: Final = 60.0
# Only after so many messages in a row is a server trusted as before; until then one failure is
# enough for a rest that is longer than the last, so that it does not flap.
STEADY: Final = 10


class Breaker:
    """The state of one server. Times are seconds of a clock that only goes forward."""

    def __init__(self) -> None:
        self.rested_until = 0.0
        self._rest = 0.0
        self._failures = 0
        self._well = STEADY
        self._trying = False

    def allows(self, now: float) -> bool:
        """Whether a message may be given to it: always, or one after a rest to see how it is."""
        return not self._trying and now >= self.rested_until

    def begins(self) -> None:
        """A message is given to it; after a rest no second one is until its answer is known."""
        self._trying = self._resting

    @property
    def _resting(self) -> bool:
        return self._rest > 0 and self._well == 0

    def succeeded(self) -> None:
        """It answered."""
        self._trying = False
        self._failures = 0
        self._well = min(STEADY, self._well + 1)
        if self._well == STEADY:
            self._rest = 0.0

    def failed(self, now: float) -> None:
        """It did not answer, or sent us away."""
        tried = self._trying
        self._trying = False
        self._failures += 1
        if now < self.rested_until and not tried:
            return  # Several that were under way when it began to fail are one failure.
        if self._failures >= FAILURES or self._well < STEADY:
            self._rest = min(LONGEST_REST, self._rest * 2 or FIRST_REST)
            self.rested_until = now + self._rest
            self._well = 0

    def gave_up(self) -> None:
        """The message did not go after all, so nothing was learnt."""
        self._trying = False
