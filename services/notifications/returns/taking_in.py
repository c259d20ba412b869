"""Taking in what came back, whichever door it came by: kept first, as it came, then handled."""

from __future__ import annotations

from typing import Final, Literal

import structlog
from sqlalchemy.dialects import postgresql

from services.chassis.crypto import fingerprint
from services.chassis.database import after_commit
from services.chassis.settings import SettingsError
from services.chassis.worker import QueueAway, send
from services.notifications.database import database
from services.notifications.returns.models import ReturnedMessage

log = structlog.get_logger(__name__)

Door = Literal["mail", "imap", "webhook"]

# The most a door takes. Of what is larger than KEPT, the beginning is kept: reports come first,
# the message that they return comes last.
LARGEST: Final = 10 * 1024 * 1024
KEPT: Final = 1024 * 1024


def take_in(
    raw: bytes, *, via: Door, recipient: str | None = None, size: int | None = None
) -> bool:
    """Keep a returned message. Once this returns, the door may say that it has it.

    Args:
        raw: RFC 5322 bytes, whatever they are really.
        recipient: the envelope's recipient, where the door knows it.
        size: bytes of the whole message when ``raw`` is only its beginning.

    Returns:
        Whether it is new: the same message taken in twice is one.
    """
    kept = raw[:KEPT].decode("latin-1")
    with database.transaction() as session:
        made = session.scalar(
            postgresql.insert(ReturnedMessage)
            .values(
                via=via,
                recipient=recipient,
                raw=kept,
                raw_hash=fingerprint(kept),
                size=len(raw) if size is None else size,
            )
            .on_conflict_do_nothing(index_elements=[ReturnedMessage.raw_hash])
            .returning(ReturnedMessage.id)
        )
        if made is not None:
            after_commit(session, _wake)
    return made is not None


def _wake() -> None:
    """Have it handled at once; what this misses, the tick finds within seconds."""
    try:
        send("notifications.handle_returns", queue_name="notifications")
    except (QueueAway, SettingsError) as error:
        log.warning("returns.not_woken", reason=repr(error)[:200])
