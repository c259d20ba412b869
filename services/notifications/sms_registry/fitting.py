"""Which approved template of a provider a composed text fits, and with which values."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from services.chassis.settings import settings
from services.notifications.database import database
from services.notifications.sms_registry.models import STRICT_PROVIDERS, SmsSignature, SmsTemplate
from services.notifications.sms_registry.pattern import Pattern, names_in, pattern_of

# How long a process goes on with what it read: what is withdrawn stops going out as soon.
KEEP_SECONDS: Final = 2.0


@dataclass(frozen=True)
class Fit:
    """An approved template and what stands for its parameters.

    Attributes:
        code: the provider's name for the template.
        params: values by name, in the order in which the provider counts them.
    """

    code: str
    params: dict[str, str]


@dataclass(frozen=True)
class _Approved:
    code: str
    area: str
    pattern: Pattern
    names: tuple[str, ...]


@dataclass(frozen=True)
class _Shelf:
    signed: bool
    templates: Sequence[_Approved]
    read_at: float


_shelves: dict[tuple[str, str], _Shelf] = {}
_reading = threading.Lock()


def needs_template(provider: str) -> bool:
    """Whether a provider sends approved templates alone."""
    return provider in STRICT_PROVIDERS


def fitting(text: str, provider: str, *, abroad: bool = False) -> Fit | None:
    """The approved template that a text fits; of several, the one with the most fixed words.

    Reads the registry in a short transaction of its own, at most every :data:`KEEP_SECONDS`.

    Args:
        text: as composed, without the signature.
        provider: ``aliyun`` or ``tencent``.
        abroad: for a number that is not of the mainland.

    Returns:
        ``None`` when no approved template fits, or our signature is not approved there.
    """
    shelf = _shelf(provider)
    area = "abroad" if abroad else "mainland"
    if not shelf.signed and not abroad:
        return None
    for approved in shelf.templates:
        if approved.area != area:
            continue
        values = approved.pattern.values(text)
        if values is not None:
            return Fit(approved.code, {name: values[name] for name in approved.names})
    return None


def unfit(provider: str) -> str:
    """Why a message was not sent when nothing fits: kept with the delivery, for staff."""
    if not _shelf(provider).signed:
        return (
            f"The signature is not entered as approved by {provider}: see Senders, Text messages."
        )
    return (
        f"No approved template of {provider} fits this text: register one and enter it under "
        "Senders, Text messages."
    )


def forget() -> None:
    """Read the registry again next time: what this process has just changed counts at once."""
    with _reading:
        _shelves.clear()


def _shelf(provider: str) -> _Shelf:
    signature = settings().sms_signature
    with _reading:
        kept = _shelves.get((provider, signature))
        if kept is None or time.monotonic() - kept.read_at > KEEP_SECONDS:
            kept = _shelves[provider, signature] = _read(provider, signature)
        return kept


def _read(provider: str, signature: str) -> _Shelf:
    with database.transaction() as session:
        signed = session.scalar(
            sa.select(
                sa.exists().where(
                    SmsSignature.provider == provider,
                    SmsSignature.text == signature,
                    SmsSignature.standing == "approved",
                )
            )
        )
        rows = session.scalars(
            sa.select(SmsTemplate).where(
                SmsTemplate.provider == provider, SmsTemplate.standing == "approved"
            )
        ).all()
        templates = [
            _Approved(
                code=str(row.code),
                area=row.area,
                pattern=pattern_of(row.text, row.rules),
                names=tuple(counted(provider, row.text)),
            )
            for row in rows
        ]
    templates.sort(key=lambda one: (-one.pattern.weight, one.code))
    return _Shelf(bool(signed), templates, time.monotonic())


def counted(provider: str, text: str) -> list[str]:
    """A text's parameters as the provider counts them: Tencent by their number, else in order."""
    names = names_in(text)
    if provider == "tencent" and all(name.isdigit() for name in names):
        return sorted(names, key=int)
    return names
