"""What registration says, and what it does about what it hears."""

from __future__ import annotations

from services.chassis.audit import AuditRecorded
from services.chassis.auth import CREDENTIAL_HANDLERS
from services.chassis.events import Event
from services.chassis.events.inbox import Handlers
from services.registration.activities.events import (
    ActivityCancelled,
    ActivityChanged,
    ActivityPublished,
)
from services.registration.bookings.events import PUBLISHES as OF_BOOKINGS
from services.registration.notices.service import HANDLERS as NOTICES
from services.registration.registrations.contact import HANDLERS as CONTACT
from services.registration.registrations.events import PUBLISHES as OF_REGISTRATIONS

PUBLISHES: tuple[type[Event], ...] = (
    ActivityPublished,
    ActivityChanged,
    ActivityCancelled,
    *OF_REGISTRATIONS,
    *OF_BOOKINGS,
    AuditRecorded,
)

HANDLERS: Handlers = {
    **CREDENTIAL_HANDLERS,
    **NOTICES,
    **CONTACT,
}
