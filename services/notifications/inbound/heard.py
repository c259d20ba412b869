"""What a provider tells us, by a call or over its own connection: one transaction for each."""

from __future__ import annotations

from services.notifications.database import database
from services.notifications.inbound import messages, receipts
from services.notifications.inbound.confirming import is_possible
from services.notifications.senders.sms.sender import FromPhone, Receipt


def heard(provider: str, told: Receipt | FromPhone) -> None:
    """Store a receipt or a message from a telephone. Told twice, it changes nothing.

    Raises:
        receipts.NotYet: the receipt came before our own note of the message; it has to come again.
    """
    if isinstance(told, Receipt):
        with database.transaction() as session:
            receipts.take(session, provider, told)
        return
    confirm = is_possible(provider, told.phone)
    with database.transaction() as session:
        messages.take(session, provider, told, confirm=confirm)
