"""Registrations as JSON: for residents by their link. What staff see is in ``attendees``."""

from __future__ import annotations

import uuid

from fastapi import APIRouter, Request

from services.chassis.idempotency import OncePerKey
from services.chassis.ratelimit import PublicRate
from services.registration.registrations import moving, service
from services.registration.registrations.schemas import (
    MoveIn,
    OtherDate,
    OwnPatch,
    OwnRegistration,
    Registered,
    RegistrationIn,
)
from services.registration.rush import gate

router = APIRouter(tags=["registrations"])


@router.post("/activities/{activity_id}/registrations", status_code=201, dependencies=[PublicRate])
def register(
    request: Request, activity_id: uuid.UUID, wanted: RegistrationIn, once: OncePerKey
) -> Registered:
    """Register a party for an activity, or put it on the waiting list.

    409 types: `activity-full`, `already-registered`, `registration-closed`,
    `registration-not-open`, `activity-cancelled`, `too-many-registrations`. `manage_url` ends in
    the manage token. `unverified`: the places count once the contact is verified.

    In a rush 428 `proof-needed`: solve the challenge, send the header `Proof-Of-Work`; and before
    a fair queue 428 `queue-first`: take a place in line, send the header `Queue-Place`.
    """
    with gate.passed(request, activity_id, once, gate.Brought.in_call(request)):
        return service.register(activity_id, wanted, once, source="api")


@router.get("/registrations/{manage_token}")
def look(manage_token: str) -> OwnRegistration:
    """The registrant's own registration."""
    return service.look(manage_token)


@router.patch("/registrations/{manage_token}", dependencies=[PublicRate])
def change(manage_token: str, wanted: OwnPatch) -> OwnRegistration:
    """Change name, party, language, answers or the wish for reminders; what is not given stays."""
    return service.change(manage_token, wanted)


@router.delete("/registrations/{manage_token}", dependencies=[PublicRate])
def cancel(manage_token: str) -> OwnRegistration:
    """Cancel; the places go to the waiting list. Doing it twice changes nothing."""
    return service.cancel(manage_token)


@router.post("/registrations/{manage_token}/accept", dependencies=[PublicRate])
def accept(manage_token: str) -> OwnRegistration:
    """Take the places that were offered from the waiting list; 409 `offer-over` when too late."""
    return service.accept(manage_token)


@router.post("/registrations/{manage_token}/keep", dependencies=[PublicRate])
def keep(manage_token: str) -> OwnRegistration:
    """Answer, after a change of time or place, that one comes all the same."""
    return service.keep(manage_token)


@router.get("/registrations/{manage_token}/other-dates")
def other_dates(manage_token: str) -> list[OtherDate]:
    """The other dates of the same series that have room for the party."""
    return moving.other_dates(manage_token)


@router.post("/registrations/{manage_token}/move", dependencies=[PublicRate])
def move(manage_token: str, wanted: MoveIn) -> OwnRegistration:
    """Move to another date of the same series; the ticket code stays.

    409 types: `activity-full` (nothing changes), `other-series`, `already-registered`, and those
    of registering.
    """
    return moving.move(manage_token, wanted.activity_id, wanted.answers)
