"""Planning deliveries: a row for each message, in the transaction of what it tells of."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
import structlog
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session, load_only

from services.chassis.database import after_commit, new_id, utc_now
from services.chassis.settings import SettingsError
from services.chassis.worker import QueueAway, send
from services.notifications.contacts.models import Contact
from services.notifications.contacts.service import address_hash, suppressed
from services.notifications.delivery.models import Channel, Delivery, Lane

log = structlog.get_logger(__name__)

# Rows of one INSERT: PostgreSQL takes 65,535 values in a statement.
AT_ONCE: Final = 500


@dataclass(frozen=True)
class Address:
    """Where a message goes; ``value`` is an e-mail address or an E.164 number."""

    channel: Channel
    value: str


@dataclass(frozen=True)
class Planned:
    """One message to somebody, before it is known by which channels.

    Attributes:
        kind: which message; :data:`services.notifications.messages.composers.COMPOSERS` writes it.
        key: made of stable ids; with the channel it is the delivery's ``dedupe_key``.
        due_at: not before then; ``None`` for at once.
        expires_at: when it is too late to send it; ``None`` for never.
        context: JSON values that its text needs and that are not read again elsewhere.
    """

    kind: str
    key: str
    language: str
    lane: Lane = "transactional"
    district: str | None = None
    due_at: datetime | None = None
    expires_at: datetime | None = None
    contact_id: uuid.UUID | None = None
    registration_id: uuid.UUID | None = None
    booking_id: uuid.UUID | None = None
    order_id: uuid.UUID | None = None
    question_id: uuid.UUID | None = None
    broadcast_id: uuid.UUID | None = None
    context: dict[str, Any] | None = None


def addresses_of(contact: Contact) -> list[Address]:
    """Every address that a contact gave."""
    found: list[Address] = []
    if contact.email:
        found.append(Address("email", contact.email))
    if contact.phone:
        found.append(Address("sms", contact.phone))
    return found


def plan(session: Session, addresses: Sequence[Address], planned: Planned) -> list[uuid.UUID]:
    """Write one delivery for each address; a worker is woken after the commit.

    Returns:
        The ids of those that are new: planning the same key again plans nothing.
    """
    return [made.id for made in plan_all(session, [(addresses, planned)])]


def plan_all(
    session: Session, messages: Iterable[tuple[Sequence[Address], Planned]]
) -> list[Delivery]:
    """The same for many messages at once.

    Returns:
        The new deliveries, with their ``id``, ``lane`` and ``state`` alone.
    """
    made: list[Delivery] = []
    wanted = [(address, planned) for addresses, planned in messages for address in addresses]
    for start in range(0, len(wanted), AT_ONCE):
        batch = wanted[start : start + AT_ONCE]
        dead = suppressed(session, [(address.channel, address.value) for address, _ in batch])
        now = utc_now()
        made += session.scalars(
            postgresql.insert(Delivery)
            .values([_row(address, planned, dead, now) for address, planned in batch])
            .on_conflict_do_nothing(index_elements=[Delivery.dedupe_key])
            .returning(Delivery)
            .options(load_only(Delivery.id, Delivery.lane, Delivery.state, raiseload=True))
        )
    for lane in {delivery.lane for delivery in made}:
        kick(session, lane)
    return made


def _row(
    address: Address, planned: Planned, dead: set[tuple[str, str]], now: datetime
) -> dict[str, Any]:
    return {
        "id": new_id(),
        "lane": planned.lane,
        "kind": planned.kind,
        "channel": address.channel,
        "dedupe_key": f"{planned.key}/{address.channel}",
        "contact_id": planned.contact_id,
        "registration_id": planned.registration_id,
        "booking_id": planned.booking_id,
        "order_id": planned.order_id,
        "question_id": planned.question_id,
        "broadcast_id": planned.broadcast_id,
        "district": planned.district,
        "address": address.value,
        "address_hash": address_hash(address.value),
        "language": planned.language,
        "state": "suppressed" if (address.channel, address.value) in dead else "pending",
        "due_at": planned.due_at or now,
        "planned_at": now,
        "expires_at": planned.expires_at,
        "context": (
            None if planned.context is None else json.dumps(planned.context, ensure_ascii=False)
        ),
    }


def call_off(session: Session, where: Iterable[sa.ColumnElement[bool]]) -> None:
    """Cancel the deliveries that match and that no worker has taken yet."""
    session.execute(
        sa.update(Delivery).where(Delivery.state == "pending", *where).values(state="cancelled")
    )


def lane_queue(lane: str) -> str:
    """The queue whose worker empties a lane. Events and transactional messages share one."""
    return "notifications" if lane == "transactional" else f"notifications.{lane}"


def kick(session: Session, lane: str) -> None:
    """Wake a worker for ``lane`` once the session's transaction is committed, once for each lane.

    A hint, no more: what it misses, the sweeper finds within seconds.
    """
    kicked: set[str] = session.info.setdefault("kicked_lanes", set())
    if lane not in kicked:
        kicked.add(lane)
        after_commit(session, lambda: wake(lane))


def wake(lane: str) -> None:
    """Put the task that empties a lane on its queue; a queue that is away is only noted."""
    try:
        send("notifications.deliver", lane, queue_name=lane_queue(lane))
    except (QueueAway, SettingsError) as error:
        log.warning("deliver.not_woken", lane=lane, reason=repr(error)[:200])
