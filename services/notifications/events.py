"""What this service says and hears."""

from __future__ import annotations

from services.chassis.audit import AuditRecorded
from services.chassis.events import Event, Subscription
from services.chassis.events.inbox import Handlers
from services.notifications.bookings import service as bookings
from services.notifications.bookings.schemas import BookingTold
from services.notifications.broadcasts import advisories
from services.notifications.broadcasts import events as broadcasts
from services.notifications.delivery.events import DeliveryFailed
from services.notifications.erasing import service as erasing
from services.notifications.links import service as links
from services.notifications.links.schemas import LinkAsked
from services.notifications.orders import service as orders
from services.notifications.orders.schemas import OrderLinksTold, OrderTold
from services.notifications.packs import service as packs
from services.notifications.packs.schemas import PackTold
from services.notifications.preferences.events import PreferenceChanged
from services.notifications.questions import schemas as question_events
from services.notifications.questions import service as questions
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
from services.notifications.trips import materials
from services.notifications.trips.materials import MaterialTold
from services.notifications.webhooks.kinds import EVENTS as FOR_WEBHOOKS
from services.notifications.webhooks.planning import Heard, on_event

PUBLISHES: tuple[type[Event], ...] = (
    DeliveryFailed,
    *broadcasts.PUBLISHED,
    PreferenceChanged,
    AuditRecorded,
)

HANDLERS: Handlers = {
    "material.published.v1": Subscription(MaterialTold, materials.on_material),
    "material.withdrawn.v1": Subscription(MaterialTold, materials.on_material),
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
    "booking.pack.v1": Subscription(PackTold, packs.on_pack),
    "booking.erased.v1": Subscription(ErasedTold, erasing.on_booking_erased),
    "question.asked.v1": Subscription(question_events.QuestionAskedTold, questions.on_asked),
    "question.answered.v1": Subscription(
        question_events.QuestionAnsweredTold, questions.on_answered
    ),
    "question.referred.v1": Subscription(
        question_events.QuestionReferredTold, questions.on_referred
    ),
    "question.erased.v1": Subscription(question_events.QuestionErasedTold, questions.on_erased),
    "order.placed.v1": Subscription(OrderTold, orders.on_placed),
    "order.packed.v1": Subscription(OrderTold, orders.on_packed),
    "order.sent.v1": Subscription(OrderTold, orders.on_sent),
    "order.delivered.v1": Subscription(OrderTold, orders.on_delivered),
    "order.cancelled.v1": Subscription(OrderTold, orders.on_cancelled),
    "order.returned.v1": Subscription(OrderTold, orders.on_returned),
    "order.restored.v1": Subscription(OrderTold, orders.on_restored),
    "order.erased.v1": Subscription(ErasedTold, orders.on_erased),
    "order.links_asked.v1": Subscription(OrderLinksTold, orders.on_links_asked),
    "advisory.published.v1": Subscription(AdvisoryTold, advisories.on_published),
    "advisory.withdrawn.v1": Subscription(AdvisoryTold, advisories.on_withdrawn),
    # What this service itself says, told on to other systems of the office.
    **{kind: Subscription(Heard, on_event) for kind in FOR_WEBHOOKS},
}
