"""One's own account."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, StringConstraints

from services.identity.staff.passwords import NewPassword
from services.identity.staff.schemas import StaffOut


class PasswordChange(BaseModel):
    """One's own new password, with the old one as proof."""

    current: Annotated[str, StringConstraints(min_length=1, max_length=1000)]
    password: NewPassword


@dataclass(frozen=True)
class OwnSession:
    """A browser in which one is signed in.

    Attributes:
        here: whether it is the one that asks.
    """

    id: uuid.UUID
    device: str
    created_at: datetime
    last_seen: datetime
    here: bool


@dataclass(frozen=True)
class Account:
    """Oneself, and where one is signed in, the latest first."""

    staff: StaffOut
    sessions: list[OwnSession]

    @property
    def elsewhere(self) -> int:
        """In how many other browsers one is signed in."""
        return sum(not session.here for session in self.sessions)
