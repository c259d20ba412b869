"""The contact of an address's holder: found, or made the first time that the holder speaks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.chassis.crypto import fingerprint
from services.chassis.database import new_id
from services.chassis.events import publish
from services.notifications.consents import service as consents
from services.notifications.contacts.models import Contact
from services.notifications.contacts.service import (
    address_hash,
    address_hashes,
    as_channel,
    holder_of,
    is_unsubscribed,
)
from services.notifications.preferences.events import Part, PreferenceChanged

List = Literal["districts", "countries", "topics"]
LISTS: tuple[List, ...] = ("districts", "countries", "topics")


def lock_address(session: Session, address: str) -> None:
    """Let acts about one address come one after the other, until this transaction ends."""
    key = sa.func.hashtextextended(fingerprint(address.casefold()), 0)
    session.execute(sa.select(sa.func.pg_advisory_xact_lock(key)))


def hold(session: Session, channel: str, address: str, language: str) -> Contact:
    """The contact of an address's holder, locked; made when there is none.

    A new one begins with what chose broadcasts for the address until now: from now on the holder's
    contact alone does.

    Args:
        channel: ``email`` or ``sms``; the proof covers this address and no other.
        language: of a new contact.
    """
    lock_address(session, address)
    found = holder_of(session, channel, address)
    if found is not None:
        return found
    before = chosen_so_far(session, channel, address)
    hashed = address_hash(address)
    contact = Contact(
        source=f"subscription/{new_id()}",
        holder=channel,
        language=language,
        email=address if channel == "email" else None,
        email_hash=hashed if channel == "email" else None,
        email_verified=channel == "email",
        phone=address if channel == "sms" else None,
        phone_hash=hashed if channel == "sms" else None,
        phone_verified=channel == "sms",
        digest="at-once",
        consents={},
        wants_broadcasts=bool(before),
        reachable=True,
        trips=[],
        **{name: union(before, name) for name in LISTS},
    )
    session.add(contact)
    session.flush()
    return contact


def chosen_so_far(session: Session, channel: str, address: str) -> Sequence[Contact]:
    """Contacts that others or older forms made for an address, and that want broadcasts."""
    hashed = Contact.email_hash if channel == "email" else Contact.phone_hash
    return session.scalars(
        sa.select(Contact)
        .where(
            hashed.in_(address_hashes(address)),
            Contact.wants_broadcasts,
            Contact.holder.is_distinct_from(channel),
        )
        .order_by(Contact.id)
    ).all()


def union(contacts: Sequence[Contact], name: List) -> list[str]:
    """What any of several contacts chose in one list, in the order in which they chose it."""
    return list(dict.fromkeys(code for contact in contacts for code in getattr(contact, name)))


def agreed(session: Session, channel: str, address: str, version: str, source: str) -> None:
    """Write down that the holder wants safety reminders, emergencies included."""
    for what in consents.EVERYTHING:
        consents.record(
            session,
            channel=channel,
            address=address,
            what=what,
            given=True,
            version=version,
            source=source,
        )


def changed(session: Session, contact: Contact, parts: Sequence[Part], now: datetime) -> None:
    """Note that the holder's choices are new, and tell those who listen."""
    contact.updated_at = now
    session.flush()
    channel = as_channel(contact.holder or "email")
    address = contact.email if channel == "email" else contact.phone
    publish(
        session,
        PreferenceChanged(
            subject_id=new_id(),
            version=1,
            contact_id=contact.id,
            channel=channel,
            changed=list(parts),
            receives=contact.wants_broadcasts
            and not is_unsubscribed(session, channel, address or ""),
        ),
    )
