"""Spans of time: put together, taken away from one another, looked for in one another."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from sqlalchemy.dialects.postgresql import Range


class Span(NamedTuple):
    """From a moment up to, not including, another (both UTC)."""

    begins: datetime
    ends: datetime

    def meets(self, other: Span) -> bool:
        """Whether the two have any moment in common."""
        return self.begins < other.ends and other.begins < self.ends

    @property
    def as_range(self) -> Range[datetime]:
        """The same for a ``tstzrange`` column."""
        return Range(self.begins, self.ends)

    @classmethod
    def of(cls, stored: Range[datetime]) -> Span:
        """A stored range; ours have both ends."""
        if stored.lower is None or stored.upper is None:
            raise ValueError("An occupancy has a beginning and an end.")
        return cls(stored.lower, stored.upper)


def merged(spans: Iterable[Span]) -> list[Span]:
    """The same time in as few spans as there can be, in their order."""
    found: list[Span] = []
    for span in sorted(spans):
        if span.begins >= span.ends:
            continue
        if found and span.begins <= found[-1].ends:
            found[-1] = Span(found[-1].begins, max(found[-1].ends, span.ends))
        else:
            found.append(span)
    return found


def covers(spans: Iterable[Span], wanted: Span) -> bool:
    """Whether all of ``wanted`` lies within ``spans``."""
    return any(span.begins <= wanted.begins and wanted.ends <= span.ends for span in merged(spans))


def without(spans: Iterable[Span], taken: Iterable[Span]) -> list[Span]:
    """What is left of ``spans`` beside ``taken``."""
    left = merged(spans)
    for gone in merged(taken):
        left = [
            piece
            for span in left
            for piece in (
                Span(span.begins, min(span.ends, gone.begins)),
                Span(max(span.begins, gone.ends), span.ends),
            )
            if piece.begins < piece.ends
        ]
    return left
