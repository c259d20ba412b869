"""What registration does when a message to a registrant could not be delivered."""

from __future__ import annotations

import uuid

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.chassis.events import Envelope, Payload, Subscription
from services.registration.registrations.models import Registration


class DeliveryFailedRead(Payload):
    """What registration reads of ``delivery.failed``."""

    registration_id: uuid.UUID | None = None


def note_failed(session: Session, payload: DeliveryFailedRead, _envelope: Envelope) -> None:
    """A message bounced: mark the registration, so that staff see whom they cannot reach."""
    session.execute(
        sa.update(Registration)
        .where(Registration.id == payload.registration_id)
        .values(contact_failed=True)
    )


HANDLERS = {"delivery.failed.v1": Subscription(DeliveryFailedRead, note_failed)}
