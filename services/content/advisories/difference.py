"""The difference between two versions of an advisory, field by field, as a person would mark it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from services.chassis.difference import Runs, runs
from services.chassis.i18n import LANGUAGES, lazy
from services.content.advisories.models import CONTENT
from services.content.advisories.schemas import AdvisoryIn

FIELD_NAMES = {
    "country": lazy("Country or region"),
    "region": lazy("Part of the country"),
    "level": lazy("Level"),
    "word": lazy("Reminder"),
    "headline": lazy("Headline"),
    "text": lazy("What is happening"),
    "advice": lazy("What to do"),
    "source_url": lazy("Where this comes from"),
    "valid_from": lazy("In force from"),
    "valid_until": lazy("In force until"),
}


@dataclass(frozen=True)
class Difference:
    """What is new in one field, for texts in one language.

    Attributes:
        name: the field's.
        language: BCP 47, or ``None`` for what has no language.
        before, after: the values; texts also as ``pieces``, both in one.
    """

    name: str
    language: str | None
    before: Any
    after: Any
    pieces: Runs = field(default_factory=list)


def between(before: AdvisoryIn, after: AdvisoryIn) -> list[Difference]:
    """What is new in ``after``, in the order in which an advisory is written."""
    found: list[Difference] = []
    for name in CONTENT:
        old, new = getattr(before, name), getattr(after, name)
        if old == new:
            continue
        if not isinstance(old, dict):
            found.append(Difference(name, None, old, new))
            continue
        for tag in LANGUAGES:
            was, now = old.get(tag, ""), new.get(tag, "")
            if was != now:
                found.append(Difference(name, tag, was, now, runs(was, now)))
    return found
