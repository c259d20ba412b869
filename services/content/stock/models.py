"""The tables of stock: titles, what lies in each store, and every movement that led there."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Final, Literal, get_args

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from services.chassis.database import Sealed, new_id
from services.chassis.i18n import Lazy, lazy
from services.content.database import Base
from services.content.materials.models import Material

TitleKind = Literal["book", "brochure", "checklist", "other"]
MovementKind = Literal[
    "received", "reserved", "released", "sent", "returned", "counted", "written-off"
]

TITLE_KINDS: Final[dict[str, Lazy]] = {
    "book": lazy("Book"),
    "brochure": lazy("Brochure"),
    "checklist": lazy("Checklist"),
    "other": lazy("Other printed matter"),
}
MOVEMENT_NAMES: Final[dict[str, Lazy]] = {
    "received": lazy("Received"),
    "reserved": lazy("Kept for an order"),
    "released": lazy("Given free again"),
    "sent": lazy("Sent out"),
    "returned": lazy("Came back"),
    "counted": lazy("Counted"),
    "written-off": lazy("Written off"),
}


def _one_of(column: str, values: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(repr(value) for value in values)})"


class Title(Base):
    """A printed thing that can be ordered: a material of the library, or one of its own.

    Attributes:
        district: the office that looks after its description; ``None`` is the city's.
        languages: what it is printed in (BCP 47).
        most_each: how many copies one person may have within ``per_days`` days.
        offered: whether it stands in the public catalogue.
    """

    __tablename__ = "titles"
    __table_args__ = (
        sa.CheckConstraint(_one_of("kind", get_args(TitleKind)), "kind"),
        sa.CheckConstraint("most_each >= 1 AND per_days BETWEEN 1 AND 365", "limits"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    version: Mapped[int] = mapped_column(default=1)
    slug: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    title: Mapped[dict[str, str]]
    summary: Mapped[dict[str, str]]
    languages: Mapped[list[str]]
    material_id: Mapped[uuid.UUID | None] = mapped_column(
        sa.ForeignKey("materials.id"), unique=True
    )
    district: Mapped[str | None]
    most_each: Mapped[int]
    per_days: Mapped[int]
    offered: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())

    material: Mapped[Material | None] = relationship(viewonly=True)


class Stock(Base):
    """How many copies of a title lie in a store (``on_hand``), and how many of them are promised.

    What is free is the difference. The checks are the last word: no code can promise or send what
    is not there. Rows change only in :mod:`.moving`, each time with a line in the ledger.

    Attributes:
        shelf: where it stands, as the people of the store call the place.
        low_at: staff are warned once so few copies or fewer are free.
    """

    __tablename__ = "stock"
    __table_args__ = (
        sa.CheckConstraint("on_hand >= 0", "on_hand"),
        sa.CheckConstraint("reserved >= 0 AND reserved <= on_hand", "reserved"),
    )

    title_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("titles.id"), primary_key=True)
    store: Mapped[str] = mapped_column(primary_key=True)
    on_hand: Mapped[int] = mapped_column(default=0)
    reserved: Mapped[int] = mapped_column(default=0)
    shelf: Mapped[str] = mapped_column(default="", server_default="")
    low_at: Mapped[int] = mapped_column(default=10, server_default="10")

    @property
    def free(self) -> int:
        """Copies that may still be ordered."""
        return self.on_hand - self.reserved


class Movement(Base):
    """One line of the ledger. The lines of a store and title add up to its row in ``stock``.

    Attributes:
        copies: how many it was about.
        on_hand, reserved: by how much each of the two changed.
        order_id: the order that it belongs to.
        reason: why, in a stocktake or when something is written off.
        by_name: which member of staff; ``None`` for what follows from somebody's order.
    """

    __tablename__ = "stock_movements"
    __table_args__ = (
        sa.CheckConstraint(_one_of("kind", get_args(MovementKind)), "kind"),
        sa.ForeignKeyConstraint(["title_id", "store"], ["stock.title_id", "stock.store"]),
        sa.Index("ix_stock_movements_title_id", "title_id", "store", "id"),
        sa.Index("ix_stock_movements_at", "at"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    title_id: Mapped[uuid.UUID]
    store: Mapped[str]
    kind: Mapped[str]
    copies: Mapped[int]
    on_hand: Mapped[int]
    reserved: Mapped[int]
    order_id: Mapped[uuid.UUID | None]
    reason: Mapped[str | None]
    by_name: Mapped[str | None] = mapped_column(Sealed)
    at: Mapped[datetime] = mapped_column(server_default=sa.func.now())
