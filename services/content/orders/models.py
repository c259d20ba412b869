"""The tables of orders, of desks where they are fetched, and of what staff marked at once."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any, cast, get_args

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from services.chassis import crypto
from services.chassis.database import Sealed, new_id, utc_now
from services.chassis.i18n import lazy
from services.chassis.problems import Problem
from services.chassis.settings import settings
from services.content.database import Base
from services.content.orders.moves import MOVES, OVER, STATE_NAMES, State, Way, may
from services.content.stock.models import Title


class Desk(Base):
    """Where a community hands out what was ordered."""

    __tablename__ = "desks"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    district: Mapped[str] = mapped_column(index=True)
    name: Mapped[dict[str, str]]
    address: Mapped[dict[str, str]]
    hours: Mapped[dict[str, str]]
    is_open: Mapped[bool] = mapped_column(default=True)


class Order(Base):
    """What somebody ordered, from one store, as one parcel.

    Attributes:
        number: what stands on the label and is shown at a desk.
        store: a district's code, or ``city``.
        address_hash, phone_hash: of whom it is, for the limits per person; see :mod:`.limits`.
        reason: why it was cancelled or came back.
        history: ``{"state", "at"}`` of each move, the oldest first.
        missing_at: when the person said that it has not arrived.
        over_at: when it came to an end; its personal data goes some days later.
    """

    __tablename__ = "orders"
    __table_args__ = (
        sa.CheckConstraint(f"state IN ({', '.join(repr(state) for state in MOVES)})", name="state"),
        sa.CheckConstraint(f"way IN ({', '.join(repr(w) for w in get_args(Way))})", name="way"),
        sa.CheckConstraint("(way = 'desk') = (desk_id IS NOT NULL)", name="desk"),
        sa.CheckConstraint("(way = 'activity') = (activity_id IS NOT NULL)", name="activity"),
        sa.Index("ix_orders_store_state", "store", "state", "id"),
        sa.Index("ix_orders_phone_hash", "phone_hash"),
        sa.Index("ix_orders_address_hash", "address_hash"),
        sa.Index(
            "ix_orders_to_erase",
            "over_at",
            postgresql_where=sa.text("erased_at IS NULL AND over_at IS NOT NULL"),
        ),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    version: Mapped[int] = mapped_column(default=1)
    number: Mapped[str] = mapped_column(unique=True)
    store: Mapped[str]
    way: Mapped[str]
    state: Mapped[str] = mapped_column(default="ordered")
    language: Mapped[str]
    district: Mapped[str]
    name: Mapped[str | None] = mapped_column(Sealed)
    phone: Mapped[str | None] = mapped_column(Sealed)
    phone_hash: Mapped[str | None]
    email: Mapped[str | None] = mapped_column(Sealed)
    email_hash: Mapped[str | None] = mapped_column(index=True)
    subdistrict: Mapped[str | None] = mapped_column(Sealed)
    community: Mapped[str | None] = mapped_column(Sealed)
    address_line: Mapped[str | None] = mapped_column(Sealed)
    address_hash: Mapped[str | None]
    organisation: Mapped[str | None] = mapped_column(Sealed)
    headcount: Mapped[int | None]
    purpose: Mapped[str | None] = mapped_column(Sealed)
    desk_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("desks.id"))
    activity_id: Mapped[uuid.UUID | None]
    carrier: Mapped[str | None]
    tracking: Mapped[str | None]
    reason: Mapped[str | None] = mapped_column(Sealed)
    history: Mapped[list[dict[str, Any]]] = mapped_column(default=list)
    missing_at: Mapped[datetime | None]
    placed_at: Mapped[datetime]
    over_at: Mapped[datetime | None]
    erased_at: Mapped[datetime | None]

    lines: Mapped[list[OrderLine]] = relationship(
        back_populates="order", order_by="OrderLine.title_id", lazy="selectin"
    )
    desk: Mapped[Desk | None] = relationship(viewonly=True, lazy="selectin")

    def move(self, to: State) -> None:
        """Go to another state.

        Raises:
            Problem: 409 ``order-STATE``: no such move leads from the present state.
        """
        if not may(self.at, to, self.goes):
            raise Problem(
                409,
                f"order-{self.state}",
                lazy(
                    "This is no longer possible: the order stands at “%(state)s”.",
                    state=STATE_NAMES[self.state],
                ),
                lazy("Nothing was changed. Please look at its page for where it stands."),
            )
        self.stand(to)

    def stand(self, state: State) -> None:
        """Note that it stands at a state now, by a move or because one was taken back."""
        now = utc_now()
        self.state = state
        self.version += 1
        self.history = [*self.history, {"state": state, "at": now.isoformat()}]
        self.over_at = now if state in OVER else None

    @property
    def at(self) -> State:
        """The state as one of those that there are; the table's check holds it to them."""
        return cast("State", self.state)

    @property
    def goes(self) -> Way:
        """The way as one of those that there are; the table's check holds it to them."""
        return cast("Way", self.way)

    @property
    def copies(self) -> dict[uuid.UUID, int]:
        """How many copies of each title it is for."""
        return {line.title_id: line.copies for line in self.lines if line.copies}

    @property
    def url(self) -> str:
        """The page of whoever ordered; the link is theirs alone."""
        return f"{settings().public_url}/orders/{order_token(self.id)}"


class OrderLine(Base):
    """Copies of one title in an order.

    Attributes:
        asked: what was asked for; ``copies`` is what is given, after approval or where less was
            left.
        handed: how many were handed out at an activity.
    """

    __tablename__ = "order_lines"
    __table_args__ = (
        sa.CheckConstraint("asked >= 1 AND copies >= 0", "copies"),
        sa.CheckConstraint("handed BETWEEN 0 AND copies", "handed"),
    )

    order_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("orders.id"), primary_key=True)
    title_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("titles.id"), primary_key=True)
    asked: Mapped[int]
    copies: Mapped[int]
    handed: Mapped[int | None]

    order: Mapped[Order] = relationship(back_populates="lines")
    title: Mapped[Title] = relationship(viewonly=True, lazy="selectin")


class Batch(Base):
    """What a member of staff marked at once, so that it can be taken back for a while.

    Attributes:
        moved: of each order its id, the state it came from, and its version since.
        by_name: which member of staff.
    """

    __tablename__ = "order_batches"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    act: Mapped[str]
    moved: Mapped[list[dict[str, Any]]]
    by_id: Mapped[uuid.UUID]
    by_name: Mapped[str] = mapped_column(Sealed)
    at: Mapped[datetime]
    undone_at: Mapped[datetime | None]


class PlaceUsed(Base):
    """A sub-district or community as people wrote it; offered to others once several did."""

    __tablename__ = "places_used"

    district: Mapped[str] = mapped_column(primary_key=True)
    part: Mapped[str] = mapped_column(primary_key=True)
    name_hash: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Sealed)
    times: Mapped[int] = mapped_column(default=1, server_default="1")
    used_at: Mapped[datetime]


class OrderLinksAsked(Base):
    """An address (its keyed hash) and when it last asked for its links."""

    __tablename__ = "order_links_asked"

    address_hash: Mapped[str] = mapped_column(primary_key=True)
    asked_at: Mapped[datetime]


def order_token(order_id: uuid.UUID) -> str:
    """The signed token in the link of whoever ordered."""
    return crypto.sign_id("order", order_id)
