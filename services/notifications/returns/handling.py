"""Acting on what came back: each message in a transaction of its own, once.

Only what proves which message it is about changes anything. A report can be written by anybody
about anybody; without our return address or our message's id in it, it is shown to staff and
otherwise left.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from services.chassis.database import utc_now
from services.chassis.settings import settings
from services.notifications.contacts import service as contacts
from services.notifications.database import database
from services.notifications.delivery import receipts
from services.notifications.delivery.models import Delivery
from services.notifications.returns.matching import Match, match
from services.notifications.returns.models import PROOFS, ReturnedMessage
from services.notifications.returns.report import NONSENSE, Report, read
from services.notifications.senders import tally
from services.notifications.senders.outcome import without_addresses

log = structlog.get_logger(__name__)

# As many messages that came back as from a full or busy mailbox, within that time, and nothing
# more is sent there: nobody reads it.
SOFT_LIMIT: Final = 5
SOFT_WITHIN: Final = timedelta(days=14)
# The reason of such a suppression; that of a dead address is "bounced".
OFTEN_SOFT: Final = "soft-bounces"
_AT_ONCE: Final = 200
_STATES: Final[dict[str, receipts.Returned]] = {
    "hard": "bounced",
    "soft": "failed",
    "refused": "failed",
    "delivered": "delivered",
}
_EFFECTS: Final = {"bounced": "suppressed", "failed": "failed", "delivered": "delivered"}


def handle_waiting() -> int:
    """Handle what waits, oldest first.

    Returns:
        How many messages were handled.
    """
    with database.transaction() as session:
        waiting = session.scalars(
            sa.select(ReturnedMessage.id)
            .where(ReturnedMessage.handled_at.is_(None))
            .order_by(ReturnedMessage.id)
            .limit(_AT_ONCE)
        ).all()
    return sum(handle(identifier) for identifier in waiting)


def handle(identifier: uuid.UUID) -> bool:
    """Read one returned message and act on it.

    Returns:
        Whether it was done here: not when another worker has it, or had it.
    """
    with database.transaction() as session:
        returned = session.scalar(
            sa.select(ReturnedMessage)
            .where(ReturnedMessage.id == identifier, ReturnedMessage.handled_at.is_(None))
            .with_for_update(skip_locked=True)
        )
        if returned is None:
            return False
        report = _read(returned)
        found = match(session, returned.recipient, report)
        returned.handled_at = utc_now()
        returned.kind = report.kind
        returned.status = report.status
        returned.reply = without_addresses(report.reply) or None
        _note_match(returned, report, found)
        session.flush()
        if found is not None and found.is_proof:
            returned.effect = _act(session, returned, found.delivery)
    log.info("returns.handled", kind=returned.kind, proof=returned.proof, effect=returned.effect)
    return True


def forget_old(now: datetime) -> int:
    """Erase returned messages that were kept for long enough.

    Returns:
        How many went.
    """
    oldest = now - timedelta(days=settings().returns_days)
    with database.transaction() as session:
        gone = session.scalars(
            sa.delete(ReturnedMessage)
            .where(ReturnedMessage.received_at < oldest)
            .returning(ReturnedMessage.id)
        ).all()
    return len(gone)


def _read(returned: ReturnedMessage) -> Report:
    try:
        return read(returned.raw.encode("latin-1"))
    except NONSENSE as error:
        # Strangers write these; what no parser takes is kept and shown, and holds up nothing.
        log.warning("returns.not_read", message=str(returned.id), reason=type(error).__name__)
        return Report("unclear", text=returned.raw)


def _note_match(returned: ReturnedMessage, report: Report, found: Match | None) -> None:
    address = found.delivery.address if found else next(iter(report.addresses), None)
    if found is not None:
        returned.proof = found.proof
        returned.delivery_id = found.delivery.id
        returned.district = found.delivery.district
    if address:
        returned.address = address[:320]
        returned.address_hash = contacts.address_hash(returned.address)


def _act(session: Session, returned: ReturnedMessage, delivery: Delivery) -> str:
    """What a proven report changes; returns the effect's name."""
    if returned.kind == "complaint" and delivery.address:
        contacts.unsubscribe(session, "email", delivery.address, source="complaint")
        if delivery.sender:
            tally.complained(session, delivery.sender, returned.received_at)
        return "unsubscribed"
    state = _STATES.get(returned.kind or "")
    changed = state is not None and _received(session, returned, delivery, state)
    if returned.kind == "soft" and _soft_ones(session, delivery) >= SOFT_LIMIT:
        contacts.suppress(session, "email", delivery.address, OFTEN_SOFT)
        return "suppressed"
    return _EFFECTS[state] if state is not None and changed else "none"


def _received(
    session: Session, returned: ReturnedMessage, delivery: Delivery, state: receipts.Returned
) -> bool:
    # Many servers say the status in their words, too.
    known = returned.status and returned.status in (returned.reply or "")
    said = " ".join(filter(None, (None if known else returned.status, returned.reply)))
    return receipts.received(
        session,
        delivery.id,
        state,
        reply=said,
        sender=delivery.sender or "",
        at=returned.received_at,
    )


def _soft_ones(session: Session, delivery: Delivery) -> int:
    """How many messages to this address came back soft lately, this one among them."""
    if not delivery.address:
        return 0
    query = sa.select(sa.func.count(ReturnedMessage.delivery_id.distinct())).where(
        ReturnedMessage.address_hash.in_(contacts.address_hashes(delivery.address)),
        ReturnedMessage.kind == "soft",
        ReturnedMessage.proof.in_(PROOFS),
        ReturnedMessage.undone_at.is_(None),
        ReturnedMessage.received_at >= utc_now() - SOFT_WITHIN,
    )
    return session.scalar(query) or 0
