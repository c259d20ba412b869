"""One's own data as JSON, by the manage token."""

from __future__ import annotations

from fastapi import APIRouter

from services.chassis.ratelimit import PublicRate
from services.registration.retention import own_data
from services.registration.retention.own_data import Erased, OwnData

router = APIRouter(tags=["registrations"])


@router.get("/registrations/{manage_token}/data")
def show(manage_token: str) -> OwnData:
    """Everything that is held of the registrant. 410 `registration-erased` afterwards."""
    return own_data.show(manage_token)


@router.delete("/registrations/{manage_token}/data", dependencies=[PublicRate])
def erase(manage_token: str) -> Erased:
    """Erase it at once; a registration that still stands is cancelled first."""
    return own_data.erase_own(manage_token)
