"""Reading broadcasts: one, a list, its counts, its recipients."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa
from pydantic import TypeAdapter
from sqlalchemy.orm import Session

from services.chassis import audit
from services.chassis.auth import Principal
from services.chassis.i18n import gettext, lazy
from services.chassis.lists import DEFAULT_LIMIT, Page, page_of
from services.chassis.problems import NotFound
from services.notifications.broadcasts.audience import Rules, count
from services.notifications.broadcasts.models import SYSTEM, Broadcast
from services.notifications.broadcasts.schemas import (
    AudienceOut,
    BroadcastLine,
    BroadcastOut,
    Channel,
    Counts,
    RecipientOut,
)
from services.notifications.database import database
from services.notifications.delivery.masking import masked
from services.notifications.delivery.models import MISSED, Delivery

_channel: TypeAdapter[Channel] = TypeAdapter(Channel)


def stored(
    session: Session, broadcast_id: uuid.UUID, principal: Principal, *, lock: bool = False
) -> Broadcast:
    """A broadcast that the caller may touch; with ``lock``, until the transaction ends.

    Raises:
        NotFound: there is none.
        Problem: 403 ``other-district``.
    """
    found = session.get(Broadcast, broadcast_id, with_for_update=lock or None)
    if found is None:
        raise NotFound(lazy("There is no such broadcast."))
    principal.must_cover(found.district)
    return found


def counts_of(session: Session, broadcast_id: uuid.UUID) -> Counts:
    """Its messages by state, in one look, so that they add up while workers go on."""
    rows = session.execute(
        sa.select(Delivery.state, sa.func.count().label("number"))
        .where(Delivery.broadcast_id == broadcast_id)
        .group_by(Delivery.state)
    )
    return Counts.of({row.state: row.number for row in rows})


def shown(session: Session, broadcast: Broadcast) -> BroadcastOut:
    """A broadcast with its counts, as it stands in this transaction."""
    session.flush()
    session.refresh(broadcast)
    return BroadcastOut.model_validate(
        {
            name: getattr(broadcast, name)
            for name in BroadcastOut.model_fields
            if hasattr(broadcast, name)
        }
        | {
            "author": author_name(broadcast),
            "submitted_by": broadcast.submitted_by_name,
            "approved_by": broadcast.approved_by_name,
            "counts": counts_of(session, broadcast.id),
        }
    )


def author_name(broadcast: Broadcast) -> str:
    """Who wrote it, in the language of the moment."""
    return gettext("the system") if broadcast.author_kind == SYSTEM else broadcast.author_name


def read(principal: Principal, broadcast_id: uuid.UUID) -> BroadcastOut:
    """One broadcast.

    Raises:
        NotFound, Problem: as :func:`stored`.
    """
    with database.transaction() as session:
        return shown(session, stored(session, broadcast_id, principal))


def reach(principal: Principal, broadcast_id: uuid.UUID) -> AudienceOut:
    """Whom it reaches: what was frozen at the approval, or before it what the rules say now.

    Raises:
        NotFound, Problem: as :func:`stored`.
    """
    with database.transaction() as session:
        return _reach(session, stored(session, broadcast_id, principal))


def _reach(session: Session, broadcast: Broadcast) -> AudienceOut:
    if broadcast.audience_seen is not None:
        return AudienceOut.model_validate(broadcast.audience_seen)
    return count(session, Rules.of(broadcast))


@dataclass(frozen=True)
class Standing:
    """What the page of one broadcast shows, read in one transaction."""

    broadcast: BroadcastOut
    reach: AudienceOut | None  # None: it is approved, and being drawn up at this moment
    own: bool  # the caller wrote or submitted it, so somebody else has to approve it


def standing(principal: Principal, broadcast_id: uuid.UUID) -> Standing:
    """A broadcast with whom it reaches and whether it is the caller's own.

    Raises:
        NotFound, Problem: as :func:`stored`.
    """
    with database.transaction() as session:
        broadcast = stored(session, broadcast_id, principal)
        own = broadcast.written_or_submitted_by(principal)
        # Counting as many at the same time would take as long as drawing them up.
        reach = None if broadcast.freezing else _reach(session, broadcast)
        return Standing(shown(session, broadcast), reach, own)


def reach_of(rules: Rules) -> AudienceOut:
    """Whom rules that are only being written would reach."""
    with database.transaction() as session:
        return count(session, rules)


def listed(
    principal: Principal,
    *,
    statuses: Iterable[str] = (),
    cursor: str | None = None,
    limit: int = DEFAULT_LIMIT,
) -> Page[BroadcastLine]:
    """Broadcasts of the caller's office, newest first; the city office sees all.

    Args:
        statuses: only these; all when empty.
    """
    query = sa.select(Broadcast)
    if principal.district is not None:
        query = query.where(Broadcast.district == principal.district)
    if wanted := list(statuses):
        query = query.where(Broadcast.status.in_(wanted))
    with database.transaction() as session:
        page = page_of(session, query, [Broadcast.id], cursor=cursor, limit=limit, descending=True)
        return page.map(_line)


def _line(broadcast: Broadcast) -> BroadcastLine:
    fields = {
        name: getattr(broadcast, name)
        for name in BroadcastLine.model_fields
        if hasattr(broadcast, name)
    }
    return BroadcastLine.model_validate(fields | {"author": author_name(broadcast)})


def recipients(
    principal: Principal,
    broadcast_id: uuid.UUID,
    *,
    state: str | None = None,
    opened: bool = False,
    cursor: str | None = None,
    limit: int = DEFAULT_LIMIT,
) -> Page[RecipientOut]:
    """A broadcast's messages by recipient.

    Args:
        state: only those in it; ``missed``: all who did not get it, or may not have.
        opened: whether addresses are shown in full; the caller makes sure that they may be.

    Raises:
        NotFound, Problem: as :func:`stored`.
    """
    query = sa.select(Delivery).where(Delivery.broadcast_id == broadcast_id)
    if state:
        query = query.where(Delivery.state.in_(MISSED if state == "missed" else (state,)))
    with database.transaction() as session:
        stored(session, broadcast_id, principal)
        page = page_of(session, query, [Delivery.id], cursor=cursor, limit=limit)
        return page.map(lambda delivery: recipient(delivery, opened=opened))


def recipient(delivery: Delivery, *, opened: bool) -> RecipientOut:
    """One line of a list of recipients; ``opened`` shows the address in full."""
    return RecipientOut(
        id=delivery.id,
        channel=_channel.validate_python(delivery.channel),
        address=delivery.address if opened else masked(delivery.channel, delivery.address),
        language=delivery.language,
        state=delivery.state,
        attempts=delivery.attempts,
        reason=delivery.last_reply,
        sent_at=delivery.sent_at,
    )


def note_opened(principal: Principal, broadcast_id: uuid.UUID, detail: str = "") -> None:
    """Note in the audit trail that somebody reads a broadcast's addresses in full.

    Raises:
        NotFound, Problem: there is none, or it is another district's.
    """
    with database.transaction() as session:
        broadcast = stored(session, broadcast_id, principal)
        audit.record(
            session,
            principal,
            "broadcast.addresses-opened",
            f"broadcast/{broadcast_id}",
            district=broadcast.district,
            detail=detail,
        )
