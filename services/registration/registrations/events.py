"""What registration says about registrations."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from pydantic import BaseModel
from sqlalchemy.orm import Session

from services.chassis.events import Event, publish
from services.chassis.events.envelope import SealedText
from services.registration.activities.events import ActivityState, state_of
from services.registration.activities.models import Activity
from services.registration.registrations.models import Cause, Registration, Source, Status


class ConsentState(BaseModel):
    """What the person agreed to; ``privacy_version`` is the notice that they saw, if any."""

    reminders: bool
    advisories: bool
    privacy_version: str | None


class OfRegistration(Event):
    """How a registration stands: the part that every event about one carries.

    ``promoted``: it was on the waiting list before. ``asked``: the person is asked whether a new
    time or place suits them. ``hold_expires_at``: until when an offered place is kept, or a
    contact may be verified.
    """

    subject_kind: ClassVar[str] = "registration"

    activity: ActivityState
    status: Status
    name: SealedText
    email: SealedText | None
    phone: SealedText | None
    language: str
    party_size: int
    children: int
    ticket_code: SealedText
    manage_url: SealedText
    consents: ConsentState
    waiting_position: int | None
    promoted: bool
    asked: bool
    source: Source
    hold_expires_at: datetime | None
    registered_at: datetime


class RegistrationConfirmed(OfRegistration):
    """A party has its places."""

    type: ClassVar[str] = "registration.confirmed.v1"


class RegistrationOffered(OfRegistration):
    """Places came free for a party on the waiting list; they are kept for it for a while."""

    type: ClassVar[str] = "registration.offered.v1"


class RegistrationWaiting(OfRegistration):
    """A party is on the waiting list, ``waiting_position`` counted from 1."""

    type: ClassVar[str] = "registration.waiting.v1"


class RegistrationCancelled(OfRegistration):
    """A registration ended: by its registrant, by staff, with its activity, or unanswered.

    ``reason``: what staff have to say to the person about it.
    """

    type: ClassVar[str] = "registration.cancelled.v1"

    cause: Cause
    reason: SealedText | None


PUBLISHES: tuple[type[Event], ...] = (
    RegistrationConfirmed,
    RegistrationOffered,
    RegistrationWaiting,
    RegistrationCancelled,
)

_BY_STATUS: dict[str, type[OfRegistration]] = {
    "confirmed": RegistrationConfirmed,
    "offered": RegistrationOffered,
    "waiting": RegistrationWaiting,
}


def standing(
    registration: Registration,
    activity: Activity,
    *,
    waiting_position: int | None = None,
    promoted: bool = False,
) -> dict[str, Any]:
    """The values of :class:`OfRegistration`, with the event's subject and version."""
    return {
        "subject_id": registration.id,
        "version": registration.version,
        "activity": state_of(activity),
        "status": registration.status,
        "name": registration.name,
        "email": registration.email,
        "phone": registration.phone,
        "language": registration.language,
        "party_size": registration.party_size,
        "children": registration.children,
        "ticket_code": registration.ticket_code,
        "manage_url": registration.manage_url,
        "consents": registration.consents,
        "waiting_position": waiting_position,
        "promoted": promoted,
        "asked": registration.asked_at is not None,
        "source": registration.source,
        "hold_expires_at": registration.hold_expires_at,
        "registered_at": registration.registered_at,
    }


def news(
    registration: Registration,
    activity: Activity,
    *,
    waiting_position: int | None = None,
    promoted: bool = False,
    reason: str | None = None,
) -> Event:
    """The event that tells how a registration stands. It is not ``unverified``."""
    state = standing(registration, activity, waiting_position=waiting_position, promoted=promoted)
    if registration.status == "cancelled":
        cause = {"cause": registration.cancel_cause, "reason": reason}
        return RegistrationCancelled.model_validate(state | cause)
    return _BY_STATUS[registration.status].model_validate(state)


def tell(
    session: Session,
    registration: Registration,
    activity: Activity,
    *,
    waiting_position: int | None = None,
    promoted: bool = False,
    reason: str | None = None,
) -> None:
    """Publish how a registration stands now, in the transaction of the change.

    One whose contact is not verified yet is nobody's business: ``verification`` asks for it.
    """
    if registration.status == "unverified":
        return
    publish(
        session,
        news(
            registration,
            activity,
            waiting_position=waiting_position,
            promoted=promoted,
            reason=reason,
        ),
    )
