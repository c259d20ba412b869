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
from services.registration.attendees.events import PUBLISHES as OF_ATTENDEES
from services.registration.bookings.events import PUBLISHES as OF_BOOKINGS
from services.registration.feedback.events import PUBLISHES as OF_FEEDBACK
from services.registration.learning.quizzes import HANDLERS as QUIZZES
from services.registration.learning.service import HANDLERS as LEARNING
from services.registration.links.events import PUBLISHES as OF_LINKS
from services.registration.notices.service import HANDLERS as NOTICES
from services.registration.notices.telling import HANDLERS as ADVISORIES
from services.registration.packs.events import BookingPack
from services.registration.packs.service import HANDLERS as PACKS
from services.registration.registrations.contact import HANDLERS as CONTACT
from services.registration.registrations.events import PUBLISHES as OF_REGISTRATIONS
from services.registration.retention.events import PUBLISHES as OF_RETENTION
from services.registration.verification.events import PUBLISHES as OF_VERIFICATION

PUBLISHES: tuple[type[Event], ...] = (
    ActivityPublished,
    ActivityChanged,
    ActivityCancelled,
    *OF_REGISTRATIONS,
    *OF_VERIFICATION,
    *OF_LINKS,
    *OF_ATTENDEES,
    *OF_BOOKINGS,
    BookingPack,
    *OF_FEEDBACK,
    *OF_RETENTION,
    AuditRecorded,
)

HANDLERS: Handlers = {
    **CREDENTIAL_HANDLERS,
    **NOTICES,
    **ADVISORIES,
    **LEARNING,
    **QUIZZES,
    **PACKS,
    **CONTACT,
}
