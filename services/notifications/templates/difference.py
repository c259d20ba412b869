"""What changed from one version of a template to another, sign by sign or word by word."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.chassis.difference import Kind, runs
from services.notifications.broadcasts.schemas import Message


@dataclass(frozen=True)
class Change:
    """A field that two versions say differently.

    Attributes:
        language: of the text; ``field`` is ``subject``, ``body`` or ``sms``.
        runs: the whole text in pieces, each the same, gone or new.
    """

    language: str
    field: str
    runs: Sequence[tuple[Kind, str]]


def difference(before: Message, after: Message) -> list[Change]:
    """The fields that changed, Chinese first."""
    return [
        Change(tag, field, runs(old, new))
        for tag, first, second in (
            ("zh-CN", before.chinese, after.chinese),
            ("en", before.english, after.english),
        )
        for field in ("subject", "body", "sms")
        for old, new in [(getattr(first, field), getattr(second, field))]
        if old != new
    ]
