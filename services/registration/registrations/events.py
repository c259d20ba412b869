"""What registration says about registrations."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from pydantic import BaseModel
from sqlalchemy.orm import Session

from services.chassis.events import Event, publish
from services.chassis.events.envelope import SealedText
from services.registration.activities.events import ActivityState, state_of
from services.registration.activities.models import Activity
from services.registration.registrations.models import Cause, Registration, Status


class ConsentState(BaseModel):
    """What the person agreed to; ``privacy_version`` is the notice that they saw, if any."""

    reminders: bool
    advisories: bool
    privacy_version: str | None


class _OfRegistration(Event):
    subject_kind: ClassVar[str] = "registration"

    activity: ActivityState
    status: Status
    name: SealedText
    email: SealedText | None
    phone: SealedText | None
    language: str
    party_size: int
    ticket_code: SealedText
    manage_url: SealedText
    consents: ConsentState
    waiting_position: int | None
    promoted: bool
    registered_at: datetime


class RegistrationConfirmed(_OfRegistration):
    """A party has its places. ``promoted``: it was on the waiting list until now."""

    type: ClassVar[str] = "registration.confirmed.v1"


class RegistrationWaiting(_OfRegistration):
    """A party is on the waiting list, ``waiting_position`` counted from 1."""

    type: ClassVar[str] = "registration.waiting.v1"


class RegistrationCancelled(_OfRegistration):
    """A registration ended: by its registrant, by staff, or because the activity was cancelled."""

    type: ClassVar[str] = "registration.cancelled.v1"

    cause: Cause


PUBLISHES: tuple[type[Event], ...] = (
    RegistrationConfirmed,
    RegistrationWaiting,
    RegistrationCancelled,
)


def tell(
    session: Session,
    registration: Registration,
    activity: Activity,
    *,
    waiting_position: int | None = None,
    promoted: bool = False,
) -> None:
    """Publish how a registration stands now, in the transaction of the change."""
    state = {
        "subject_id": registration.id,
        "version": registration.version,
        "activity": state_of(activity),
        "status": registration.status,
        "name": registration.name,
        "email": registration.email,
        "phone": registration.phone,
        "language": registration.language,
        "party_size": registration.party_size,
        "ticket_code": registration.ticket_code,
        "manage_url": registration.manage_url,
        "consents": registration.consents,
        "waiting_position": waiting_position,
        "promoted": promoted,
        "registered_at": registration.registered_at,
    }
    if registration.status == "confirmed":
        publish(session, RegistrationConfirmed.model_validate(state))
    elif registration.status == "waiting":
        publish(session, RegistrationWaiting.model_validate(state))
    else:
        cause = {"cause": registration.cancel_cause}
        publish(session, RegistrationCancelled.model_validate(state | cause))
