"""Which registrations of an activity are wanted, and in which order: as it stands in an address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Final, get_args
from urllib.parse import parse_qsl, urlencode

from services.registration.registrations.models import Source, Status

STATUSES: Final[tuple[str, ...]] = get_args(Status)
SOURCES: Final[tuple[str, ...]] = get_args(Source)
# How a list may be sorted; the first is what it is without being asked.
SORTS: Final = ("registered", "latest", "name", "party", "waiting")
LONGEST: Final = 100

_KNOWN: Final[dict[str, tuple[str, ...]]] = {
    "status": STATUSES,
    "came": ("yes", "no"),
    "asked": ("yes",),
    "failed": ("yes",),
    "source": SOURCES,
    "sort": SORTS,
}


@dataclass(frozen=True)
class Filters:
    """What is wanted; an empty text is "all".

    Attributes:
        q: words of a name, an address or a telephone number, or a ticket code.
        came: whether they were let in; ``no``: those with a place who have not been.
        question: those who answered this one; with ``answer``, whose answer has these words.
        asked: those who were asked whether they come and have not answered.
        failed: those to whom a message did not get through.
    """

    status: str = ""
    q: str = ""
    came: str = ""
    question: str = ""
    answer: str = ""
    asked: str = ""
    failed: str = ""
    source: str = ""
    sort: str = ""

    @classmethod
    def read(cls, given: Mapping[str, str]) -> Filters:
        """From the query of an address. What we do not know is as good as not asked."""
        found = {}
        for field in fields(cls):
            text = given.get(field.name, "").replace("\x00", "").strip()[:LONGEST]
            known = _KNOWN.get(field.name)
            found[field.name] = text if known is None or text in known else ""
        return cls(**found)

    @classmethod
    def read_text(cls, text: str) -> Filters:
        """From what :meth:`text` wrote."""
        return cls.read(dict(parse_qsl(text)))

    @property
    def given(self) -> dict[str, str]:
        """What is asked for, by name."""
        return {name: text for name, text in asdict(self).items() if text}

    @property
    def text(self) -> str:
        """As the query of an address."""
        return urlencode(self.given)

    @property
    def reads_texts(self) -> bool:
        """Whether what is asked for is encrypted, so that PostgreSQL alone cannot tell."""
        return bool(self.q or self.question)

    @property
    def narrowed(self) -> bool:
        """Whether somebody may be left out."""
        return bool(self.given.keys() - {"sort"})
