"""The history of consents: rows are added and never changed."""

from __future__ import annotations

import uuid
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.chassis.database import Sealed, new_id
from services.notifications.database import Base


class Consent(Base):
    """Somebody agreed to something for one address, or took it back. The newest row counts.

    The database refuses to delete a row and to change what it says; only the address may be
    rewritten (under another key) or blanked (when the person is erased).

    Attributes:
        channel: ``email`` or ``sms``.
        address_hash: keyed hash of ``address``, for equality.
        what: ``broadcasts`` (routine and important ones) or ``emergencies``.
        given: whether it was agreed to, or taken back.
        version: of the words that the person saw.
        source: where it was said: ``registration/<id>``, ``subscription/<id>``, ``preferences``,
            ``unsubscribe``, ``sms``, ``import/<id>/<row>``, ``erasure``.
    """

    __tablename__ = "consents"
    __table_args__ = (
        sa.CheckConstraint("channel IN ('email', 'sms')", name="channel_known"),
        sa.CheckConstraint("what IN ('broadcasts', 'emergencies')", name="what_known"),
        sa.Index("ix_consents_address", "channel", "address_hash", "at"),
        sa.Index("ix_consents_source", "source"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    channel: Mapped[str]
    address: Mapped[str] = mapped_column(Sealed)
    address_hash: Mapped[str]
    what: Mapped[str]
    given: Mapped[bool]
    version: Mapped[str]
    source: Mapped[str]
    at: Mapped[datetime] = mapped_column(server_default=sa.func.clock_timestamp())
