"""What the sign-in form carries, and what comes of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, StringConstraints

from services.chassis.fields import Email


class SignIn(BaseModel):
    """Who wants to sign in."""

    email: Email
    # Longer than any password that can be chosen, and short enough to be hashed without harm.
    password: Annotated[str, StringConstraints(min_length=1, max_length=1000)]


@dataclass(frozen=True)
class SignedIn:
    """A session that has begun.

    Attributes:
        credential: for the session cookie.
        device: for the cookie by which this browser is known again.
    """

    credential: str
    device: str
