"""Ending sign-in sessions, here and in every service."""

from __future__ import annotations

import uuid
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.chassis.auth import CredentialRevoked, revoke
from services.chassis.database import utc_now
from services.chassis.events.outbox import publish
from services.identity.signin.models import SignInSession

# How long an ended session stays on record.
KEEP_ENDED = timedelta(days=30)


def end_session(session: Session, signed_in: SignInSession) -> None:
    """End one session: refused here from the commit on, elsewhere as soon as the event arrives."""
    if signed_in.ended_at is None:
        signed_in.ended_at = utc_now()
        refuse_everywhere(session, signed_in.id)


def end_sessions(session: Session, staff_id: uuid.UUID, *, but: uuid.UUID | None = None) -> int:
    """End every session of a person, except perhaps the one they are using.

    Returns:
        How many were ended.
    """
    # Sessions past their time are among them: a credential renewed at the last moment may still
    # be good for half an hour.
    living = session.scalars(
        sa.select(SignInSession).where(
            SignInSession.staff_id == staff_id,
            SignInSession.ended_at.is_(None),
            SignInSession.id != but if but else sa.true(),
        )
    ).all()
    for signed_in in living:
        end_session(session, signed_in)
    return len(living)


def refuse_everywhere(session: Session, credential_id: uuid.UUID) -> None:
    """Refuse a credential in this service and tell the others."""
    revoke(session, credential_id)
    publish(session, CredentialRevoked(subject_id=credential_id, version=1))


def forget_old_sessions(session: Session) -> None:
    """Delete sessions whose time was over more than :data:`KEEP_ENDED` ago."""
    session.execute(
        sa.delete(SignInSession).where(SignInSession.expires_at < utc_now() - KEEP_ENDED)
    )
