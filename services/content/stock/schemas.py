"""What goes into titles and stock, and what comes out."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from services.chassis.fields import (
    BlankIsNone,
    District,
    LanguageTag,
    LocalizedLine,
    OptionalLocalizedLine,
    SingleLine,
)
from services.content.files.schemas import cover_path
from services.content.stock.models import MovementKind, Title, TitleKind
from services.content.stock.stores import known

MOST_COPIES = 100_000

Store = Annotated[str, AfterValidator(known)]
Copies = Annotated[int, Field(ge=1, le=MOST_COPIES)]
Counted = Annotated[int, Field(ge=0, le=MOST_COPIES)]
Reason = Annotated[SingleLine, StringConstraints(min_length=1, max_length=200)]
Shelf = Annotated[SingleLine, StringConstraints(max_length=30)]


class TitleIn(BaseModel):
    """A printed title as staff describe it.

    One that is a material of the library takes its cover and its page from there. One person may
    have ``most_each`` copies within ``per_days`` days. ``district`` is the office that looks after
    it, ``None`` the city's; for staff of a district it is theirs.
    """

    model_config = ConfigDict(extra="forbid")

    title: LocalizedLine
    summary: OptionalLocalizedLine = {}
    kind: TitleKind
    languages: Annotated[list[LanguageTag], Field(min_length=1)]
    material_id: Annotated[uuid.UUID | None, BlankIsNone] = None
    most_each: Annotated[int, Field(ge=1, le=50)] = 2
    per_days: Annotated[int, Field(ge=1, le=365)] = 90
    offered: bool = True
    district: Annotated[District | None, BlankIsNone] = None


class TitleOut(BaseModel):
    """A title as the API answers it; ``in_stock`` are the stores that have a free copy."""

    model_config = ConfigDict(from_attributes=True)

    id: uuid.UUID
    version: int
    slug: str
    kind: TitleKind
    title: dict[str, str]
    summary: dict[str, str]
    languages: list[str]
    material_id: uuid.UUID | None
    most_each: int
    per_days: int
    offered: bool
    district: str | None
    in_stock: list[str] = []
    material_slug: Annotated[str | None, Field(exclude=True)] = None
    cover_path: Annotated[str | None, Field(exclude=True)] = None

    @classmethod
    def of(cls, title: Title, in_stock: list[str] | None = None) -> TitleOut:
        """The answer for a stored title."""
        found = cls.model_validate(title)
        found.in_stock = in_stock or []
        if title.material is not None and title.material.status == "published":
            found.material_slug = title.material.slug
            if title.material.cover:
                found.cover_path = cover_path(title.material.cover)
        return found


class ReceiveIn(BaseModel):
    """Copies that came from the printer or another store."""

    model_config = ConfigDict(extra="forbid")

    act: Literal["received"] = "received"
    title_id: uuid.UUID
    store: Store
    copies: Copies


class WriteOffIn(BaseModel):
    """Copies that can no longer be given out."""

    model_config = ConfigDict(extra="forbid")

    act: Literal["written-off"] = "written-off"
    title_id: uuid.UUID
    store: Store
    copies: Copies
    reason: Reason


class CountIn(BaseModel):
    """What was counted on the shelf, and why the books were wrong."""

    model_config = ConfigDict(extra="forbid")

    act: Literal["counted"] = "counted"
    title_id: uuid.UUID
    store: Store
    counted: Counted
    reason: Reason


class ShelfIn(BaseModel):
    """Where a title stands in a store, and from how few free copies on staff are warned."""

    model_config = ConfigDict(extra="forbid")

    shelf: Shelf = ""
    low_at: Counted = 10


class StockOut(BaseModel):
    """A title in a store."""

    model_config = ConfigDict(from_attributes=True)

    title_id: uuid.UUID
    store: str
    on_hand: int
    reserved: int
    free: int
    shelf: str
    low_at: int

    @property
    def is_low(self) -> bool:
        """Whether staff are to be warned."""
        return self.free <= self.low_at


class MovementOut(BaseModel):
    """A line of the ledger."""

    model_config = ConfigDict(from_attributes=True)

    id: uuid.UUID
    title_id: uuid.UUID
    store: str
    kind: MovementKind
    copies: int
    on_hand: int
    reserved: int
    order_id: uuid.UUID | None
    reason: str | None
    by_name: str | None
    at: datetime
