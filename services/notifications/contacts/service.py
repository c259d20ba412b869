"""Keeping contacts as bookings and registrations make them known, and who is not written to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from services.chassis.crypto import fingerprint, fingerprints
from services.chassis.database import new_id, utc_now
from services.chassis.events import publish
from services.notifications.consents import service as consents
from services.notifications.contacts.models import Contact, Suppression, Trip, Unsubscribe
from services.notifications.delivery.models import Channel, Delivery
from services.notifications.preferences.events import PreferenceChanged
from services.notifications.trips.schedule import schedule_packs


@dataclass(frozen=True)
class Stay:
    """A trip: country (ISO 3166-1 alpha-2), first and last day abroad (``None``: not known)."""

    country: str
    departs_on: date
    returns_on: date | None


@dataclass(frozen=True)
class Known:
    """What an event tells about somebody we may write to; see :class:`Contact` for each."""

    source: str
    language: str
    email: str | None
    phone: str | None
    districts: Sequence[str]
    countries: Sequence[str]
    topics: Sequence[str]
    reachable: bool
    wants_broadcasts: bool = False
    consents: dict[str, Any] = field(default_factory=dict)
    name: str | None = None
    organisation_kind: str | None = None
    organisation: str | None = None
    relays_for: int | None = None
    trips: Sequence[Stay] = ()


def address_hash(address: str) -> str:
    """The keyed hash by which an address is recognised, whatever the case of its letters."""
    return fingerprint(address.casefold())


def address_hashes(address: str) -> list[str]:
    """The hash under every configured key, newest first: look up with all of them."""
    return fingerprints(address.casefold())


def keep(session: Session, known: Known) -> Contact:
    """Make the contact of ``known.source``, or bring it up to date."""
    contact = session.scalar(sa.select(Contact).where(Contact.source == known.source))
    if contact is None:
        contact = Contact(source=known.source)
        session.add(contact)
    contact.language = known.language
    contact.email = known.email
    contact.email_hash = address_hash(known.email) if known.email else None
    contact.phone = known.phone
    contact.phone_hash = address_hash(known.phone) if known.phone else None
    contact.districts = list(known.districts)
    contact.countries = list(known.countries)
    contact.topics = list(known.topics)
    contact.name = known.name
    contact.organisation_kind = known.organisation_kind
    contact.organisation = known.organisation
    contact.relays_for = known.relays_for
    contact.trips = [
        Trip(country=stay.country, departs_on=stay.departs_on, returns_on=stay.returns_on)
        for stay in known.trips
    ]
    contact.consents = known.consents
    contact.wants_broadcasts = known.wants_broadcasts
    contact.reachable = known.reachable
    contact.updated_at = utc_now()
    session.flush()
    if known.trips:
        schedule_packs(session, contact, contact.updated_at)
    return contact


def holder_of(session: Session, channel: str, address: str) -> Contact | None:
    """The contact that the holder of an address made there, if there is one."""
    hashed = Contact.email_hash if channel == "email" else Contact.phone_hash
    return session.scalar(
        sa.select(Contact).where(Contact.holder == channel, hashed.in_(address_hashes(address)))
    )


def suppress(session: Session, channel: str, address: str, reason: str) -> None:
    """Send nothing to an address from now on. Saying it twice changes nothing."""
    if not is_suppressed(session, channel, address):
        _note(session, Suppression, channel, address, reason=reason)


def release(session: Session, channel: str, address: str) -> str | None:
    """Let messages go to a suppressed address again.

    Returns:
        For which reason it was suppressed; ``None`` when it was not.
    """
    gone = session.scalars(
        sa.delete(Suppression)
        .where(*_about(Suppression, channel, address))
        .returning(Suppression.reason)
    )
    return next(iter(gone.all()), None)


def is_suppressed(session: Session, channel: str, address: str) -> bool:
    """Whether nothing may be sent to an address."""
    return _noted(session, Suppression, channel, address)


def suppressed(session: Session, addresses: Sequence[tuple[str, str]]) -> set[tuple[str, str]]:
    """Of many ``(channel, address)``, those that nothing may be sent to."""
    hashes = {address: address_hashes(address) for _, address in addresses}
    found = session.execute(
        sa.select(Suppression.channel, Suppression.address_hash).where(
            Suppression.address_hash.in_({one for every in hashes.values() for one in every})
        )
    )
    dead = {(row.channel, row.address_hash) for row in found}
    return {
        (channel, address)
        for channel, address in addresses
        if any((channel, one) in dead for one in hashes[address])
    }


def unsubscribe(
    session: Session, channel: str, address: str, *, source: str = "unsubscribe"
) -> None:
    """Send no broadcasts to an address from now on, those that wait for their turn included.

    Saying it twice changes nothing.

    Args:
        source: where it was said, for the history of consents.
    """
    if not is_unsubscribed(session, channel, address):
        _note(session, Unsubscribe, channel, address)
        _tell(session, channel, address, receives=False, source=source)
    session.execute(
        sa.update(Delivery)
        .where(
            Delivery.kind == "broadcast",
            Delivery.state == "pending",
            Delivery.channel == channel,
            Delivery.address_hash.in_(address_hashes(address)),
        )
        .values(state="suppressed", last_reply="The person has stopped broadcasts.")
        .execution_options(synchronize_session=False)
    )


def is_unsubscribed(session: Session, channel: str, address: str) -> bool:
    """Whether the owner of an address asked for no more broadcasts."""
    return _noted(session, Unsubscribe, channel, address)


def subscribe_again(
    session: Session, channel: str, address: str, *, source: str = "unsubscribe"
) -> None:
    """Let broadcasts come to an address again. Those held back stay held back."""
    if is_unsubscribed(session, channel, address):
        session.execute(sa.delete(Unsubscribe).where(*_about(Unsubscribe, channel, address)))
        _tell(session, channel, address, receives=True, source=source)


def _tell(session: Session, channel: str, address: str, *, receives: bool, source: str) -> None:
    for what in consents.EVERYTHING:
        consents.record(
            session,
            channel=channel,
            address=address,
            what=what,
            given=receives,
            version=consents.VERSION,
            source=source,
        )
    holder = holder_of(session, channel, address)
    publish(
        session,
        PreferenceChanged(
            subject_id=new_id(),
            version=1,
            contact_id=holder.id if holder else None,
            channel=as_channel(channel),
            changed=["consent"],
            receives=receives,
        ),
    )


def as_channel(channel: str) -> Channel:
    """A stored channel as the type of those there are."""
    return "email" if channel == "email" else "sms"


def _about(
    table: type[Suppression | Unsubscribe], channel: str, address: str
) -> tuple[sa.ColumnElement[bool], ...]:
    return table.channel == channel, table.address_hash.in_(address_hashes(address))


def _noted(
    session: Session, table: type[Suppression | Unsubscribe], channel: str, address: str
) -> bool:
    return bool(session.scalar(sa.select(sa.exists().where(*_about(table, channel, address)))))


def _note(
    session: Session,
    table: type[Suppression | Unsubscribe],
    channel: str,
    address: str,
    **more: str,
) -> None:
    session.execute(
        postgresql.insert(table)
        .values(channel=channel, address_hash=address_hash(address), address=address, **more)
        .on_conflict_do_nothing()
    )
