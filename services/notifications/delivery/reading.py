"""One delivery with all that happened to it, and everything that went to an address."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from pydantic import TypeAdapter, ValidationError
from sqlalchemy.orm import Session

from services.chassis import audit
from services.chassis.auth import Principal
from services.chassis.fields import Email, Phone
from services.chassis.i18n import lazy
from services.chassis.problems import FieldError, Invalid, NotFound
from services.notifications.broadcasts.models import Broadcast
from services.notifications.contacts.service import address_hashes
from services.notifications.database import database
from services.notifications.delivery.labels import kind_name
from services.notifications.delivery.masking import masked
from services.notifications.delivery.models import Delivery
from services.notifications.delivery.overview import DeliveryLine, line_of, of_caller

# More than anybody got; older ones are in the export of their broadcast.
MOST_FOUND = 200

_email: TypeAdapter[str] = TypeAdapter(Email)
_phone: TypeAdapter[str] = TypeAdapter(Phone)


@dataclass(frozen=True)
class Event:
    """Something that happened to a message, without personal data."""

    at: datetime
    state: str
    reply: str
    sender: str


@dataclass(frozen=True)
class Whole:
    """One message, why it was sent and what became of it.

    Attributes:
        address: masked unless it was asked for in full.
        broadcast: title of the broadcast that it belongs to.
        carries: how many broadcasts' messages it carries, as a digest does.
        history: oldest first; a message that was planned before it was kept may have none.
    """

    id: uuid.UUID
    kind: str
    kind_name: str
    lane: str
    channel: str
    address: str
    language: str
    state: str
    attempts: int
    repeated: bool
    reason: str | None
    sender: str | None
    provider_id: str | None
    planned_at: datetime
    due_at: datetime
    expires_at: datetime | None
    sent_at: datetime | None
    contact_id: uuid.UUID | None
    registration_id: uuid.UUID | None
    booking_id: uuid.UUID | None
    broadcast_id: uuid.UUID | None
    broadcast: str | None
    digest_id: uuid.UUID | None
    carries: int
    history: Sequence[Event]


def one(principal: Principal, delivery_id: uuid.UUID, *, opened: bool = False) -> Whole:
    """One delivery; to have its address in full is noted in the audit trail.

    Args:
        opened: with the address in full; the caller makes sure that it may be.

    Raises:
        NotFound: there is none.
        Problem: 403 ``other-district``.
    """
    with database.transaction() as session:
        found = session.get(Delivery, delivery_id)
        if found is None:
            raise NotFound(lazy("There is no such message."))
        if principal.district is not None:
            principal.must_cover(found.district)
        if opened:
            audit.record(
                session,
                principal,
                "delivery.address-opened",
                f"delivery/{delivery_id}",
                district=found.district,
            )
        return _whole(session, found, opened=opened)


def to_address(principal: Principal, typed: str) -> list[DeliveryLine]:
    """Everything that went to an address, newest first, as far as the caller may see it.

    Looked up by its keyed hash under every key; the address itself is in no link and no log.

    Args:
        typed: an e-mail address or a telephone number, as somebody types it.

    Raises:
        Invalid: it is neither.
    """
    query = (
        sa.select(Delivery)
        .where(of_caller(principal), Delivery.address_hash.in_(address_hashes(_read(typed))))
        .order_by(Delivery.planned_at.desc(), Delivery.id.desc())
        .limit(MOST_FOUND)
    )
    with database.transaction() as session:
        return [line_of(delivery) for delivery in session.scalars(query)]


def _read(typed: str) -> str:
    adapter = _email if "@" in typed else _phone
    try:
        return adapter.validate_python(typed.strip())
    except ValidationError as error:
        sentence = lazy("Please give an e-mail address or a telephone number in full.")
        raise Invalid([FieldError("address", sentence)]) from error


def _whole(session: Session, delivery: Delivery, *, opened: bool) -> Whole:
    title = session.scalar(sa.select(Broadcast.title).where(Broadcast.id == delivery.broadcast_id))
    carries = session.scalar(sa.select(sa.func.count()).where(Delivery.digest_id == delivery.id))
    shown: dict[str, Any] = {
        name: getattr(delivery, name)
        for name in Whole.__dataclass_fields__
        if hasattr(delivery, name)
    }
    address = delivery.address if opened else masked(delivery.channel, delivery.address)
    return Whole(
        **shown
        | {
            "kind_name": kind_name(delivery.kind),
            "address": address if delivery.address else "",
            "reason": delivery.last_reply,
            "broadcast": title,
            "carries": carries or 0,
            "history": [_event(entry) for entry in delivery.history],
        }
    )


def _event(entry: dict[str, Any]) -> Event:
    return Event(
        at=datetime.fromisoformat(entry["at"]),
        state=entry["state"],
        reply=entry.get("reply") or "",
        sender=entry.get("sender") or "",
    )
