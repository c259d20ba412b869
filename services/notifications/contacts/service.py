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
from services.chassis.database import utc_now
from services.notifications.contacts.models import Contact, Suppression, Unsubscribe


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
    organisation_kind: str | None = None
    departs_on: date | None = None
    returns_on: date | None = None


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
    contact.organisation_kind = known.organisation_kind
    contact.departs_on = known.departs_on
    contact.returns_on = known.returns_on
    contact.consents = known.consents
    contact.wants_broadcasts = known.wants_broadcasts
    contact.reachable = known.reachable
    contact.updated_at = utc_now()
    session.flush()
    return contact


def suppress(session: Session, channel: str, address: str, reason: str) -> None:
    """Send nothing to an address from now on. Saying it twice changes nothing."""
    if not is_suppressed(session, channel, address):
        _note(session, Suppression, channel, address, reason=reason)


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


def unsubscribe(session: Session, channel: str, address: str) -> None:
    """Send no broadcasts to an address from now on. Saying it twice changes nothing."""
    if not is_unsubscribed(session, channel, address):
        _note(session, Unsubscribe, channel, address)


def is_unsubscribed(session: Session, channel: str, address: str) -> bool:
    """Whether the owner of an address asked for no more broadcasts."""
    return _noted(session, Unsubscribe, channel, address)


def subscribe_again(session: Session, channel: str, address: str) -> None:
    """Let broadcasts come to an address again."""
    session.execute(sa.delete(Unsubscribe).where(*_about(Unsubscribe, channel, address)))


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
