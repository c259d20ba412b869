"""Who writes what: the kind of a delivery, and the function that writes its message."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from sqlalchemy.orm import Session

from services.notifications.broadcasts import message as broadcasts
from services.notifications.broadcasts.trial import KIND as TRIAL
from services.notifications.delivery.models import Delivery
from services.notifications.digests import message as digests
from services.notifications.digests.service import KIND as DIGEST
from services.notifications.inbound import confirming
from services.notifications.links.service import KIND as LINKS
from services.notifications.messages import activities, bookings, links, registrations
from services.notifications.messages.content import Content
from services.notifications.orders import message as orders
from services.notifications.orders.service import LINKS as ORDER_LINKS
from services.notifications.packs import message as packs
from services.notifications.packs.service import KIND as BOOKING_PACK
from services.notifications.preferences import message as preferences
from services.notifications.preferences.links import KIND as PREFERENCES_LINK
from services.notifications.questions import message as questions
from services.notifications.questions import service as question_kinds
from services.notifications.staff_messages.service import KIND as FROM_STAFF
from services.notifications.subscribing import message as subscribing
from services.notifications.subscribing.models import KIND as SUBSCRIPTION_ASKED
from services.notifications.templates.trial import KIND as TEMPLATE_TRIAL
from services.notifications.trips import message as trips
from services.notifications.trips.packs import KIND as TRIP_PACK

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
    BOOKING_PACK: packs.compose,
    "order-placed": orders.placed,
    "order-packed": orders.packed,
    "order-ready": orders.ready,
    "order-sent": orders.sent,
    "order-delivered": orders.delivered,
    "order-cancelled": orders.cancelled,
    "order-returned": orders.returned,
    ORDER_LINKS: orders.links,
    question_kinds.ASKED: questions.asked,
    question_kinds.ANSWERED: questions.answered,
    question_kinds.REFERRED: questions.referred,
    SUBSCRIPTION_ASKED: subscribing.compose,
    PREFERENCES_LINK: preferences.compose,
    TRIP_PACK: trips.compose,
    "broadcast": broadcasts.compose,
    DIGEST: digests.compose,
    TRIAL: broadcasts.compose_trial,
    TEMPLATE_TRIAL: broadcasts.compose_trial,
    confirming.KIND: confirming.compose,
}
