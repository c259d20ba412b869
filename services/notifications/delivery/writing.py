"""Writing the messages of a claimed batch, from what is known at that moment."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
import structlog
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from services.chassis.i18n import speaking, words_of
from services.notifications.contacts.models import Suppression, Unsubscribe
from services.notifications.contacts.service import address_hashes
from services.notifications.database import database
from services.notifications.delivery import lease
from services.notifications.delivery.models import STOPPABLE, Delivery
from services.notifications.messages.composers import COMPOSERS
from services.notifications.messages.content import Content, MailContent
from services.notifications.messages.mime import message_bytes
from services.notifications.messages.personal import expect
from services.notifications.senders.email import NEEDS_SMTPUTF8
from services.notifications.senders.wire import is_plain

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Written:
    """A delivery whose message is ready to go."""

    delivery: Delivery
    message: bytes | str


def write(batch: Sequence[Delivery]) -> tuple[list[Written], list[lease.Done]]:
    """Turn deliveries into messages.

    Returns:
        Those that are ready, and those that turn out not to be wanted or possible any more.
    """
    written: list[Written] = []
    closed: list[lease.Done] = []
    with database.transaction() as session:
        blocked = _blocked(session, batch)
        expect(session, batch)
        for delivery in batch:
            if not delivery.address:
                closed.append(lease.closed(delivery, "cancelled", "The address was erased."))
                continue
            if delivery.id in blocked:
                closed.append(lease.closed(delivery, "suppressed", "The address is blocked."))
                continue
            if delivery.channel == "email" and not is_plain(delivery.address):
                closed.append(_refused(delivery, NEEDS_SMTPUTF8))
                continue
            try:
                with speaking(delivery.language), words_of(database.service):
                    content = COMPOSERS[delivery.kind](session, delivery)
                message = None if content is None else _ready(content, delivery)
            except Exception as error:
                # One message that cannot be written must not hold up the batch it is in.
                log.exception("delivery.not_written", delivery=str(delivery.id))
                reason = f"The message could not be written ({type(error).__name__})."
                closed.append(_refused(delivery, reason))
                continue
            if message is None:
                closed.append(lease.closed(delivery, "cancelled", "No longer wanted."))
            else:
                written.append(Written(delivery, message))
    return written, closed


def _refused(delivery: Delivery, reason: str) -> lease.Done:
    return lease.Done(delivery, {"state": "failed", "last_reply": reason}, "refused")


def _ready(content: Content, delivery: Delivery) -> bytes | str:
    if isinstance(content, MailContent):
        return message_bytes(content, delivery.id, delivery.address)
    return content.text


def _blocked(session: Session, batch: Sequence[Delivery]) -> set[uuid.UUID]:
    """Which of a batch must not go: the address died, or broadcasts were unsubscribed, meanwhile.

    Looked up under every key: this also holds between a change of keys and ``lingbao rekey``.
    """
    hashes = {delivery.id: address_hashes(delivery.address) for delivery in batch}
    every = set().union(*hashes.values())
    dead = _pairs(session, Suppression, every)
    any_broadcast = any(delivery.kind in STOPPABLE for delivery in batch)
    unsubscribed = _pairs(session, Unsubscribe, every) if any_broadcast else set()

    def blocked(delivery: Delivery) -> bool:
        own = {(delivery.channel, hashed) for hashed in hashes[delivery.id]}
        return bool(own & dead) or (delivery.kind in STOPPABLE and bool(own & unsubscribed))

    return {delivery.id for delivery in batch if blocked(delivery)}


def _pairs(
    session: Session, table: type[Suppression | Unsubscribe], hashes: set[str]
) -> set[tuple[str, str]]:
    rows = session.execute(
        sa.select(table.channel, table.address_hash).where(
            # One array: hundreds of parameters take longer to prepare than to look up.
            table.address_hash == sa.any_(sa.literal(list(hashes), postgresql.ARRAY(sa.String)))
        )
    )
    return {(row.channel, row.address_hash) for row in rows}
