"""What registration says when personal data is gone."""

from __future__ import annotations

import uuid
from typing import ClassVar

from services.chassis.events import Event


class RegistrationErased(Event):
    """Nothing personal is left of a registration; whoever has a copy erases it too."""

    type: ClassVar[str] = "registration.erased.v1"
    subject_kind: ClassVar[str] = "registration"

    activity_id: uuid.UUID


class BookingErased(Event):
    """Nothing personal is left of a booking; whoever has a copy erases it too."""

    type: ClassVar[str] = "booking.erased.v1"
    subject_kind: ClassVar[str] = "booking"


PUBLISHES: tuple[type[Event], ...] = (RegistrationErased, BookingErased)
