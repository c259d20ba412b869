"""The challenge and the line, for programs."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Header, Request
from pydantic import BaseModel, Field

from services.chassis.ratelimit import PublicRate
from services.registration.rush import gate, proof, waiting
from services.registration.rush.line import State

router = APIRouter(tags=["rush"])


class PlaceOut(BaseModel):
    """Somebody's place in line. ``place`` is the key to it, for the header ``Queue-Place``."""

    place: str
    state: State
    ahead: int | None = Field(description="How many are let in before, while `waiting`.")
    wait_seconds: int | None = Field(description="Roughly how long that takes.")
    until: datetime | None = Field(description="Until when one may register, once `admitted`.")
    ask_again_after: int = Field(description="Seconds until it makes sense to ask again.")

    @classmethod
    def of(cls, place_id: uuid.UUID, view: waiting.View) -> PlaceOut:
        """The answer for a place."""
        standing = view.standing
        if standing is None:
            raise waiting.no_place()
        return cls(
            place=gate.place_token(place_id),
            state=standing.state,
            ahead=standing.ahead,
            wait_seconds=None if standing.wait is None else int(standing.wait.total_seconds()),
            until=standing.until,
            ask_again_after=view.ask_again_after,
        )


@router.get("/activities/{activity_id}/challenge")
def challenge(activity_id: uuid.UUID) -> dict[str, Any]:
    """A proof of work to do (ALTCHA), good for this activity, half an hour and one request.

    Its solution goes into the header `Proof-Of-Work` (base64 of `{"challenge", "solution"}`). It is
    asked for (428 `proof-needed`) while an activity is under a rush, and to take a place in line.
    """
    return proof.challenge(activity_id)


@router.post("/activities/{activity_id}/queue", status_code=201, dependencies=[PublicRate])
def join(request: Request, activity_id: uuid.UUID) -> PlaceOut:
    """Take a place in the line of a fair queue; it needs a proof of work.

    409 types: `no-queue`, `waiting-room-closed`; 428: `proof-needed`, `proof-not-valid`. Keep
    `place` and send it as the header `Queue-Place`, here and when registering.
    """
    place_id = waiting.join(activity_id, gate.Brought.in_call(request))
    return PlaceOut.of(place_id, waiting.view(activity_id, place_id))


@router.get("/activities/{activity_id}/queue")
def look(activity_id: uuid.UUID, queue_place: Annotated[str, Header()] = "") -> PlaceOut:
    """How a place in line stands; ask again after `ask_again_after` seconds."""
    place_id = gate.read_place(queue_place)
    if place_id is None:
        raise waiting.no_place()
    return PlaceOut.of(place_id, waiting.view(activity_id, place_id))
