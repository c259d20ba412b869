"""Forgetting a person when registration says so: their data goes, the counts stay."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.chassis.events import Envelope
from services.notifications.answers import erasing as answers
from services.notifications.consents import service as consents
from services.notifications.contacts.models import Contact
from services.notifications.contacts.service import address_hashes
from services.notifications.delivery.models import Delivery
from services.notifications.delivery.service import call_off
from services.notifications.inbound.messages import forget as forget_inbound
from services.notifications.links.service import KIND as LINKS
from services.notifications.reminders.models import RegistrationSeen, Reminder
from services.notifications.reminders.schemas import ErasedTold
from services.notifications.returns import erasing as returned


def on_erased(session: Session, told: ErasedTold, _envelope: Envelope) -> None:
    """Erase our copies of a registration's personal data, and send it nothing more."""
    forget(session, f"registration/{told.subject_id}", Delivery.registration_id == told.subject_id)
    session.execute(sa.delete(Reminder).where(Reminder.registration_id == told.subject_id))
    session.execute(sa.delete(RegistrationSeen).where(RegistrationSeen.id == told.subject_id))


def on_booking_erased(session: Session, told: ErasedTold, _envelope: Envelope) -> None:
    """Erase our copies of a booking's personal data, and send it nothing more."""
    forget(session, f"booking/{told.subject_id}", Delivery.booking_id == told.subject_id)


def forget(session: Session, source: str, own: sa.ColumnElement[bool]) -> None:
    """Forget a contact, what it agreed to, and where its deliveries went.

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
        forget_inbound(session, hashes)
        session.delete(contact)
    consents.forget_source(session, source)
    forget_messages(session, own)


def forget_messages(session: Session, own: sa.ColumnElement[bool]) -> None:
    """Take addresses and texts out of deliveries, out of what came back and what was answered.

    Args:
        own: which deliveries. One that waits for its turn is called off.
    """
    # Found once: broadcasts' messages have no index of contacts, because every change of a row
    # would write it.
    found = Delivery.id.in_(session.scalars(sa.select(Delivery.id).where(own)).all())
    answers.forget(session, found)
    returned.forget(session, found)
    call_off(session, [found])
    unlike = sa.func.concat("erased/", sa.cast(Delivery.id, sa.Text))
    session.execute(
        sa.update(Delivery)
        .where(found)
        # Broadcasts write to each hash once, and every key is unique: those of nobody must differ.
        .values(address="", address_hash=unlike, dedupe_key=unlike, context=None, provider_id=None)
        .execution_options(synchronize_session=False)
    )
