"""Contacts and their trips, and the addresses that must not be written to."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from services.chassis.database import Sealed, new_id
from services.notifications.database import Base


class Contact(Base):
    """One way in which we got an address: a registration, a booking, a subscription, a list.

    Two contacts with the same typed address stay two: an address that somebody typed proves
    nothing about who they are. Broadcasts write to each *address* once. What the *holder* of an
    address has said about it, by a link that was sent there, counts alone: then the districts,
    countries and topics of other contacts with that address choose nothing any more.

    Attributes:
        source: what made it: ``registration/<id>``, ``booking/<id>``, ``subscription/<id>`` or
            ``import/<id>/<row>``.
        holder: the channel (``email`` or ``sms``) whose address made this contact and proved it;
            ``None`` for what somebody typed. One for each address and channel.
        name: how to greet them, when it is known.
        organisation: the school's or company's name, when the contact speaks for one.
        relays_for: for how many people this contact receives and passes on; ``None`` for itself.
        email_verified: a link or code sent there came back; ``phone_verified`` alike.
        email_hash: keyed hash of the address, for equality
            (:func:`services.chassis.crypto.fingerprint`); ``phone_hash`` alike.
        districts: GB/T 2260 codes that this contact is interested in; ``countries`` ISO 3166-1,
            ``topics`` as in the chassis's reference data.
        digest: ``at-once``, or routine broadcasts gathered ``daily`` or ``weekly``.
        paused_until: no routine or important broadcasts before this moment (UTC).
        on_drill_list: drills reach this contact.
        wants_broadcasts: agreed to receive advisories (the consent ``advisories``).
        reachable: may be written to in an emergency: takes part in something of ours and has not
            taken it back, or agreed to receive advisories.
    """

    __tablename__ = "contacts"
    __table_args__ = (
        sa.Index("ix_contacts_districts", "districts", postgresql_using="gin"),
        sa.Index("ix_contacts_countries", "countries", postgresql_using="gin"),
        sa.Index(
            "uq_contacts_holder_email",
            "email_hash",
            unique=True,
            postgresql_where=sa.text("holder = 'email'"),
        ),
        sa.Index(
            "uq_contacts_holder_sms",
            "phone_hash",
            unique=True,
            postgresql_where=sa.text("holder = 'sms'"),
        ),
        sa.CheckConstraint("holder IN ('email', 'sms')", name="holder_known"),
        sa.CheckConstraint("digest IN ('at-once', 'daily', 'weekly')", name="digest_known"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    source: Mapped[str] = mapped_column(unique=True)
    holder: Mapped[str | None]
    name: Mapped[str | None] = mapped_column(Sealed)
    language: Mapped[str]
    email: Mapped[str | None] = mapped_column(Sealed)
    email_hash: Mapped[str | None] = mapped_column(index=True)
    phone: Mapped[str | None] = mapped_column(Sealed)
    phone_hash: Mapped[str | None] = mapped_column(index=True)
    districts: Mapped[list[str]]
    countries: Mapped[list[str]]
    topics: Mapped[list[str]]
    organisation_kind: Mapped[str | None]
    organisation: Mapped[str | None]
    relays_for: Mapped[int | None]
    email_verified: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    phone_verified: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    digest: Mapped[str] = mapped_column(default="at-once", server_default="at-once")
    paused_until: Mapped[datetime | None]
    on_drill_list: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    consents: Mapped[dict[str, Any]]
    wants_broadcasts: Mapped[bool]
    reachable: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())
    trips: Mapped[list[Trip]] = relationship(
        cascade="all, delete-orphan", passive_deletes=True, order_by="Trip.departs_on"
    )


class Trip(Base):
    """A stay abroad of a contact, from the day of departure to the day of return.

    Attributes:
        country: ISO 3166-1 alpha-2.
        returns_on: the last day abroad; ``None`` when it is not known.
    """

    __tablename__ = "trips"
    __table_args__ = (sa.Index("ix_trips_country", "country", "departs_on"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    contact_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("contacts.id", ondelete="CASCADE"), index=True
    )
    country: Mapped[str]
    departs_on: Mapped[date]
    returns_on: Mapped[date | None]


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
    __table_args__ = (sa.Index("ix_suppressions_since", "since"),)

    channel: Mapped[str] = mapped_column(primary_key=True)
    address_hash: Mapped[str] = mapped_column(primary_key=True)
    address: Mapped[str] = mapped_column(Sealed)
    reason: Mapped[str]
    since: Mapped[datetime] = mapped_column(server_default=sa.func.now())


class SuppressionAct(Base):
    """Somebody put an address on the suppression list, or took it off; kept for good.

    Attributes:
        act: ``added`` or ``undone``.
        reason: why, in the words of whoever did it.
        suppressed_for: when it was undone: the reason that stood there.
        address, address_hash: as in :class:`Unsubscribe`.
    """

    __tablename__ = "suppression_acts"
    __table_args__ = (sa.CheckConstraint("act IN ('added', 'undone')", name="act_known"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    channel: Mapped[str]
    address: Mapped[str] = mapped_column(Sealed)
    address_hash: Mapped[str] = mapped_column(index=True)
    act: Mapped[str]
    reason: Mapped[str] = mapped_column(Sealed)
    suppressed_for: Mapped[str | None]
    by_name: Mapped[str] = mapped_column(Sealed)
    at: Mapped[datetime] = mapped_column(server_default=sa.func.now())
