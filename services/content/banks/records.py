"""What goes into a bank and what comes out of it, beside the items themselves."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from services.chassis.fields import (
    BlankIsNone,
    District,
    LanguageTag,
    LocalizedLine,
    OptionalLocalizedText,
)
from services.chassis.i18n import Lazy, lazy
from services.content.banks.models import Item
from services.content.banks.schemas import ItemIn, Kind, item_of

Format = Literal["gift", "json"]
Verdict = Literal["new", "language", "changed", "unchanged", "problem"]

VERDICT_NAMES: Final[Mapping[str, Lazy]] = {
    "new": lazy("new"),
    "language": lazy("gets another language"),
    "changed": lazy("is changed"),
    "unchanged": lazy("is there already"),
    "problem": lazy("cannot be taken"),
}
VERDICT_TONES: Final = {
    "new": "good",
    "language": "good",
    "changed": "wait",
    "unchanged": "neutral",
    "problem": "bad",
}
# What is written when a file is taken.
TAKEN: Final[tuple[Verdict, ...]] = ("new", "language", "changed")


class BankIn(BaseModel):
    """A bank as staff name it. ``district`` is the office that keeps it, ``None`` the city's."""

    model_config = ConfigDict(extra="forbid")

    name: LocalizedLine
    about: OptionalLocalizedText = {}
    district: Annotated[District | None, BlankIsNone] = None


class BankPatch(BaseModel):
    """Some fields of a bank, each replacing the old value as a whole."""

    model_config = ConfigDict(extra="forbid")

    name: LocalizedLine | None = None
    about: OptionalLocalizedText | None = None


class BankOut(BaseModel):
    """A bank in a list; items that are not drawn any more are counted apart."""

    model_config = ConfigDict(from_attributes=True)

    id: uuid.UUID
    version: int
    district: str | None
    name: dict[str, str]
    about: dict[str, str]
    updated_at: datetime
    items: int = 0
    retired: int = 0


class ItemOut(BaseModel):
    """An item with its key, for staff alone."""

    model_config = ConfigDict(from_attributes=True)

    id: uuid.UUID
    bank_id: uuid.UUID
    version: int
    name: str
    kind: Kind
    text: dict[str, str]
    content: dict[str, Any]
    explanation: dict[str, str]
    source: str | None
    tags: list[str]
    retired: bool
    updated_at: datetime


class ImportIn(BaseModel):
    """A file handed in by a program, as text. ``language`` is what a GIFT file is written in."""

    model_config = ConfigDict(extra="forbid")

    format: Format
    language: LanguageTag | None = None
    text: str = Field(min_length=1, max_length=2_000_000)
    file_name: str = Field(default="", max_length=200)


class ImportedLine(BaseModel):
    """What becomes of one item of a file.

    ``place`` is the line that it begins in (GIFT) or its number in the list (JSON), from 1.
    """

    place: int
    name: str
    verdict: Verdict
    kind: Kind | None
    text: dict[str, str]
    problem: str | None
    remarks: list[str]


class Report(BaseModel):
    """What a file would change; nothing of it has been written. ``counts`` by verdict."""

    id: uuid.UUID
    bank_id: uuid.UUID
    format: Format
    language: LanguageTag | None
    file_name: str
    counts: dict[Verdict, int]
    lines: list[ImportedLine]

    @property
    def takes(self) -> int:
        """How many items would be written."""
        return sum(self.counts.get(verdict, 0) for verdict in TAKEN)


class Taken(BaseModel):
    """What was written of a file, by verdict."""

    bank_id: uuid.UUID
    counts: dict[Verdict, int]


def item_in(item: Item) -> ItemIn:
    """A stored item as it would be written."""
    return item_of({name: getattr(item, name) for name in ItemIn.model_fields})
