"""Messages from telephones: people who want no more, who answer, and all others."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
import structlog
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from services.chassis.database import utc_now
from services.notifications.answers.service import from_sms
from services.notifications.contacts import service as contacts
from services.notifications.contacts.service import address_hash
from services.notifications.database import database
from services.notifications.delivery.service import Address, Planned, plan
from services.notifications.inbound.confirming import KIND, language_for
from services.notifications.inbound.models import InboundMessage, Meaning
from services.notifications.inbound.words import is_opt_out
from services.notifications.senders.sms.sender import FromPhone

log = structlog.get_logger(__name__)

KEEP: Final = timedelta(days=30)
CONFIRM_WITHIN: Final = timedelta(hours=1)
# What one telephone can send in one message; a provider that sends more is not believed.
LONGEST: Final = 2000


def take(session: Session, provider: str, told: FromPhone, *, confirm: bool) -> bool:
    """Act on a message from a telephone, once.

    An opt-out word stops broadcasts by SMS to that number, and is confirmed once: not to a number
    that had stopped them before, so that two machines never talk to each other. An answer to a
    broadcast that asked goes to its list. Everything else is kept for staff to read.

    Args:
        confirm: the provider would send the confirmation.

    Returns:
        Whether it was new.
    """
    identifier = session.scalar(
        postgresql.insert(InboundMessage)
        .values(
            provider=provider,
            message_id=told.message_id,
            meaning="other",
            sent_at=told.at,
        )
        .on_conflict_do_nothing(index_elements=["provider", "message_id"])
        .returning(InboundMessage.id)
    )
    if identifier is None:
        return False
    message = session.get_one(InboundMessage, identifier)
    message.meaning = _act(session, message, told, confirm=confirm)
    if message.meaning == "other":
        message.address = told.phone
        message.address_hash = address_hash(told.phone)
        message.text = told.text[:LONGEST]
    log.info("inbound.taken", provider=provider, meaning=message.meaning)
    return True


def _act(session: Session, message: InboundMessage, told: FromPhone, *, confirm: bool) -> Meaning:
    if is_opt_out(told.text):
        first = not contacts.is_unsubscribed(session, "sms", told.phone)
        contacts.unsubscribe(session, "sms", told.phone, source="sms")
        if first and confirm:
            plan(
                session,
                [Address("sms", told.phone)],
                Planned(
                    kind=KIND,
                    key=f"{KIND}/{message.id}",
                    language=language_for(told.phone),
                    expires_at=utc_now() + CONFIRM_WITHIN,
                ),
            )
        return "opt-out"
    if from_sms(session, told.phone, told.text[:LONGEST], told.at):
        return "answer"
    return "other"


def forget(session: Session, hashes: Sequence[str]) -> None:
    """Erase what came from telephones of a person who is forgotten.

    Args:
        hashes: of the numbers, under every key.
    """
    session.execute(sa.delete(InboundMessage).where(InboundMessage.address_hash.in_(hashes)))


def forget_old(now: datetime) -> int:
    """Erase what came more than :data:`KEEP` ago.

    Returns:
        How many messages that were.
    """
    with database.transaction() as session:
        gone = session.scalars(
            sa.delete(InboundMessage)
            .where(InboundMessage.received_at < now - KEEP)
            .returning(InboundMessage.id)
        ).all()
    return len(gone)
