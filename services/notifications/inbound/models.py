"""Messages from telephones, and the receipts that are still to be asked for."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Final, Literal

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.chassis.database import Sealed, new_id
from services.notifications.database import Base

Meaning = Literal["opt-out", "answer", "other"]
MEANINGS: Final = ("opt-out", "answer", "other")


class InboundMessage(Base):
    """A text message that somebody sent to us.

    Attributes:
        message_id: the provider's reference; with ``provider`` unique, so that a message told
            twice counts once.
        address: E.164, sealed, and ``text``: kept for what staff are to read (``other``) alone;
            ``address_hash`` as in the deliveries.
        meaning: ``opt-out``, ``answer`` (to a broadcast that asked) or ``other``.
        sent_at: as the provider says; ``received_at`` when we heard of it.
        seen_at: when a member of staff marked it as read; ``seen_by`` who.
    """

    __tablename__ = "inbound_messages"
    __table_args__ = (
        sa.Index("uq_inbound_messages_message_id", "provider", "message_id", unique=True),
        sa.Index("ix_inbound_messages_received_at", "received_at", "id"),
        sa.CheckConstraint("meaning IN ('opt-out', 'answer', 'other')", name="meaning_known"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    provider: Mapped[str]
    message_id: Mapped[str]
    address: Mapped[str | None] = mapped_column(Sealed)
    address_hash: Mapped[str | None]
    text: Mapped[str | None] = mapped_column(Sealed)
    meaning: Mapped[str]
    sent_at: Mapped[datetime]
    received_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())
    seen_at: Mapped[datetime | None]
    seen_by: Mapped[uuid.UUID | None]


class ReceiptAsk(Base):
    """A message whose provider has not told yet how it ended, and when to ask it.

    Attributes:
        asked: how often it was.
    """

    __tablename__ = "receipt_asks"

    delivery_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    next_at: Mapped[datetime] = mapped_column(index=True)
    asked: Mapped[int] = mapped_column(server_default="0")
