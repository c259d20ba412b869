"""Several providers in order: the first sends, the next takes over while it is unwell."""

from __future__ import annotations

import asyncio
import dataclasses
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import structlog

from services.notifications.senders.outcome import Outcome, Verdict
from services.notifications.senders.sms.sender import (
    TOO_LATE,
    CanBeAsked,
    KeepsSession,
    NotHere,
    Receipt,
    SmsSender,
)
from services.notifications.senders.throttle import Throttle

log = structlog.get_logger(__name__)

# One lost call is the network's; so many in a row are the provider's.
FAILURES: Final = 3
FIRST_REST: Final = 30.0
LONGEST_REST: Final = 600.0
# After a rest one message at a time goes there, until so many in a row went well: a provider that
# comes and goes does not get the whole traffic back at its first sign of life.
SUCCESSES: Final = 5
# Longer a place in the throttle's queue is not waited for: the message goes back to its own.
PATIENCE_SECONDS: Final = 20.0


@dataclass
class _Health:
    """How one provider fares, as seen by this process.

    Attributes:
        failures: calls in a row in which it was away.
        rest: seconds of the present or last rest; 0 while it is trusted.
        resting_until: on the process's own clock.
        successes: messages in a row that it took since its rest.
        probing: one message is on its way to see how it is.
    """

    failures: int = 0
    rest: float = 0.0
    resting_until: float = 0.0
    successes: int = 0
    probing: bool = False

    def open(self, now: float) -> bool:
        """Whether a message may go there now."""
        if self.rest == 0.0:
            return True
        return now >= self.resting_until and not self.probing

    def went(self, *, well: bool, now: float) -> bool:
        """Note how a call went; returns whether its standing changed."""
        self.probing = False
        if well:
            self.failures = 0
            if self.rest == 0.0:
                return False
            self.successes += 1
            if self.successes >= SUCCESSES:
                self.rest = 0.0
                self.successes = 0
                return True
            return False
        self.failures += 1
        self.successes = 0
        if self.rest == 0.0 and self.failures < FAILURES:
            return False
        if now < self.resting_until:
            return False  # it was on its way already when the rest began
        self.rest = min(max(self.rest * 2, FIRST_REST), LONGEST_REST)
        self.resting_until = now + self.rest
        return True


class Providers:
    """The providers that the settings name, in their order. Belongs to one event loop.

    A message goes to the next provider only when the one before was away or cannot send such a
    text: then nothing was handed over. What was handed over is never given to a second one.

    Args:
        providers: by their names in the settings.
        rate: messages a second that each takes, over all workers.
        clock: seconds that never go back.
    """

    def __init__(
        self,
        providers: Mapping[str, SmsSender],
        rate: int,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._providers = dict(providers)
        self._clock = clock
        self._health = {name: _Health() for name in providers}
        self._laid_to_rest: frozenset[str] = frozenset()
        self._throttles = {name: Throttle(f"sms-{name}", rate, rate) for name in providers}

    async def send(
        self,
        to: str,
        text: str,
        reference: uuid.UUID,
        *,
        again: bool = False,
        deadline: float | None = None,
    ) -> Outcome:
        """Send by the first provider that is well and can; the outcome says which.

        A text that those who are well cannot send is refused only when nobody else could: while
        another is away or resting, it waits for that one.
        """
        outcome = Outcome(Verdict.UNREACHABLE, "No provider of text messages could be reached.")
        cannot = 0
        order = self._order()
        if not order:
            return Outcome(Verdict.HELD, "Every provider is at rest.", wait=FIRST_REST)
        for name in order:
            health = self._health[name]
            if (held := await self._turn(name, deadline)) is not None:
                return held
            if len(order) > 1 and not health.open(self._clock()):
                continue  # another message has gone to see how it is, while this one waited
            health.probing = health.rest > 0.0
            try:
                outcome = await self._providers[name].send(
                    to, text, reference, again=again, deadline=deadline
                )
            except BaseException:
                health.probing = False
                raise
            outcome = _signed(outcome, name)
            # Of these nothing is learnt about how it is.
            if isinstance(outcome, NotHere) or outcome.verdict == Verdict.HELD:
                health.probing = False
                if outcome.verdict == Verdict.HELD:
                    break
                cannot += 1
                continue
            away = outcome.verdict == Verdict.UNREACHABLE
            if health.went(well=not away, now=self._clock()):
                log.warning("sms.provider", name=name, resting=health.rest, reply=outcome.reply)
            if not away:
                return outcome
        if isinstance(outcome, NotHere) and cannot < len(self._providers):
            return dataclasses.replace(outcome, verdict=Verdict.UNREACHABLE)
        return outcome

    async def _turn(self, name: str, deadline: float | None) -> Outcome | None:
        """Wait for a place in a provider's rate; why there was none, if so."""
        wait = await self._throttles[name].reserve(patience=PATIENCE_SECONDS)
        if wait > PATIENCE_SECONDS:
            return Outcome(Verdict.HELD, "The provider's rate is used up.", None, name, wait)
        await _pause(wait)
        if deadline is not None and time.monotonic() >= deadline:
            return Outcome(Verdict.HELD, TOO_LATE, None, name)
        return None

    def obey(self, resting: frozenset[str]) -> None:
        """Give nothing to those that staff have laid to rest, until the next word."""
        self._laid_to_rest = resting

    async def ask(
        self, name: str, to: str, reference: uuid.UUID, sent_at: datetime
    ) -> Receipt | None:
        """What a provider knows of a message, where it can be asked."""
        provider = self._providers.get(name)
        if not isinstance(provider, CanBeAsked):
            return None
        return await provider.ask(to, reference, sent_at)

    @property
    def asked(self) -> list[str]:
        """The names of those that can be asked."""
        return [name for name, one in self._providers.items() if isinstance(one, CanBeAsked)]

    async def listen(self) -> None:
        """Have those that keep a session connected."""
        for provider in self._providers.values():
            if isinstance(provider, KeepsSession):
                await provider.listen()

    async def close(self) -> None:
        """Give back every connection."""
        for provider in self._providers.values():
            await provider.close()

    def _order(self) -> list[str]:
        """Whom to try: those that are well, in order; when none is, the one that rests least."""
        now = self._clock()
        able = [name for name in self._health if name not in self._laid_to_rest]
        well = [name for name in able if self._health[name].open(now)]
        return well or sorted(able, key=lambda name: self._health[name].resting_until)[:1]


def _signed(outcome: Outcome, name: str) -> Outcome:
    return dataclasses.replace(outcome, sender=name)


async def _pause(seconds: float) -> None:
    if seconds > 0:
        await asyncio.sleep(seconds)
