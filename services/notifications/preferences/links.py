"""The link to the page of one's choices: it names a delivery, and so the address that got it."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from services.chassis.crypto import TokenError, read_id, sign_id
from services.chassis.i18n import lazy
from services.chassis.problems import LinkNotValid, Problem
from services.chassis.settings import settings
from services.notifications.delivery.models import Delivery

# The message that brings somebody a fresh link.
KIND: Final = "preferences-link"
_PURPOSE: Final = "preferences"

# A message that lies about for months is no proof any more of who reads it.
LASTS: Final = timedelta(days=180)


def preferences_token(delivery_id: uuid.UUID) -> str:
    """What the link of one delivery ends in; nothing is stored for it."""
    return sign_id(_PURPOSE, delivery_id)


def preferences_url(delivery_id: uuid.UUID) -> str:
    """The link that goes out with a broadcast's message, beside the one to stop."""
    return url_of(preferences_token(delivery_id))


def url_of(token: str) -> str:
    """The whole link that ends in ``token``."""
    return f"{settings().public_url}/preferences/{token}"


def delivery_of(session: Session, token: str, now: datetime) -> Delivery:
    """The delivery that a link came with.

    Args:
        now: with its zone.

    Raises:
        LinkNotValid: the link is forged or damaged, or its message is no longer kept.
        Problem: 410 ``link-expired`` after :data:`LASTS`; 410 ``address-erased`` when the holder
            of the address has had everything erased.
    """
    try:
        found = session.get(Delivery, read_id(_PURPOSE, token))
    except TokenError as error:
        raise LinkNotValid from error
    if found is None:
        raise LinkNotValid
    if not found.address:
        raise Problem(
            410,
            "address-erased",
            lazy("Your data has been erased."),
            lazy("We hold nothing for this address any more, so this link has nothing to show."),
        )
    if found.planned_at <= now - LASTS:
        raise Problem(
            410,
            "link-expired",
            lazy("This link is too old."),
            lazy("Please have a new one sent to your address."),
        )
    return found
