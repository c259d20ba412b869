"""E-mail by SMTP (RFC 5321): which relay takes a message, within which limits."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from services.chassis.relays import DomainLimit, MailRelay
from services.notifications.senders.outcome import Outcome, Verdict
from services.notifications.senders.relays import PATIENCE, Relay
from services.notifications.senders.throttle import Throttle
from services.notifications.senders.wire import is_plain

# For each answer; RFC 5321 §4.5.3.2 allows minutes, which no one waiting for a ticket has.
TIMEOUT_SECONDS: Final = 20.0
RESTING_SECONDS: Final = 30.0
# How long after its deadline a message that could not be handed over may go to another relay: the
# lease of its delivery has to last until that one has answered.
GRACE_SECONDS: Final = 40.0
NEEDS_SMTPUTF8: Final = (
    "The address has characters beyond ASCII (RFC 6531), which the mail relay cannot be given."
)


@dataclass(frozen=True)
class Orders:
    """What staff and plans say about senders at this moment, by their names.

    Attributes:
        resting: those that staff have laid to rest.
        left: how many bulk messages those that are being warmed up may still send today.
    """

    resting: frozenset[str] = frozenset()
    left: Mapping[str, int] = field(default_factory=dict)


@dataclass
class _Domain:
    """The limits of one recipients' domain."""

    throttle: Throttle | None
    connections: contextlib.AbstractAsyncContextManager[None]


class MailSender:
    """Hands messages to the relays. Belongs to one event loop.

    Args:
        relays: where to; see :class:`MailRelay` for weights and limits.
        name: our own host name, for EHLO.
        limits: by recipients' domain; ``*`` is any other.
        timeout: seconds to connect, and for each answer.
    """

    def __init__(
        self,
        relays: Sequence[MailRelay],
        name: str,
        *,
        limits: Mapping[str, DomainLimit] | None = None,
        timeout: float = TIMEOUT_SECONDS,
    ) -> None:
        self._relays = [Relay(relay, name, timeout) for relay in relays]
        self._credit = {relay.name: 0 for relay in relays}
        self._limits = limits or {}
        self._domains: dict[str, _Domain] = {}
        self._orders = Orders()
        self._left: dict[str, int] = {}

    def obey(self, orders: Orders) -> None:
        """Take note of what staff and plans say; holds until the next time."""
        self._orders = orders
        self._left = dict(orders.left)

    async def send(
        self,
        sender: str,
        recipient: str,
        message: bytes,
        *,
        deadline: float | None = None,
        bulk: bool = False,
    ) -> Outcome:
        """Hand over one message to one recipient. Never raises what a server may cause.

        Args:
            sender: the envelope's return address.
            recipient: a checked address.
            message: the whole message, headers and all, ASCII.
            deadline: the moment (``time.monotonic()``) from which on it is not begun any more.
            bulk: it counts towards a warm-up plan, and waits when the day's number is reached.
        """
        if not is_plain(recipient) or not is_plain(sender):
            return Outcome(Verdict.REFUSED, NEEDS_SMTPUTF8)
        domain = self._domain(recipient)
        if domain is None:
            return await self._somehow(sender, recipient, message, deadline, bulk)
        if domain.throttle is not None:
            wait = await domain.throttle.reserve(patience=PATIENCE)
            if wait > PATIENCE:
                return Outcome(Verdict.HELD, "It is this domain's limit a second.", wait=wait)
            await asyncio.sleep(wait)
        async with domain.connections:
            return await self._somehow(sender, recipient, message, deadline, bulk)

    async def _somehow(
        self, sender: str, recipient: str, message: bytes, deadline: float | None, bulk: bool
    ) -> Outcome:
        """By the relay whose turn it is, or by another when that one cannot be reached."""
        tried: list[Relay] = []
        outcome: Outcome | None = None
        while relay := self._next(tried, bulk):
            if bulk and relay.server.name in self._left:
                self._left[relay.server.name] -= 1
            outcome = await relay.send(sender, recipient, message, deadline)
            if outcome.verdict not in (Verdict.UNREACHABLE, Verdict.HELD):
                return outcome
            tried.append(relay)
            if deadline is not None and time.monotonic() > deadline + GRACE_SECONDS:
                break
        return outcome or self._nobody(bulk)

    def _next(self, tried: Sequence[Relay], bulk: bool) -> Relay | None:
        """The relay whose turn it is by weight (smooth weighted round robin, as nginx does it)."""
        able = [relay for relay in self._relays if relay not in tried and self._able(relay, bulk)]
        # Weight 0 is for when nobody else is there.
        able = [relay for relay in able if relay.server.weight] or able
        if not able:
            return None
        for relay in able:
            self._credit[relay.server.name] += relay.server.weight
        chosen = max(able, key=lambda relay: self._credit[relay.server.name])
        self._credit[chosen.server.name] -= sum(relay.server.weight for relay in able)
        return chosen

    def _able(self, relay: Relay, bulk: bool) -> bool:
        name = relay.server.name
        return (
            name not in self._orders.resting
            and relay.breaker.allows(time.monotonic())
            and not (bulk and self._left.get(name, 1) <= 0)
        )

    def _nobody(self, bulk: bool) -> Outcome:
        """Why no relay may be tried at this moment, and for how long."""
        awake = [relay for relay in self._relays if relay.server.name not in self._orders.resting]
        if not awake:
            return Outcome(Verdict.HELD, "Every relay is at rest.", wait=RESTING_SECONDS)
        if bulk and all(self._left.get(relay.server.name, 1) <= 0 for relay in awake):
            return Outcome(
                Verdict.HELD, "The warm-up plan's number for today is reached.", wait=600.0
            )
        ends = min(relay.breaker.rested_until for relay in awake) - time.monotonic()
        # At least a second: a relay that was left alone is being tried by one message.
        return Outcome(
            Verdict.HELD, "The relay does not answer; it is left alone.", wait=max(1.0, ends)
        )

    def resting(self) -> dict[str, float]:
        """The relays that are left alone after failures, and for how many seconds more."""
        now = time.monotonic()
        return {
            relay.server.name: relay.breaker.rested_until - now
            for relay in self._relays
            if relay.breaker.rested_until > now
        }

    async def close(self) -> None:
        """Say goodbye on every connection that is not in use."""
        for relay in self._relays:
            await relay.close()

    def _domain(self, recipient: str) -> _Domain | None:
        name = recipient.rpartition("@")[2].lower()
        limit = self._limits.get(name) or self._limits.get("*")
        if limit is None:
            return None
        if name not in self._domains:
            self._domains[name] = _Domain(
                Throttle(f"domain:{name}", limit.per_second, burst=limit.per_second)
                if limit.per_second
                else None,
                asyncio.Semaphore(limit.connections)
                if limit.connections
                else contextlib.nullcontext(),
            )
        return self._domains[name]
