"""Sign-in sessions, and how often sign-in has failed lately."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.chassis.database import new_id
from services.identity.database import Base
from services.identity.staff.models import Staff

# After so long a person signs in again, however busy they were: about one working day.
LONGEST_SESSION = timedelta(hours=12)


class SignInSession(Base):
    """One browser in which somebody is signed in. Its id is the credential's id.

    Attributes:
        last_seen: when the credential was last renewed; at most a few minutes behind.
        device: the browser and system in a few words, for the person to recognise.
    """

    __tablename__ = "sign_in_sessions"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    staff_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey(Staff.id), index=True)
    created_at: Mapped[datetime]
    last_seen: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    ended_at: Mapped[datetime | None]
    device: Mapped[str]

    def lives(self, now: datetime) -> bool:
        """Whether its credential may be renewed."""
        return self.ended_at is None and now < self.expires_at


class SignInAttempts(Base):
    """Failures in a row for one typed address, whether or not there is such an account.

    Attributes:
        key: fingerprint of what is counted; no address is kept.
        blocked_until: nothing is tried before.
    """

    __tablename__ = "sign_in_attempts"

    key: Mapped[str] = mapped_column(primary_key=True)
    failures: Mapped[int] = mapped_column(default=0)
    last_at: Mapped[datetime] = mapped_column(index=True)
    blocked_until: Mapped[datetime | None]
