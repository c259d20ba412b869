"""The codes that were sent to verify a contact."""

from __future__ import annotations

import uuid
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.chassis.database import new_id
from services.registration.database import Base


class ContactCode(Base):
    """One code that was sent for one registration; the newest is the one that counts.

    ``code_hash`` and ``contact_hash`` are keyed, so that neither code nor address can be read or
    guessed from the table. ``wrong``: how often another code was typed instead of this one.
    """

    __tablename__ = "contact_codes"
    __table_args__ = (
        sa.CheckConstraint("channel IN ('email', 'sms')", name="channel"),
        sa.Index("ix_contact_codes_registration_id_sent_at", "registration_id", "sent_at"),
        sa.Index("ix_contact_codes_contact_hash_sent_at", "contact_hash", "sent_at"),
        sa.Index("ix_contact_codes_sent_at", "sent_at"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    registration_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("registrations.id", ondelete="CASCADE")
    )
    channel: Mapped[str]
    contact_hash: Mapped[str]
    code_hash: Mapped[str]
    wrong: Mapped[int] = mapped_column(default=0, server_default="0")
    sent_at: Mapped[datetime]
