"""Contacts, and the addresses that must not be written to."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.chassis.database import Sealed, new_id
from services.notifications.database import Base


class Contact(Base):
    """One way in which somebody gave us an address: a registration or a booking.

    Two contacts with the same typed address stay two: an address that somebody typed proves
    nothing about who they are. Broadcasts write to each *address* once.

    Attributes:
        source: what made it: ``registration/<id>`` or ``booking/<id>``.
        email_hash: keyed hash of the address, for equality
            (:func:`services.chassis.crypto.fingerprint`); ``phone_hash`` alike.
        districts: GB/T 2260 codes that this contact is interested in; ``countries`` ISO 3166-1,
            ``topics`` as in the chassis's reference data.
        departs_on: first day abroad in ``countries``, when a booking said so.
        returns_on: last day abroad.
        wants_broadcasts: agreed to receive advisories (the consent ``advisories``).
        reachable: may be written to in an emergency: takes part in something of ours and has not
            taken it back, or agreed to receive advisories.
    """

    __tablename__ = "contacts"
    __table_args__ = (
        sa.Index("ix_contacts_districts", "districts", postgresql_using="gin"),
        sa.Index("ix_contacts_countries", "countries", postgresql_using="gin"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    source: Mapped[str] = mapped_column(unique=True)
    language: Mapped[str]
    email: Mapped[str | None] = mapped_column(Sealed)
    email_hash: Mapped[str | None] = mapped_column(index=True)
    phone: Mapped[str | None] = mapped_column(Sealed)
    phone_hash: Mapped[str | None] = mapped_column(index=True)
    districts: Mapped[list[str]]
    countries: Mapped[list[str]]
    topics: Mapped[list[str]]
    organisation_kind: Mapped[str | None]
    departs_on: Mapped[date | None]
    returns_on: Mapped[date | None]
    consents: Mapped[dict[str, Any]]
    wants_broadcasts: Mapped[bool]
    reachable: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())


class Unsubscribe(Base):
    """An address whose owner asked for no more broadcasts on a channel (``email`` or ``sms``).

    Attributes:
        address_hash: keyed hash of ``address``, which is kept so that it can be hashed under
            another key.
    """

    __tablename__ = "unsubscribes"

    channel: Mapped[str] = mapped_column(primary_key=True)
    address_hash: Mapped[str] = mapped_column(primary_key=True)
    address: Mapped[str] = mapped_column(Sealed)
    since: Mapped[datetime] = mapped_column(server_default=sa.func.now())


class Suppression(Base):
    """An address that nothing is sent to: it does not exist, or its owner complained.

    ``address_hash`` and ``address`` as in :class:`Unsubscribe`.
    """

    __tablename__ = "suppressions"

    channel: Mapped[str] = mapped_column(primary_key=True)
    address_hash: Mapped[str] = mapped_column(primary_key=True)
    address: Mapped[str] = mapped_column(Sealed)
    reason: Mapped[str]
    since: Mapped[datetime] = mapped_column(server_default=sa.func.now())
