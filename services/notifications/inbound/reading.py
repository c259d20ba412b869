"""What staff read of the messages from telephones, and the mark that it was read."""

from __future__ import annotations

import uuid
from datetime import datetime

import sqlalchemy as sa
from pydantic import BaseModel
from sqlalchemy.orm import Session

from services.chassis import audit
from services.chassis.auth import Principal
from services.chassis.database import utc_now
from services.chassis.lists import DEFAULT_LIMIT, Page, page_of
from services.chassis.problems import NotFound
from services.notifications.database import database
from services.notifications.inbound.models import InboundMessage


class Incoming(BaseModel):
    """One message; ``phone`` in E.164."""

    id: uuid.UUID
    provider: str
    phone: str
    text: str
    sent_at: datetime
    seen_at: datetime | None


def listed(
    principal: Principal, *, cursor: str | None = None, limit: int = DEFAULT_LIMIT
) -> Page[Incoming]:
    """What is for people to read, newest first.

    Raises:
        Problem: 403 for district roles: nobody knows which district a number belongs to.
    """
    principal.must_cover(None)
    with database.transaction() as session:
        page = page_of(
            session,
            sa.select(InboundMessage).where(InboundMessage.meaning == "other"),
            [InboundMessage.received_at, InboundMessage.id],
            cursor=cursor,
            limit=limit,
            descending=True,
        )
        return page.map(_out)


def counts(principal: Principal) -> dict[str, int]:
    """How many messages of each meaning came in the last 30 days; ``unseen`` wait for a reader."""
    principal.must_cover(None)
    with database.transaction() as session:
        rows = session.execute(
            sa.select(InboundMessage.meaning, sa.func.count()).group_by(InboundMessage.meaning)
        )
        found = {str(meaning): int(count) for meaning, count in rows}
        found["unseen"] = unseen(session)
        return found


def unseen(session: Session) -> int:
    """How many messages wait for somebody to read them."""
    return (
        session.scalar(
            sa.select(sa.func.count()).where(
                InboundMessage.meaning == "other", InboundMessage.seen_at.is_(None)
            )
        )
        or 0
    )


def mark_seen(principal: Principal, message_id: uuid.UUID) -> None:
    """Note that somebody has read a message. Doing it twice keeps the first reader.

    Raises:
        Problem: 403 for district roles.
        NotFound: there is no such message (any more).
    """
    principal.must_cover(None)
    with database.transaction() as session:
        message = session.get(InboundMessage, message_id, with_for_update=True)
        if message is None or message.meaning != "other":
            raise NotFound
        if message.seen_at is None:
            message.seen_at = utc_now()
            message.seen_by = principal.id
            audit.record(session, principal, "inbound.seen", f"inbound/{message_id}", district=None)


def _out(message: InboundMessage) -> Incoming:
    return Incoming(
        id=message.id,
        provider=message.provider,
        phone=message.address or "",
        text=message.text or "",
        sent_at=message.sent_at,
        seen_at=message.seen_at,
    )
