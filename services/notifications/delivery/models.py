"""One message to one address, and the states it goes through."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Literal

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, validates

from services.chassis.database import Sealed, new_id
from services.notifications.database import Base

Lane = Literal["urgent", "transactional", "bulk"]
Channel = Literal["email", "sms"]
State = Literal[
    "pending",
    "sending",
    "accepted",
    "delivered",
    "bounced",
    "failed",
    "suppressed",
    "expired",
    "cancelled",
    "unknown",
]

LANES: tuple[Lane, ...] = ("urgent", "transactional", "bulk")
CHANNELS: tuple[Channel, ...] = ("email", "sms")
STATES: tuple[State, ...] = (
    "pending",
    "sending",
    "accepted",
    "delivered",
    "bounced",
    "failed",
    "suppressed",
    "expired",
    "cancelled",
    "unknown",
)

# Which state may follow which. A state without followers is the end.
MOVES: dict[str, frozenset[str]] = {
    "pending": frozenset({"sending", "suppressed", "expired", "cancelled"}),
    # Back to pending: the server asked to try later, or the worker died before handing over.
    "sending": frozenset(
        {
            "pending",
            "accepted",
            "bounced",
            "failed",
            "suppressed",
            "expired",
            "cancelled",
            "unknown",
        }
    ),
    "accepted": frozenset({"delivered", "bounced"}),
    "delivered": frozenset(),
    "bounced": frozenset(),
    "failed": frozenset(),
    "suppressed": frozenset(),
    "expired": frozenset(),
    "cancelled": frozenset(),
    # Handed over, and no answer came: it may have arrived, so it is never sent again.
    "unknown": frozenset({"accepted", "delivered", "bounced"}),
}


class IllegalMove(Exception):
    """A delivery was about to go from one state to another that cannot follow it."""


class Delivery(Base):
    """One message to one address.

    Attributes:
        lane: which worker sends it.
        kind: which message it is; :mod:`services.notifications.messages` writes it.
        dedupe_key: made of stable ids where the delivery is planned; unique, so that planning
            twice sends once.
        address: where to, sealed; ``address_hash`` its keyed hash.
        due_at: not sent before.
        expires_at: not sent from then on; a late safety reminder misleads.
        lease_until: while ``sending``: until when its worker may be trusted to be alive.
        handed_over: the worker may have begun to give it to the server.
        attempts: how often it was claimed.
        last_reply: what the server said last, without personal data.
        provider_id: the server's own reference, when it gave one.
        sent_at: when the server accepted it.
        context: JSON that its text needs and that is not read again elsewhere, sealed.
    """

    __tablename__ = "deliveries"
    __table_args__ = (
        sa.Index(
            "uq_deliveries_broadcast_address",
            "broadcast_id",
            "channel",
            "address_hash",
            unique=True,
            postgresql_where=sa.text("broadcast_id IS NOT NULL AND kind = 'broadcast'"),
        ),
        sa.Index(
            "ix_deliveries_pending",
            "lane",
            "broadcast_id",
            "due_at",
            postgresql_where=sa.text("state = 'pending'"),
        ),
        sa.Index(
            "ix_deliveries_lease", "lease_until", postgresql_where=sa.text("state = 'sending'")
        ),
        sa.Index(
            "ix_deliveries_expiring", "expires_at", postgresql_where=sa.text("state = 'pending'")
        ),
        sa.Index("ix_deliveries_unknown", "lane", postgresql_where=sa.text("state = 'unknown'")),
        sa.Index("ix_deliveries_broadcast_state", "broadcast_id", "state"),
        sa.Index("ix_deliveries_registration_id", "registration_id"),
        sa.Index("ix_deliveries_planned_at", "planned_at", "id"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    lane: Mapped[str]
    kind: Mapped[str]
    channel: Mapped[str]
    dedupe_key: Mapped[str] = mapped_column(unique=True)
    contact_id: Mapped[uuid.UUID | None]
    registration_id: Mapped[uuid.UUID | None]
    broadcast_id: Mapped[uuid.UUID | None]
    booking_id: Mapped[uuid.UUID | None]
    district: Mapped[str | None]
    address: Mapped[str] = mapped_column(Sealed)
    address_hash: Mapped[str]
    language: Mapped[str]
    state: Mapped[str] = mapped_column(server_default="pending")
    due_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())
    expires_at: Mapped[datetime | None]
    lease_until: Mapped[datetime | None]
    handed_over: Mapped[bool] = mapped_column(server_default=sa.false())
    attempts: Mapped[int] = mapped_column(server_default="0")
    last_reply: Mapped[str | None]
    provider_id: Mapped[str | None]
    planned_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())
    sent_at: Mapped[datetime | None]
    context: Mapped[str | None] = mapped_column(Sealed)

    @validates("state")
    def _may_follow(self, _name: str, state: str) -> str:
        """Refuse an illegal move.

        Raises:
            IllegalMove: ``state`` cannot follow the present one.
        """
        if self.state and state != self.state and state not in MOVES[self.state]:
            raise IllegalMove(f"A delivery that is {self.state} cannot become {state}.")
        return state


def may_move(state: str) -> list[str]:
    """The states from which a delivery may come to ``state``, for the WHERE of an UPDATE."""
    return [before for before, followers in MOVES.items() if state in followers]
