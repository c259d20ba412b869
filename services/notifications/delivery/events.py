"""What this service says about its deliveries."""

from __future__ import annotations

import uuid
from typing import ClassVar, Literal

from services.chassis.events.envelope import Event


class DeliveryFailed(Event):
    """A message to a registrant could not be delivered and will not be tried again.

    ``reason`` has no personal data: ``bounced`` (the address does not exist or takes no mail),
    ``refused`` (the server or provider would not have this message) or ``gave-up`` (it asked to
    try later, or was away, for too long).
    """

    type: ClassVar[str] = "delivery.failed.v1"
    subject_kind: ClassVar[str] = "delivery"

    registration_id: uuid.UUID | None
    channel: Literal["email", "sms"]
    reason: Literal["bounced", "refused", "gave-up"]
