"""What a provider of text messages has to do, whoever it is."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol, runtime_checkable

from services.notifications.senders.outcome import Outcome, Verdict

# Digits at the end of a delivery's id by which a provider's record is recognised: in a UUIDv7 they
# are random, and the fields that providers give back are too short for whole ids of a batch.
MARK_LENGTH = 10
# Why a message whose deadline has passed was held back.
TOO_LATE = "Its turn did not come in time."


class NotBegun(Exception):
    """The turn of a call came after its deadline; nothing was handed over."""


class SmsSender(Protocol):
    """Hands one text message to a provider. Never raises what a provider may cause."""

    async def send(
        self,
        to: str,
        text: str,
        reference: uuid.UUID,
        *,
        again: bool = False,
        deadline: float | None = None,
    ) -> Outcome:
        """Send ``text``.

        Args:
            to: E.164.
            text: without the signature; the provider puts it in front.
            reference: our own id of the message, for the provider's records.
            again: an earlier attempt may have arrived. Who can ask its provider does so first.
            deadline: the moment (``time.monotonic()``) from which on it is not begun any more:
                whoever has calls wait for their turn holds it back then (``HELD``).
        """
        ...

    async def close(self) -> None:
        """Give back connections."""
        ...


@dataclass(frozen=True)
class NotHere(Outcome):
    """This provider cannot send such a text, and nothing was handed over; another one may."""


@dataclass(frozen=True)
class Receipt:
    """What a provider knows about a message that it took.

    Attributes:
        provider_id: its own reference; ``None`` where it is not told.
        phone: E.164; ``None`` where it is not told.
        marks: the last digits of our ids that its record names, see :func:`mark`.
        state: ``waiting`` until the operator says how it ended.
        reply: the operator's word, without personal data.
        at: when it ended, in UTC; ``None`` while it waits.
        reference: our own id, where the provider gives it back whole.
    """

    provider_id: str | None
    phone: str | None
    marks: tuple[str, ...]
    state: Literal["waiting", "delivered", "failed"]
    reply: str = ""
    at: datetime | None = None
    reference: uuid.UUID | None = None


@dataclass(frozen=True)
class FromPhone:
    """A text message that somebody sent to us.

    Attributes:
        message_id: the provider's reference, the same when it tells of it again.
        phone: E.164.
        at: when it was sent, in UTC.
    """

    message_id: str
    phone: str
    text: str
    at: datetime


@runtime_checkable
class CanBeAsked(Protocol):
    """A provider that can be asked what became of a message."""

    async def ask(self, to: str, reference: uuid.UUID, sent_at: datetime) -> Receipt | None:
        """What the provider knows of a message; ``None`` when nothing, or when it is away.

        Args:
            to: E.164.
            sent_at: when it was handed over, in UTC.
        """
        ...


@runtime_checkable
class KeepsSession(Protocol):
    """A provider whose receipts and messages come over a connection that we open."""

    async def listen(self) -> None:
        """Be connected, so that what waits at the provider can come."""
        ...


class NoSms:
    """No provider: every message is refused, and its delivery says so."""

    async def send(
        self,
        to: str,
        text: str,
        reference: uuid.UUID,
        *,
        again: bool = False,
        deadline: float | None = None,
    ) -> Outcome:
        """Refuse."""
        return Outcome(Verdict.REFUSED, "Text messages are switched off (LINGBAO_SMS_PROVIDER).")

    async def close(self) -> None:
        """There is nothing to give back."""


def mark(reference: uuid.UUID) -> str:
    """The end of a delivery's id, as it is written into a provider's records."""
    return reference.hex[-MARK_LENGTH:]


def marks(text: str) -> tuple[str, ...]:
    """The marks in a field that a provider gave back: separated by commas."""
    return tuple(part for part in text.split(",") if len(part) == MARK_LENGTH)
