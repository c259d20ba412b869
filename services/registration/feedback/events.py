"""What registration says after an activity."""

from __future__ import annotations

import uuid
from typing import ClassVar

from services.chassis.events import Event
from services.chassis.events.envelope import SealedText
from services.registration.registrations.events import OfRegistration


class RegistrationAttended(OfRegistration):
    """Somebody came, and the activity is over: the moment to say thank you, once.

    ``certificate_url``: the holder's own page of the certificate, when there is one.
    ``feedback_url``: the survey, when there is one and it is open.
    """

    type: ClassVar[str] = "registration.attended.v1"

    certificate_url: SealedText | None
    feedback_url: SealedText | None


class FeedbackGiven(Event):
    """A survey was answered, or an answer was changed. Nothing in it leads to a person.

    ``numbers`` by question: 1 to 5 for a rating, the place from 0 for a choice.
    """

    type: ClassVar[str] = "feedback.given.v1"
    subject_kind: ClassVar[str] = "feedback"

    activity_id: uuid.UUID
    numbers: dict[str, int]


PUBLISHES: tuple[type[Event], ...] = (RegistrationAttended, FeedbackGiven)
