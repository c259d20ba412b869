"""Stopping broadcasts to one address on one channel, and taking that back.

A link names one delivery; what it stops is that delivery's address. Confirmations and reminders of
one's own registrations are not broadcasts and go on.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from sqlalchemy.orm import Session

from services.chassis.crypto import TokenError, read_id, sign_id
from services.chassis.problems import LinkNotValid
from services.chassis.settings import settings
from services.notifications.contacts import service as contacts
from services.notifications.database import database
from services.notifications.delivery.masking import masked
from services.notifications.delivery.models import STOPPABLE, Delivery
from services.notifications.preferences.links import preferences_url

_PURPOSE = "unsubscribe"


@dataclass(frozen=True)
class Standing:
    """What the page of a link shows.

    Attributes:
        address: masked, because a forwarded mail carries its link with it.
        trial: the link came with a trial message, so there is nothing to stop.
        choices: where to choose less instead.
    """

    channel: str
    address: str
    unsubscribed: bool
    trial: bool
    choices: str


def unsubscribe_token(delivery_id: uuid.UUID) -> str:
    """What the link of one delivery ends in; nothing is stored for it."""
    return sign_id(_PURPOSE, delivery_id)


def unsubscribe_url(token: str) -> str:
    """The link that goes out with a broadcast's message."""
    return f"{settings().public_url}/unsubscribe/{token}"


def standing(token: str) -> Standing:
    """How things stand for a link.

    Raises:
        LinkNotValid: the link is forged or damaged, or its message is no longer kept.
    """
    with database.transaction() as session:
        return _standing(session, _delivery(session, token))


def unsubscribe(token: str) -> Standing:
    """Stop broadcasts to the link's address, those that wait for their turn too.

    Doing it twice changes nothing.

    Raises:
        LinkNotValid: as :func:`standing`.
    """
    with database.transaction() as session:
        delivery = _delivery(session, token)
        if delivery.kind in STOPPABLE:
            contacts.unsubscribe(session, delivery.channel, delivery.address)
        return _standing(session, delivery)


def subscribe_again(token: str) -> Standing:
    """Take it back: later broadcasts reach the address again. Those held back stay held back.

    Raises:
        LinkNotValid: as :func:`standing`.
    """
    with database.transaction() as session:
        delivery = _delivery(session, token)
        contacts.subscribe_again(session, delivery.channel, delivery.address)
        return _standing(session, delivery)


def _delivery(session: Session, token: str) -> Delivery:
    try:
        identifier = read_id(_PURPOSE, token)
    except TokenError as error:
        raise LinkNotValid from error
    found = session.get(Delivery, identifier)
    if found is None or not found.address:  # erased
        raise LinkNotValid
    return found


def _standing(session: Session, delivery: Delivery) -> Standing:
    return Standing(
        channel=delivery.channel,
        address=masked(delivery.channel, delivery.address),
        unsubscribed=contacts.is_unsubscribed(session, delivery.channel, delivery.address),
        trial=delivery.kind not in STOPPABLE,
        choices=preferences_url(delivery.id),
    )
