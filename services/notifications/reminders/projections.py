"""Keeping what other services said: always the newest, in whatever order it arrives."""

from __future__ import annotations

import uuid

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from services.chassis.events import Envelope
from services.notifications.reminders.models import ActivitySeen, AdvisorySeen, RegistrationSeen
from services.notifications.reminders.schemas import (
    ActivityState,
    AdvisoryTold,
    RegistrationTold,
    as_json,
)


def see_activity(session: Session, state: ActivityState) -> ActivitySeen:
    """Keep an activity's description unless a newer one is kept already; returns what is kept.

    Registrations carry the description too, so many handlers may see one activity at once. The
    row is locked only where there is something to write.
    """
    known = session.scalar(sa.select(ActivitySeen.version).where(ActivitySeen.id == state.id))
    if known is None or known < state.version:
        fresh = postgresql.insert(ActivitySeen).values(
            id=state.id,
            version=state.version,
            state=as_json(state),
            status=state.status,
            starts_at=state.starts_at,
            ends_at=state.ends_at,
        )
        excluded = fresh.excluded
        session.execute(
            fresh.on_conflict_do_update(
                index_elements=[ActivitySeen.id],
                set_={
                    "version": excluded.version,
                    "state": excluded.state,
                    "status": excluded.status,
                    "starts_at": excluded.starts_at,
                    "ends_at": excluded.ends_at,
                },
                where=ActivitySeen.version < excluded.version,
            )
        )
    # Shared: registrations do not wait for one another, but a change of the activity waits for
    # those that are being handled, and so finds all whom it has to tell.
    return session.get_one(
        ActivitySeen, state.id, populate_existing=True, with_for_update={"read": True}
    )


def see_registration(
    session: Session, told: RegistrationTold, contact_id: uuid.UUID, activity: ActivitySeen
) -> RegistrationSeen:
    """Keep a registration's description. Its events arrive in order: the inbox sees to that."""
    seen = session.get(RegistrationSeen, told.subject_id)
    if seen is None:
        seen = RegistrationSeen(id=told.subject_id, calendar_sequence=0)
        session.add(seen)
    seen.version = told.version
    seen.calendar_sequence += 1
    seen.activity_id = told.activity.id
    # Its message is written from what is kept, which may be newer than what the event carried.
    seen.activity_version = activity.version
    seen.contact_id = contact_id
    seen.status = told.status
    seen.name = told.name
    seen.ticket_code = told.ticket_code
    seen.manage_url = told.manage_url
    seen.party_size = told.party_size
    seen.language = told.language
    seen.consents = told.consents.model_dump(mode="json")
    seen.waiting_position = told.waiting_position
    seen.promoted = told.promoted
    seen.cause = told.cause
    seen.children = told.children
    seen.hold_expires_at = told.hold_expires_at
    seen.asked = told.asked
    session.flush()
    return seen


def on_advisory(session: Session, told: AdvisoryTold, _envelope: Envelope) -> None:
    """Keep an advisory, which stands in the mails of activities about its country."""
    seen = session.get(AdvisorySeen, told.subject_id)
    if seen is None:
        seen = AdvisorySeen(id=told.subject_id)
        session.add(seen)
    seen.version = told.version
    seen.country = told.country
    seen.region = told.region
    seen.level = told.level
    seen.word = told.word
    seen.headline = told.headline
    seen.advice = told.advice
    seen.valid_from = told.valid_from
    seen.valid_until = told.valid_until
    seen.url = told.url
    seen.withdrawn = told.withdrawn
