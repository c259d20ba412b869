"""Everything that is held of an address: shown, taken along, erased."""

from __future__ import annotations

import uuid
from datetime import date, datetime

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict
from sqlalchemy.orm import Session

from services.chassis.database import utc_now
from services.chassis.i18n import lazy
from services.chassis.problems import Problem
from services.notifications.answers.models import Answer
from services.notifications.consents import service as consents
from services.notifications.contacts.models import Contact, Suppression, Unsubscribe
from services.notifications.contacts.service import address_hashes
from services.notifications.database import database
from services.notifications.delivery.models import Delivery
from services.notifications.preferences.erasing import forget_address
from services.notifications.preferences.links import delivery_of
from services.notifications.preferences.reading import is_fresh


class _Stored(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class TripHeld(_Stored):
    """A trip; ``returns_on`` is the last day abroad."""

    country: str
    departs_on: date
    returns_on: date | None


class ContactHeld(_Stored):
    """One way in which we got the address. ``source``: ``subscription/…`` is the holder's own."""

    source: str
    language: str
    districts: list[str]
    countries: list[str]
    topics: list[str]
    digest: str
    paused_until: datetime | None
    wants_broadcasts: bool
    reachable: bool
    trips: list[TripHeld]
    created_at: datetime
    updated_at: datetime


class ConsentHeld(_Stored):
    """Something agreed to, or taken back; see the history of consents."""

    what: str
    given: bool
    version: str
    source: str
    at: datetime


class MessageHeld(_Stored):
    """A message to the address, and what became of it."""

    id: uuid.UUID
    kind: str
    language: str
    state: str
    planned_at: datetime
    sent_at: datetime | None


class AnswerHeld(_Stored):
    """An answer to a broadcast that asked."""

    broadcast_id: uuid.UUID
    answer: str
    note: str | None
    answered_at: datetime


class OwnData(BaseModel):
    """Everything that this service holds of an address. Moments are UTC.

    The names in registrations and bookings are left out: who typed an address there need not be
    the person who reads it. Their own links show and erase them.
    """

    exported_at: datetime
    channel: str
    address: str
    unsubscribed_since: datetime | None
    suppressed_since: datetime | None
    contacts: list[ContactHeld]
    consents: list[ConsentHeld]
    messages: list[MessageHeld]
    answers: list[AnswerHeld]


def show(token: str) -> OwnData:
    """What is held of the address that a link was sent to.

    Raises:
        LinkNotValid: the link is forged or damaged.
        Problem: 403 ``link-not-fresh`` for a link that was not asked for within the last day; 410
            ``link-expired`` or ``address-erased``.
    """
    now = utc_now()
    with database.transaction() as session:
        delivery = _fresh(session, token, now)
        return _held(session, delivery.channel, delivery.address, now)


def erase(token: str) -> None:
    """Erase it, and write no more broadcasts to the address.

    Raises:
        LinkNotValid, Problem: as :func:`show`.
    """
    with database.transaction() as session:
        delivery = _fresh(session, token, utc_now())
        forget_address(session, delivery.channel, delivery.address)


def _fresh(session: Session, token: str, now: datetime) -> Delivery:
    delivery = delivery_of(session, token, now)
    if not is_fresh(delivery, now):
        raise Problem(
            403,
            "link-not-fresh",
            lazy("This needs a fresh link."),
            lazy(
                "Messages are passed on, with the links in them. Please have a link sent to your "
                "address and open it within a day."
            ),
        )
    return delivery


def _held(session: Session, channel: str, address: str, now: datetime) -> OwnData:
    hashes = address_hashes(address)
    hashed = Contact.email_hash if channel == "email" else Contact.phone_hash
    return OwnData(
        exported_at=now,
        channel=channel,
        address=address,
        unsubscribed_since=_since(session, Unsubscribe, channel, hashes),
        suppressed_since=_since(session, Suppression, channel, hashes),
        contacts=[
            ContactHeld.model_validate(contact)
            for contact in session.scalars(sa.select(Contact).where(hashed.in_(hashes)))
        ],
        consents=[
            ConsentHeld.model_validate(entry)
            for entry in consents.history(session, channel, hashes)
        ],
        messages=[
            MessageHeld.model_validate(delivery)
            for delivery in session.scalars(
                sa.select(Delivery)
                .where(Delivery.channel == channel, Delivery.address_hash.in_(hashes))
                .order_by(Delivery.planned_at)
            )
        ],
        answers=[
            AnswerHeld.model_validate(answer)
            for answer in session.scalars(
                sa.select(Answer)
                .where(Answer.channel == channel, Answer.address_hash.in_(hashes))
                .order_by(Answer.answered_at)
            )
        ],
    )


def _since(
    session: Session,
    table: type[Suppression | Unsubscribe],
    channel: str,
    hashes: list[str],
) -> datetime | None:
    return session.scalar(
        sa.select(sa.func.min(table.since)).where(
            table.channel == channel, table.address_hash.in_(hashes)
        )
    )
