"""Forgetting a person when registration says so: their data goes, the counts stay."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.chassis.events import Envelope
from services.notifications.contacts.models import Contact
from services.notifications.contacts.service import address_hashes
from services.notifications.delivery.models import Delivery
from services.notifications.delivery.service import call_off
from services.notifications.links.service import KIND as LINKS
from services.notifications.reminders.models import RegistrationSeen, Reminder
from services.notifications.reminders.schemas import ErasedTold


def on_erased(session: Session, told: ErasedTold, _envelope: Envelope) -> None:
    """Erase our copies of a registration's personal data, and send it nothing more."""
    _forget(session, f"registration/{told.subject_id}", Delivery.registration_id == told.subject_id)
    session.execute(sa.delete(Reminder).where(Reminder.registration_id == told.subject_id))
    session.execute(sa.delete(RegistrationSeen).where(RegistrationSeen.id == told.subject_id))


def on_booking_erased(session: Session, told: ErasedTold, _envelope: Envelope) -> None:
    """Erase our copies of a booking's personal data, and send it nothing more."""
    _forget(session, f"booking/{told.subject_id}", Delivery.booking_id == told.subject_id)


def _forget(session: Session, source: str, own: sa.ColumnElement[bool]) -> None:
    """Forget a contact and where its deliveries went.

    Deliveries stay, without address and text, so that what was sent still adds up. That an address
    is suppressed or unsubscribed is kept: it says that nobody may write there.
    """
    contact = session.scalar(sa.select(Contact).where(Contact.source == source))
    if contact is not None:
        hashes = [
            one
            for address in (contact.email, contact.phone)
            if address
            for one in address_hashes(address)
        ]
        links = sa.and_(Delivery.kind == LINKS, Delivery.address_hash.in_(hashes))
        own = sa.or_(own, Delivery.contact_id == contact.id, links)
        session.delete(contact)
    call_off(session, [own])
    unlike = sa.func.concat("erased/", sa.cast(Delivery.id, sa.Text))
    session.execute(
        sa.update(Delivery)
        .where(own)
        # Broadcasts write to each hash once, and every key is unique: those of nobody must differ.
        .values(address="", address_hash=unlike, dedupe_key=unlike, context=None, provider_id=None)
        .execution_options(synchronize_session=False)
    )
