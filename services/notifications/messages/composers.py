"""Who writes what: the kind of a delivery, and the function that writes its message."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from sqlalchemy.orm import Session

from services.notifications.broadcasts import message as broadcasts
from services.notifications.broadcasts.trial import KIND as TRIAL
from services.notifications.delivery.models import Delivery
from services.notifications.links.service import KIND as LINKS
from services.notifications.messages import activities, bookings, links, registrations
from services.notifications.messages.content import Content
from services.notifications.staff_messages.service import KIND as FROM_STAFF

# Called in the delivery's language; reads what it needs again. ``None``: no longer wanted.
Composer = Callable[[Session, Delivery], Content | None]

COMPOSERS: Final[dict[str, Composer]] = {
    "registration-unverified": registrations.unverified,
    "registration-confirmed": registrations.confirmed,
    "registration-asked": registrations.asked,
    "registration-moved": registrations.moved,
    "registration-offered": registrations.offered,
    "registration-waiting": registrations.waiting,
    "registration-cancelled": registrations.cancelled,
    "registration-attended": activities.attended,
    "activity-changed": activities.changed,
    "reminder": activities.reminder,
    FROM_STAFF: activities.from_staff,
    LINKS: links.links,
    "booking-requested": bookings.requested,
    "booking-proposed": bookings.proposed,
    "booking-accepted": bookings.accepted,
    "booking-declined": bookings.declined,
    "booking-withdrawn": bookings.withdrawn,
    "broadcast": broadcasts.compose,
    TRIAL: broadcasts.compose_trial,
}
