"""What follows from what registration says: messages at once, reminders on their dates.

Each handler keeps what it heard, calls off what it overtakes, and plans what is to be said. What a
message says is written when it is sent, from what is known then (``messages/registrations.py``).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.chassis.database import utc_now
from services.chassis.events import Envelope
from services.notifications.consents import service as consents
from services.notifications.contacts.models import Contact
from services.notifications.contacts.service import Known, keep
from services.notifications.delivery.models import Delivery
from services.notifications.delivery.service import (
    Address,
    Planned,
    addresses_of,
    call_off,
    plan,
)
from services.notifications.reminders.models import ActivitySeen, RegistrationSeen
from services.notifications.reminders.projections import see_activity, see_registration
from services.notifications.reminders.schedule import schedule
from services.notifications.reminders.schemas import (
    ActivityTold,
    AttendedTold,
    RegistrationTold,
    UnverifiedTold,
)
from services.notifications.staff_messages.service import tell_the_late

# What a change must touch for people to be told: when and where they have to be.
_MOVING: Final = frozenset({"time", "starts_at", "ends_at", "timezone", "venue"})
# Messages about how a registration stands: the next one makes those before it untrue.
OF_STANDING: Final = (
    "registration-unverified",
    "registration-confirmed",
    "registration-asked",
    "registration-moved",
    "registration-offered",
    "registration-waiting",
    "registration-cancelled",
    "activity-changed",
)
# Who has a place, or the hope of one, in what notifications keeps.
STANDING: Final = ("confirmed", "offered", "waiting")
# A thank-you is worth nothing weeks later.
THANKS_WITHIN: Final = timedelta(days=14)


def on_confirmed(session: Session, told: RegistrationTold, _envelope: Envelope) -> None:
    """Confirm at once, with a ticket and a calendar entry, and schedule the reminders."""
    moved = _moved(session, told)
    registration, activity = _seen(session, told, reachable=True)
    kind = "registration-confirmed"
    if moved:
        kind = "registration-moved"
    elif told.asked:
        kind = "registration-asked"
    _say(session, kind, registration, activity, until=activity.ends_at)


def on_waiting(session: Session, told: RegistrationTold, _envelope: Envelope) -> None:
    """Tell somebody that they are on the waiting list, and where."""
    moved = _moved(session, told)
    registration, activity = _seen(session, told, reachable=True)
    kind = "registration-moved" if moved else "registration-waiting"
    _say(session, kind, registration, activity, until=activity.starts_at)


def on_offered(session: Session, told: RegistrationTold, _envelope: Envelope) -> None:
    """Offer a place that came free, until the offer ends."""
    registration, activity = _seen(session, told, reachable=True)
    until = told.hold_expires_at or activity.starts_at
    _say(session, "registration-offered", registration, activity, until=until)


def on_unverified(session: Session, told: UnverifiedTold, _envelope: Envelope) -> None:
    """Send the code that shows that an address is theirs; to that address alone, and in time."""
    registration, activity = _seen(session, told, reachable=False, verified=False)
    _say(
        session,
        "registration-unverified",
        registration,
        activity,
        until=told.hold_expires_at or activity.starts_at,
        channels=(told.channel,),
        context={"code": told.code, "url": told.verify_url},
    )


def on_cancelled(session: Session, told: RegistrationTold, _envelope: Envelope) -> None:
    """Confirm a cancellation, take the entry out of the calendar, withdraw the reminders."""
    registration, activity = _seen(session, told, reachable=told.cause == "activity")
    _say(
        session,
        "registration-cancelled",
        registration,
        activity,
        until=activity.ends_at,
        context={"reason": told.reason} if told.reason else None,
    )


def on_attended(session: Session, told: AttendedTold, _envelope: Envelope) -> None:
    """Thank somebody who came: once, by mail, or by SMS where there is no e-mail address."""
    registration, activity = _seen(session, told, reachable=True)
    _say(
        session,
        "registration-attended",
        registration,
        activity,
        until=max(activity.ends_at, utc_now()) + THANKS_WITHIN,
        channels=("email",) if told.email else ("sms",),
        context={"certificate_url": told.certificate_url, "feedback_url": told.feedback_url},
    )


def on_activity(session: Session, told: ActivityTold, _envelope: Envelope) -> None:
    """Keep what an activity is; move its reminders, and tell people when time or place changed."""
    activity = see_activity(session, told.activity)
    now = utc_now()
    matters = bool(_MOVING.intersection(told.changed)) or told.asks or any(told.note.values())
    telling = matters and activity.status == "published" and activity.ends_at > now
    registrations = session.scalars(
        sa.select(RegistrationSeen)
        .where(
            RegistrationSeen.activity_id == activity.id,
            RegistrationSeen.status.in_(STANDING),
        )
        .order_by(RegistrationSeen.id)
        .with_for_update()
    ).all()
    for registration in registrations:
        schedule(session, registration, activity, now)
        # Whoever registered after the change was told the new time and place already.
        if telling and registration.activity_version < activity.version:
            registration.activity_version = activity.version
            registration.calendar_sequence += 1
            registration.asked = registration.asked or (
                told.asks and registration.status == "confirmed"
            )
            _tell(
                session,
                "activity-changed",
                registration,
                activity,
                until=activity.ends_at,
                mark=f"{activity.id}/{activity.version}",
                context={"note": told.note},
            )


def on_activity_cancelled(session: Session, told: ActivityTold, _envelope: Envelope) -> None:
    """Withdraw every reminder. The people are told by the events about their registrations."""
    activity = see_activity(session, told.activity)
    now = utc_now()
    for registration in session.scalars(
        sa.select(RegistrationSeen)
        .where(RegistrationSeen.activity_id == activity.id)
        .order_by(RegistrationSeen.id)
    ):
        schedule(session, registration, activity, now)


def _moved(session: Session, told: RegistrationTold) -> bool:
    """Whether the registration was for another activity until now."""
    before = session.scalar(
        sa.select(RegistrationSeen.activity_id).where(RegistrationSeen.id == told.subject_id)
    )
    return before is not None and before != told.activity.id


def _seen(
    session: Session, told: RegistrationTold, *, reachable: bool, verified: bool = True
) -> tuple[RegistrationSeen, ActivitySeen]:
    """Take in what an event tells of the activity, of the person, and of the registration.

    Args:
        reachable: takes part in something of ours.
        verified: whether what was agreed to counts: anybody can type somebody else's address.
    """
    activity = see_activity(session, told.activity)
    wants = verified and told.consents.advisories
    contact = keep(
        session,
        Known(
            source=f"registration/{told.subject_id}",
            language=told.language,
            email=told.email,
            phone=told.phone,
            districts=[told.activity.district],
            countries=told.activity.countries,
            topics=told.activity.topics,
            reachable=reachable or wants,
            wants_broadcasts=wants,
            consents=told.consents.model_dump(mode="json"),
        ),
    )
    if verified:
        consents.heard(
            session,
            [(address.channel, address.value) for address in addresses_of(contact)],
            given=wants,
            version=told.consents.privacy_version or "",
            source=contact.source,
        )
    registration = see_registration(session, told, contact.id, activity)
    tell_the_late(session, registration, contact)
    return registration, activity


def _say(
    session: Session,
    kind: str,
    registration: RegistrationSeen,
    activity: ActivitySeen,
    *,
    until: datetime,
    channels: Sequence[str] = ("email", "sms"),
    context: dict[str, Any] | None = None,
) -> None:
    """Tell how a registration stands now, in place of what has not gone out yet."""
    call_off(
        session,
        [Delivery.registration_id == registration.id, Delivery.kind.in_(OF_STANDING)],
    )
    _tell(session, kind, registration, activity, until=until, channels=channels, context=context)
    schedule(session, registration, activity, utc_now())


def _tell(
    session: Session,
    kind: str,
    registration: RegistrationSeen,
    activity: ActivitySeen,
    *,
    until: datetime,
    channels: Sequence[str] = ("email", "sms"),
    mark: str | None = None,
    context: dict[str, Any] | None = None,
) -> None:
    """Plan a message to the addresses of a registration, if it gave any.

    Args:
        until: from when on it would be of no use.
        mark: what tells it from others of its kind; the registration's version by default.
    """
    contact = session.get_one(Contact, registration.contact_id)
    addresses: list[Address] = [
        address for address in addresses_of(contact) if address.channel in channels
    ]
    plan(
        session,
        addresses,
        Planned(
            kind=kind,
            key=f"{kind}/{registration.id}/{mark or registration.version}",
            language=registration.language,
            district=activity.state["district"],
            expires_at=until,
            contact_id=contact.id,
            registration_id=registration.id,
            context=context,
        ),
    )
