"""Who writes what: the kind of a delivery, and the function that writes its message."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from sqlalchemy.orm import Session

from services.notifications.broadcasts import message as broadcasts
from services.notifications.broadcasts.trial import KIND as TRIAL
from services.notifications.delivery.models import Delivery
from services.notifications.messages import bookings, registrations
from services.notifications.messages.content import Content

# Called in the delivery's language; reads what it needs again. ``None``: no longer wanted.
Composer = Callable[[Session, Delivery], Content | None]

COMPOSERS: Final[dict[str, Composer]] = {
    "registration-confirmed": registrations.confirmed,
    "registration-waiting": registrations.waiting,
    "registration-cancelled": registrations.cancelled,
    "activity-changed": registrations.changed,
    "reminder": registrations.reminder,
    "booking-requested": bookings.requested,
    "booking-proposed": bookings.proposed,
    "booking-accepted": bookings.accepted,
    "booking-declined": bookings.declined,
    "booking-withdrawn": bookings.withdrawn,
    "broadcast": broadcasts.compose,
    TRIAL: broadcasts.compose_trial,
}
