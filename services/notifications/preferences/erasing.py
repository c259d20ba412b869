"""Erasing what is known of an address, at the word of whoever reads what is sent there."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.notifications.consents import service as consents
from services.notifications.contacts.models import Contact
from services.notifications.contacts.service import address_hashes, unsubscribe
from services.notifications.delivery.models import Delivery
from services.notifications.erasing.service import forget, forget_messages
from services.notifications.inbound.models import InboundMessage
from services.notifications.preferences.links import KIND as PREFERENCES_LINK
from services.notifications.subscribing.models import KIND as SUBSCRIPTION_ASKED
from services.notifications.subscribing.models import Subscription

# What staff keep: lists that were imported, and what they entered one by one.
_LISTED: Final = ("import/", "staff/")


def forget_holder(session: Session, contact: Contact) -> None:
    """Forget a contact that the holder of an address made, and what was sent and said for it."""
    channel = contact.holder or "email"
    hashes = address_hashes((contact.email if channel == "email" else contact.phone) or "")
    forget(session, contact.source, Delivery.contact_id == contact.id)
    forget_messages(
        session,
        sa.and_(
            Delivery.channel == channel,
            Delivery.address_hash.in_(hashes),
            Delivery.kind.in_((SUBSCRIPTION_ASKED, PREFERENCES_LINK)),
        ),
    )
    consents.forget_address(session, channel, hashes)


def forget_address(session: Session, channel: str, address: str) -> None:
    """Forget everything about an address but what registrations and bookings hold.

    Goes: the holder's contact with its trips, entries of staff's lists, subscriptions that wait,
    the address in every message and in the history of consents, what was answered, texted and came
    back. Stays: how many messages went out, and that nobody may write there, because forgetting
    that would mean writing again. An entry with another address keeps that one: the proof covers
    one address.

    Args:
        channel: ``email`` or ``sms``.
        address: in full.
    """
    hashes = address_hashes(address)
    unsubscribe(session, channel, address, source="erasure")
    hashed = Contact.email_hash if channel == "email" else Contact.phone_hash
    for contact in session.scalars(sa.select(Contact).where(hashed.in_(hashes))).all():
        if contact.holder == channel or (_is_listed(contact) and not _has_both(contact)):
            forget(session, contact.source, Delivery.contact_id == contact.id)
        elif _is_listed(contact):
            _take_out(contact, channel)
    session.execute(
        sa.delete(Subscription).where(
            Subscription.channel == channel, Subscription.address_hash.in_(hashes)
        )
    )
    session.execute(
        sa.update(InboundMessage)
        .where(InboundMessage.address_hash.in_(hashes))
        .values(address=None, address_hash=None, text=None)
    )
    forget_messages(
        session,
        sa.and_(
            Delivery.channel == channel,
            Delivery.address_hash.in_(hashes),
            # Those of registrations and bookings are erased with these, by their own links.
            Delivery.registration_id.is_(None),
            Delivery.booking_id.is_(None),
        ),
    )
    consents.forget_address(session, channel, hashes)


def _is_listed(contact: Contact) -> bool:
    return contact.source.startswith(_LISTED)


def _has_both(contact: Contact) -> bool:
    return contact.email is not None and contact.phone is not None


def _take_out(contact: Contact, channel: str) -> None:
    if channel == "email":
        contact.email = contact.email_hash = None
        contact.email_verified = False
    else:
        contact.phone = contact.phone_hash = None
        contact.phone_verified = False
