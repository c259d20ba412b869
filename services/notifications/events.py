"""What this service says and hears."""

from __future__ import annotations

from services.chassis.audit import AuditRecorded
from services.chassis.events import Event, Subscription
from services.chassis.events.inbox import Handlers
from services.notifications.bookings import service as bookings
from services.notifications.bookings.schemas import BookingTold
from services.notifications.delivery.events import DeliveryFailed
from services.notifications.erasing import service as erasing
from services.notifications.links import service as links
from services.notifications.links.schemas import LinkAsked
from services.notifications.reminders import projections
from services.notifications.reminders import service as reminders
from services.notifications.reminders.schemas import (
    ActivityTold,
    AdvisoryTold,
    AttendedTold,
    ErasedTold,
    RegistrationTold,
    UnverifiedTold,
)
from services.notifications.staff_messages import service as staff_messages
from services.notifications.staff_messages.schemas import MessageTold

PUBLISHES: tuple[type[Event], ...] = (DeliveryFailed, AuditRecorded)

HANDLERS: Handlers = {
    "activity.published.v1": Subscription(ActivityTold, reminders.on_activity),
    "activity.changed.v1": Subscription(ActivityTold, reminders.on_activity),
    "activity.cancelled.v1": Subscription(ActivityTold, reminders.on_activity_cancelled),
    "activity.messaged.v1": Subscription(MessageTold, staff_messages.on_messaged),
    "registration.unverified.v1": Subscription(UnverifiedTold, reminders.on_unverified),
    "registration.confirmed.v1": Subscription(RegistrationTold, reminders.on_confirmed),
    "registration.offered.v1": Subscription(RegistrationTold, reminders.on_offered),
    "registration.waiting.v1": Subscription(RegistrationTold, reminders.on_waiting),
    "registration.cancelled.v1": Subscription(RegistrationTold, reminders.on_cancelled),
    "registration.attended.v1": Subscription(AttendedTold, reminders.on_attended),
    "registration.erased.v1": Subscription(ErasedTold, erasing.on_erased),
    "link.asked.v1": Subscription(LinkAsked, links.on_asked),
    "booking.requested.v1": Subscription(BookingTold, bookings.on_requested),
    "booking.proposed.v1": Subscription(BookingTold, bookings.on_proposed),
    "booking.accepted.v1": Subscription(BookingTold, bookings.on_accepted),
    "booking.declined.v1": Subscription(BookingTold, bookings.on_declined),
    "booking.withdrawn.v1": Subscription(BookingTold, bookings.on_withdrawn),
    "booking.erased.v1": Subscription(ErasedTold, erasing.on_booking_erased),
    "advisory.published.v1": Subscription(AdvisoryTold, projections.on_advisory),
    "advisory.withdrawn.v1": Subscription(AdvisoryTold, projections.on_advisory),
}
