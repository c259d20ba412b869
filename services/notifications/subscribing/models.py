"""Subscriptions that wait to be confirmed, and how often an address was written to for it."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.chassis.database import Sealed, new_id
from services.notifications.database import Base

# The message that asks an address whether it wants to subscribe.
KIND: Final = "subscription-asked"


class Subscription(Base):
    """What somebody typed for an address; it does nothing until the address itself confirms it.

    Attributes:
        channel: ``email`` or ``sms``; ``address_hash`` is the keyed hash of ``address``.
        wishes: districts, countries, topics and trips, as in the call.
        code_hash: keyed hash of the code that went out by SMS; ``None`` for an e-mail, which has a
            link.
        wrong: how often another code was typed.
        expires_at: when the row is deleted (UTC).
        confirmed_at: when the holder of the address confirmed it; pressing again changes nothing.
    """

    __tablename__ = "subscriptions"
    __table_args__ = (
        sa.CheckConstraint("channel IN ('email', 'sms')", name="channel_known"),
        sa.Index("ix_subscriptions_address_hash", "address_hash", "asked_at"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    channel: Mapped[str]
    address: Mapped[str] = mapped_column(Sealed)
    address_hash: Mapped[str]
    language: Mapped[str]
    wishes: Mapped[dict[str, Any]]
    code_hash: Mapped[str | None]
    wrong: Mapped[int] = mapped_column(default=0, server_default="0")
    asked_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    confirmed_at: Mapped[datetime | None]


class AddressAsked(Base):
    """A message went to an address because somebody typed it; so many an hour and no more."""

    __tablename__ = "addresses_asked"
    __table_args__ = (
        sa.Index("ix_addresses_asked_address_hash", "address_hash", "asked_at"),
        sa.Index("ix_addresses_asked_sms", "asked_at", postgresql_where=sa.text("channel = 'sms'")),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    channel: Mapped[str] = mapped_column(default="email", server_default="email")
    address_hash: Mapped[str]
    asked_at: Mapped[datetime] = mapped_column(index=True)
