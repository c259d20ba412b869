"""A message that came back, as it came, and what was made of it."""

from __future__ import annotations

import uuid
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.chassis.database import Sealed, new_id
from services.notifications.database import Base

KINDS = (
    "hard",
    "soft",
    "refused",
    "underway",
    "delivered",
    "complaint",
    "auto-reply",
    "unclear",
)

# What proves which message a report is about: nobody can make these up without having got it.
PROOFS = ("return-path", "message-id")


class ReturnedMessage(Base):
    """One message to a return address. It goes after ``LINGBAO_RETURNS_DAYS``, row and all.

    Attributes:
        via: by which door it came: ``mail`` (SMTP or LMTP), ``imap`` or ``webhook``.
        recipient: the address that it was sent to, where the door says so, sealed.
        raw: the message; bytes as Latin-1 text, sealed. Of a very large one the beginning.
        raw_hash: keyed hash of ``raw``, unique: the same message handed in twice is one.
        size: bytes of the whole message.
        handled_at: when it was read and acted on; ``None`` while it waits for that.
        kind: one of :data:`KINDS`: dead address, full or busy mailbox, refused for another reason,
            still on its way, arrived, complaint, absence note, not understood.
        status: its enhanced status code (RFC 3463), such as ``5.1.1``.
        reply: what the foreign server said, without personal data.
        proof: how we know which message it is about: ``return-path`` (its address has our MAC) or
            ``message-id`` (it has our message's id). ``recipient`` proves nothing: anybody can
            write a report about anybody's address, so it changes nothing.
        delivery_id: that message; ``district`` as in the delivery.
        address: whose mailbox it is about, sealed, with its keyed hash.
        effect: what it changed: ``suppressed``, ``failed``, ``delivered``, ``unsubscribed`` or
            ``none``.
        undone_at: when staff took back what it did to the address; it counts no longer.
    """

    __tablename__ = "returned_messages"
    __table_args__ = (
        sa.Index(
            "ix_returned_messages_waiting",
            "id",
            postgresql_where=sa.text("handled_at IS NULL"),
        ),
        sa.Index("ix_returned_messages_kind", "kind", "id"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    via: Mapped[str]
    recipient: Mapped[str | None] = mapped_column(Sealed)
    raw: Mapped[str] = mapped_column(Sealed)
    raw_hash: Mapped[str] = mapped_column(unique=True)
    size: Mapped[int]
    received_at: Mapped[datetime] = mapped_column(server_default=sa.func.now(), index=True)
    handled_at: Mapped[datetime | None]
    kind: Mapped[str | None]
    status: Mapped[str | None]
    reply: Mapped[str | None]
    proof: Mapped[str | None]
    delivery_id: Mapped[uuid.UUID | None] = mapped_column(index=True)
    district: Mapped[str | None]
    address: Mapped[str | None] = mapped_column(Sealed)
    address_hash: Mapped[str | None] = mapped_column(index=True)
    effect: Mapped[str] = mapped_column(default="none", server_default="none")
    undone_at: Mapped[datetime | None]
