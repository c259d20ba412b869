"""When reminders are due: made with a registration, moved with its activity, never late."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.chassis.fields import duration
from services.notifications.contacts.models import Contact
from services.notifications.database import database
from services.notifications.delivery.models import Delivery
from services.notifications.delivery.service import Planned, addresses_of, call_off, plan
from services.notifications.reminders.models import ActivitySeen, RegistrationSeen, Reminder
from services.notifications.reminders.schemas import ActivityState
from services.notifications.rules.quiet import quiet_until

BATCH: Final = 200


def schedule(
    session: Session, registration: RegistrationSeen, activity: ActivitySeen, now: datetime
) -> None:
    """Bring a registration's reminders into line with what is known of it and of its activity.

    One whose time has passed is not made up for: whoever registers today for tomorrow has just
    been told. A reminder that was sent is sent again when the activity moves to a later time.
    """
    state = ActivityState.model_validate(activity.state)
    wanted: dict[str, datetime] = {}
    if _reminds(registration, activity):
        wanted = {lead: activity.starts_at - duration(lead) for lead in state.reminders}
    kept = {
        reminder.lead_time: reminder
        for reminder in session.scalars(
            sa.select(Reminder).where(Reminder.registration_id == registration.id)
        )
    }
    moved = False
    for lead, reminder in kept.items():
        reminder.activity_id = activity.id  # another one when the registration moved there
        if lead not in wanted:
            reminder.state = "withdrawn"
            moved = True
        elif reminder.due_at != wanted[lead]:
            reminder.due_at = wanted[lead]
            reminder.state = "waiting" if wanted[lead] > now else "expired"
            moved = True
        elif reminder.state == "withdrawn" and wanted[lead] > now:
            reminder.state = "waiting"
    for lead, due_at in wanted.items():
        if lead not in kept and due_at > now:
            session.add(
                Reminder(
                    registration_id=registration.id,
                    activity_id=activity.id,
                    lead_time=lead,
                    due_at=due_at,
                    state="waiting",
                )
            )
    if moved:
        # What was planned under the old times, and has not gone out, would say the wrong thing.
        call_off(
            session,
            [Delivery.registration_id == registration.id, Delivery.kind == "reminder"],
        )
    session.flush()


def _reminds(registration: RegistrationSeen, activity: ActivitySeen) -> bool:
    return (
        registration.status == "confirmed"
        and activity.status == "published"
        and bool(registration.consents.get("reminders"))
    )


def plan_due(now: datetime) -> int:
    """Turn the reminders that are due into deliveries. Any number of workers may do so at once.

    Args:
        now: with its zone.

    Returns:
        How many reminders were planned; those that came too late, or that nobody needs any more,
        are closed instead.
    """
    planned = 0
    while True:
        with database.transaction() as session:
            due = _claimed(session, now)
            planned += _plan(session, due, now)
        if len(due) < BATCH:
            return planned


def _claimed(session: Session, now: datetime) -> Sequence[Reminder]:
    return session.scalars(
        sa.select(Reminder)
        .where(Reminder.state == "waiting", Reminder.due_at <= now)
        .order_by(Reminder.due_at)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    ).all()


def _plan(session: Session, due: Sequence[Reminder], now: datetime) -> int:
    registrations = {
        seen.id: seen
        for seen in session.scalars(
            sa.select(RegistrationSeen).where(
                RegistrationSeen.id.in_({reminder.registration_id for reminder in due})
            )
        )
    }
    activities = {
        seen.id: seen
        for seen in session.scalars(
            sa.select(ActivitySeen).where(
                ActivitySeen.id.in_({reminder.activity_id for reminder in due})
            )
        )
    }
    # After an outage several may be due for one registration: the nearest to the beginning counts.
    latest = {reminder.registration_id: reminder.id for reminder in due}
    planned = 0
    for reminder in due:
        registration = registrations[reminder.registration_id]
        activity = activities[reminder.activity_id]
        if not _reminds(registration, activity):
            reminder.state = "withdrawn"
        elif activity.starts_at <= now or latest[registration.id] != reminder.id:
            reminder.state = "expired"
        else:
            reminder.state = "planned"
            _remind(session, reminder, registration, activity)
            planned += 1
    return planned


def _remind(
    session: Session, reminder: Reminder, registration: RegistrationSeen, activity: ActivitySeen
) -> None:
    contact = session.get_one(Contact, registration.contact_id)
    plan(
        session,
        addresses_of(contact),
        Planned(
            kind="reminder",
            key=_key(registration.id, reminder),
            language=registration.language,
            district=activity.state["district"],
            due_at=_considerate(reminder),
            expires_at=activity.starts_at,
            contact_id=contact.id,
            registration_id=registration.id,
        ),
    )


def _considerate(reminder: Reminder) -> datetime | None:
    """A reminder of days ahead that falls into the night comes in the morning.

    One of hours ahead goes at any hour: whoever begins early wants to be woken.
    """
    if duration(reminder.lead_time) < timedelta(days=1):
        return None
    return quiet_until("routine", reminder.due_at)


def _key(registration_id: uuid.UUID, reminder: Reminder) -> str:
    """The time is part of it: the reminder of an activity that has moved is another one."""
    return f"reminder/{registration_id}/{reminder.lead_time}/{reminder.due_at:%Y%m%dT%H%M%SZ}"
