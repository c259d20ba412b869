"""Verifying a contact, as JSON."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field

from services.chassis.ratelimit import PublicRate
from services.registration.registrations.schemas import OwnRegistration
from services.registration.verification import confirming
from services.registration.verification.events import Channel

router = APIRouter(tags=["registrations"])


class CodeIn(BaseModel):
    """A code as it was typed."""

    code: Annotated[str, Field(min_length=1, max_length=40)]


class ResendIn(BaseModel):
    """By what another code is sent; as before when null."""

    channel: Channel | None = None


@router.post("/registrations/{manage_token}/verify", dependencies=[PublicRate])
def verify(manage_token: str, wanted: CodeIn) -> OwnRegistration:
    """Verify the contact of a registration that is `unverified`; doing it twice changes nothing.

    409 types: `verification-expired`, `code-locked`.
    """
    return confirming.verify(manage_token, wanted.code)


@router.post(
    "/registrations/{manage_token}/verify/resend", status_code=204, dependencies=[PublicRate]
)
def resend(manage_token: str, wanted: ResendIn) -> None:
    """Send another code: three times at most, one a minute.

    409 types: `verification-expired`, `no-more-codes`; 429: `code-too-soon`, `too-many-codes`.
    """
    confirming.resend(manage_token, wanted.channel)
