"""One message to one address, and the states it goes through."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Mapped, mapped_column, validates

from services.chassis.database import Sealed, new_id
from services.notifications.database import Base

Lane = Literal["urgent", "transactional", "bulk"]
# How often a digest goes, and the lane in which a message waits for it: no worker empties these.
Digest = Literal["daily", "weekly"]
DIGEST_LANES: dict[Digest, str] = {"daily": "digest-daily", "weekly": "digest-weekly"}
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

# Who did not get a message, or may not have got it.
MISSED: tuple[State, ...] = (
    "bounced",
    "failed",
    "suppressed",
    "expired",
    "cancelled",
    "unknown",
)

# What an address no longer gets once its owner has stopped broadcasts.
STOPPABLE = ("broadcast", "digest")

# Which state may follow which. A state without followers is the end.
MOVES: dict[str, frozenset[str]] = {
    # Delivered or bounced: a receipt for an earlier attempt came while the next one waited.
    "pending": frozenset({"sending", "suppressed", "expired", "cancelled", "delivered", "bounced"}),
    # Back to pending: the server asked to try later, or the worker died before handing over.
    "sending": frozenset(
        {
            "pending",
            "accepted",
            # A provider's receipt may be faster than our note of its answer.
            "delivered",
            "bounced",
            "failed",
            "suppressed",
            "expired",
            "cancelled",
            "unknown",
        }
    ),
    "accepted": frozenset({"delivered", "bounced", "failed"}),
    "delivered": frozenset(),
    "bounced": frozenset(),
    "failed": frozenset(),
    "suppressed": frozenset(),
    "expired": frozenset(),
    "cancelled": frozenset(),
    # Handed over, and no answer came: it may have arrived. An emergency goes once more by itself,
    # anything else when a person says so (:mod:`.unknown`).
    "unknown": frozenset({"accepted", "delivered", "bounced", "failed", "pending"}),
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
        sender: which relay or provider took it last, by its name in the settings.
        history: what happened, oldest first: ``{"at", "state", "reply", "sender"}``, without
            personal data.
        sent_at: when the server accepted it.
        again_at: while ``unknown``: when it goes once more by itself, as an emergency does.
        repeated: it was sent once more after it had been ``unknown``, so two copies may arrive.
        digest_id: the digest mail that carries this message, whose fate it shares: a trigger of
            the database gives it every state that the digest gets.
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
            "ix_deliveries_expiring",
            "expires_at",
            postgresql_where=sa.text("state = 'pending' AND expires_at IS NOT NULL"),
        ),
        sa.Index("ix_deliveries_unknown", "lane", postgresql_where=sa.text("state = 'unknown'")),
        sa.Index("ix_deliveries_broadcast_state", "broadcast_id", "state"),
        # Broadcasts are most of the rows, and have none: each change of a row writes its indexes.
        sa.Index(
            "ix_deliveries_registration_id",
            "registration_id",
            postgresql_where=sa.text("registration_id IS NOT NULL"),
        ),
        sa.Index(
            "ix_deliveries_question_id",
            "question_id",
            postgresql_where=sa.text("question_id IS NOT NULL"),
        ),
        sa.Index(
            "ix_deliveries_order_id", "order_id", postgresql_where=sa.text("order_id IS NOT NULL")
        ),
        sa.Index("ix_deliveries_planned_at", "planned_at", "id"),
        sa.Index(
            "ix_deliveries_sender_sent_at",
            "sender",
            "sent_at",
            postgresql_where=sa.text("sent_at IS NOT NULL"),
        ),
        # Everything that ever went to an address: the search, the cap on routine broadcasts.
        sa.Index("ix_deliveries_address_hash", "address_hash", "planned_at"),
        # Text messages of which no receipt has come (inbound/asking.py).
        sa.Index(
            "ix_deliveries_sms_open",
            "planned_at",
            postgresql_where=sa.text("channel = 'sms' AND state IN ('accepted', 'unknown')"),
        ),
        sa.Index(
            "ix_deliveries_digest_id",
            "digest_id",
            postgresql_where=sa.text("digest_id IS NOT NULL"),
        ),
        sa.Index(
            "ix_deliveries_provider_id",
            "provider_id",
            postgresql_where=sa.text("provider_id IS NOT NULL"),
        ),
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
    order_id: Mapped[uuid.UUID | None]
    question_id: Mapped[uuid.UUID | None]
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
    sender: Mapped[str | None]
    history: Mapped[list[dict[str, Any]]] = mapped_column(
        postgresql.JSONB, default=list, server_default="[]"
    )
    again_at: Mapped[datetime | None]
    repeated: Mapped[bool] = mapped_column(server_default=sa.false(), default=False)
    digest_id: Mapped[uuid.UUID | None]
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


def happened(at: datetime, state: str, reply: str | None, sender: str | None) -> dict[str, Any]:
    """One entry of :attr:`Delivery.history`; ``reply`` without personal data."""
    return {
        "at": at.isoformat(),
        "state": state,
        "reply": reply or "",
        "sender": sender or "",
    }


def may_move(state: str) -> list[str]:
    """The states from which a delivery may come to ``state``, for the WHERE of an UPDATE."""
    return [before for before, followers in MOVES.items() if state in followers]
