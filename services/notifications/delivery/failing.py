"""What follows when a message could not be delivered for good."""

from __future__ import annotations

from typing import Literal

from sqlalchemy.orm import Session

from services.chassis.events import publish
from services.notifications.contacts.service import suppress
from services.notifications.delivery.events import DeliveryFailed
from services.notifications.delivery.models import Channel, Delivery

Reason = Literal["bounced", "refused", "gave-up"]


def tell_failed(session: Session, delivery: Delivery, reason: Reason) -> None:
    """Suppress an address that bounced; tell registration about a registrant's message."""
    if reason == "bounced" and delivery.address:
        suppress(session, delivery.channel, delivery.address, "bounced")
    if delivery.registration_id is not None:
        channel: Channel = "email" if delivery.channel == "email" else "sms"
        publish(
            session,
            DeliveryFailed(
                subject_id=delivery.id,
                version=1,
                registration_id=delivery.registration_id,
                channel=channel,
                reason=reason,
            ),
        )
