"""Reading what came back, and taking back what it did to an address."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from pydantic import BaseModel
from sqlalchemy.orm import Session

from services.chassis import audit
from services.chassis.auth import Principal
from services.chassis.database import utc_now
from services.chassis.i18n import gettext, lazy
from services.chassis.lists import DEFAULT_LIMIT, Page, page_of
from services.chassis.problems import NotFound, Problem
from services.notifications.contacts import service as contacts
from services.notifications.contacts.models import SuppressionAct
from services.notifications.database import database
from services.notifications.delivery.masking import masked
from services.notifications.delivery.models import Delivery
from services.notifications.returns.models import PROOFS, ReturnedMessage

LATELY = timedelta(days=7)


class ReturnOut(BaseModel):
    """A returned message in a list; ``kind`` is ``None`` for the seconds before it is read.

    ``address`` is masked. The rest as in
    :class:`services.notifications.returns.models.ReturnedMessage`.
    """

    id: uuid.UUID
    received_at: datetime
    via: str
    kind: str | None
    status: str | None
    reply: str | None
    address: str | None
    proof: str | None
    delivery_id: uuid.UUID | None
    broadcast_id: uuid.UUID | None
    size: int
    effect: str
    undone_at: datetime | None
    can_be_undone: bool

    @property
    def is_proven(self) -> bool:
        """Whether it is certainly about a message of ours; only then did it change anything."""
        return self.proof in PROOFS


@dataclass(frozen=True)
class Figures:
    """What came back in the last seven days; of reports those that are proven."""

    dead: int
    soft: int
    complaints: int
    unclear: int


def listed(
    principal: Principal,
    *,
    kind: str | None = None,
    delivery_id: uuid.UUID | None = None,
    cursor: str | None = None,
    limit: int = DEFAULT_LIMIT,
) -> Page[ReturnOut]:
    """What came back, newest first; a district's staff see what is about their messages.

    Raises:
        Problem: 400 ``bad-cursor``.
    """
    query = sa.select(ReturnedMessage).where(_of(principal))
    if kind:
        query = query.where(ReturnedMessage.kind == kind)
    if delivery_id is not None:
        query = query.where(ReturnedMessage.delivery_id == delivery_id)
    with database.transaction() as session:
        page = page_of(
            session, query, [ReturnedMessage.id], cursor=cursor, limit=limit, descending=True
        )
        broadcasts = _broadcasts(session, [one.delivery_id for one in page.items])
        return page.map(lambda one: _out(one, broadcasts))


def read(principal: Principal, identifier: uuid.UUID) -> ReturnOut:
    """One returned message, without its text.

    Raises:
        NotFound: there is none such, or it is no longer kept.
        Problem: 403 ``other-district``.
    """
    with database.transaction() as session:
        found = _stored(session, principal, identifier)
        return _out(found, _broadcasts(session, [found.delivery_id]))


def opened(principal: Principal, identifier: uuid.UUID) -> str:
    """A returned message as it came, as far as it is kept. It is noted who read it.

    Raises:
        NotFound, Problem: as :func:`read`.
    """
    with database.transaction() as session:
        found = _stored(session, principal, identifier)
        audit.record(
            session, principal, "return.opened", f"return/{found.id}", district=found.district
        )
        return found.raw.encode("latin-1").decode("utf-8", "replace")


def undo(principal: Principal, identifier: uuid.UUID) -> ReturnOut:
    """Send to an address again that a returned message had suppressed.

    What came back before from that address counts no more, so that the next full mailbox is the
    first again. The message itself stays as undelivered as it is.

    Raises:
        NotFound, Problem: as :func:`read`; also 409 ``nothing-to-undo``.
    """
    with database.transaction() as session:
        found = _stored(session, principal, identifier, lock=True)
        if not _can_be_undone(found) or found.address is None:
            raise Problem(
                409,
                "nothing-to-undo",
                lazy("This message holds back nothing, or no longer."),
                lazy("Look at the list again; somebody may have been quicker."),
            )
        reason = contacts.release(session, "email", found.address)
        session.add(
            SuppressionAct(
                channel="email",
                address=found.address,
                address_hash=contacts.address_hash(found.address),
                act="undone",
                reason=gettext("The returned message was looked at."),
                suppressed_for=reason,
                by_name=principal.name,
            )
        )
        count_no_more(session, found.address)
        session.refresh(found)
        audit.record(
            session, principal, "suppression.lifted", f"return/{found.id}", district=found.district
        )
        return _out(found, _broadcasts(session, [found.delivery_id]))


def count_no_more(session: Session, address: str) -> None:
    """Let what came back from an e-mail address before this moment count no more."""
    session.execute(
        sa.update(ReturnedMessage)
        .where(
            ReturnedMessage.address_hash.in_(contacts.address_hashes(address)),
            ReturnedMessage.kind.in_(("hard", "soft")),
            ReturnedMessage.undone_at.is_(None),
        )
        .values(undone_at=utc_now())
        .execution_options(synchronize_session=False)
    )


def figures(principal: Principal) -> Figures:
    """The figures above the list."""
    counts = sa.or_(ReturnedMessage.proof.in_(PROOFS), ReturnedMessage.kind == "unclear")
    query = (
        sa.select(ReturnedMessage.kind, sa.func.count().label("number"))
        .where(_of(principal), counts, ReturnedMessage.received_at >= utc_now() - LATELY)
        .group_by(ReturnedMessage.kind)
    )
    with database.transaction() as session:
        found = {row.kind: row.number for row in session.execute(query)}
    return Figures(
        dead=found.get("hard", 0),
        soft=found.get("soft", 0),
        complaints=found.get("complaint", 0),
        unclear=found.get("unclear", 0),
    )


def _of(principal: Principal) -> sa.ColumnElement[bool]:
    if principal.district is None:
        return sa.true()
    return ReturnedMessage.district == principal.district


def _stored(
    session: Session, principal: Principal, identifier: uuid.UUID, *, lock: bool = False
) -> ReturnedMessage:
    found = session.get(ReturnedMessage, identifier, with_for_update=lock or None)
    if found is None:
        raise NotFound(lazy("There is no such returned message, or it is no longer kept."))
    principal.must_cover(found.district)
    return found


def _broadcasts(session: Session, deliveries: list[uuid.UUID | None]) -> dict[uuid.UUID, uuid.UUID]:
    """The broadcasts that deliveries belong to, by their ids."""
    rows = session.execute(
        sa.select(Delivery.id, Delivery.broadcast_id).where(
            Delivery.id.in_([one for one in deliveries if one is not None]),
            Delivery.broadcast_id.is_not(None),
        )
    )
    return {row.id: row.broadcast_id for row in rows}


def _can_be_undone(returned: ReturnedMessage) -> bool:
    return returned.effect == "suppressed" and returned.undone_at is None


def _out(returned: ReturnedMessage, broadcasts: dict[uuid.UUID, uuid.UUID]) -> ReturnOut:
    return ReturnOut(
        id=returned.id,
        received_at=returned.received_at,
        via=returned.via,
        kind=returned.kind,
        status=returned.status,
        reply=returned.reply,
        address=masked("email", returned.address) if returned.address else None,
        proof=returned.proof,
        delivery_id=returned.delivery_id,
        broadcast_id=broadcasts.get(returned.delivery_id) if returned.delivery_id else None,
        size=returned.size,
        effect=returned.effect,
        undone_at=returned.undone_at,
        can_be_undone=_can_be_undone(returned),
    )
