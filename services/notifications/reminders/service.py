"""What follows from what registration says: confirmations at once, reminders on their dates."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.chassis.database import utc_now
from services.chassis.events import Envelope
from services.notifications.contacts.models import Contact
from services.notifications.contacts.service import Known, keep
from services.notifications.delivery.models import Delivery
from services.notifications.delivery.service import Planned, addresses_of, call_off, plan
from services.notifications.reminders.models import ActivitySeen, RegistrationSeen
from services.notifications.reminders.projections import see_activity, see_registration
from services.notifications.reminders.schedule import schedule
from services.notifications.reminders.schemas import ActivityTold, RegistrationTold

# What a change must touch for people to be told: when and where they have to be.
_MOVING = frozenset({"time", "starts_at", "ends_at", "timezone", "venue"})


def on_confirmed(session: Session, told: RegistrationTold, _envelope: Envelope) -> None:
    """Confirm at once, with a ticket and a calendar entry, and schedule the reminders."""
    registration, activity = _seen(session, told, reachable=True)
    _overtake(session, registration)
    _tell(session, "registration-confirmed", registration, activity, until=activity.ends_at)
    schedule(session, registration, activity, utc_now())


def on_waiting(session: Session, told: RegistrationTold, _envelope: Envelope) -> None:
    """Tell somebody that they are on the waiting list, and where."""
    registration, activity = _seen(session, told, reachable=True)
    _overtake(session, registration)
    _tell(session, "registration-waiting", registration, activity, until=activity.starts_at)
    schedule(session, registration, activity, utc_now())


def on_cancelled(session: Session, told: RegistrationTold, _envelope: Envelope) -> None:
    """Confirm a cancellation, take the entry out of the calendar, withdraw the reminders."""
    registration, activity = _seen(session, told, reachable=told.cause == "activity")
    _overtake(session, registration)
    _tell(session, "registration-cancelled", registration, activity, until=activity.ends_at)
    schedule(session, registration, activity, utc_now())


def on_activity(session: Session, told: ActivityTold, _envelope: Envelope) -> None:
    """Keep what an activity is; move its reminders, and tell people when time or place changed."""
    activity = see_activity(session, told.activity)
    now = utc_now()
    moved = bool(_MOVING.intersection(told.changed)) and activity.status == "published"
    registrations = session.scalars(
        sa.select(RegistrationSeen)
        .where(
            RegistrationSeen.activity_id == activity.id,
            RegistrationSeen.status.in_(["confirmed", "waiting"]),
        )
        .order_by(RegistrationSeen.id)
        .with_for_update()
    ).all()
    for registration in registrations:
        schedule(session, registration, activity, now)
        # Whoever registered after the change was told the new time and place already.
        if moved and registration.activity_version < activity.version and activity.ends_at > now:
            registration.activity_version = activity.version
            _tell(
                session,
                "activity-changed",
                registration,
                activity,
                until=activity.ends_at,
                version=activity.version,
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


def _seen(
    session: Session, told: RegistrationTold, *, reachable: bool
) -> tuple[RegistrationSeen, ActivitySeen]:
    """Take in what an event tells of the activity, of the person, and of the registration."""
    activity = see_activity(session, told.activity)
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
            reachable=reachable or told.consents.advisories,
            wants_broadcasts=told.consents.advisories,
            consents=told.consents.model_dump(mode="json"),
        ),
    )
    return see_registration(session, told, contact.id, activity), activity


def _overtake(session: Session, registration: RegistrationSeen) -> None:
    """Call off what has not gone out yet: it would tell of a state that is over."""
    call_off(
        session,
        [Delivery.registration_id == registration.id, Delivery.kind != "reminder"],
    )


def _tell(
    session: Session,
    kind: str,
    registration: RegistrationSeen,
    activity: ActivitySeen,
    *,
    until: datetime,
    version: int | None = None,
) -> None:
    """Plan a message to every address of a registration.

    Args:
        until: from when on it would be of no use.
        version: what tells it from others of its kind; the registration's version by default.
    """
    contact = session.get_one(Contact, registration.contact_id)
    plan(
        session,
        addresses_of(contact),
        Planned(
            kind=kind,
            key=f"{kind}/{registration.id}/{version or registration.version}",
            language=registration.language,
            district=activity.state["district"],
            expires_at=until,
            contact_id=contact.id,
            registration_id=registration.id,
        ),
    )
