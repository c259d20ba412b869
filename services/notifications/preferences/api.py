"""One's own choices, as JSON, by the token of the link."""

from __future__ import annotations

import uuid
from datetime import date, datetime

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from services.chassis.ratelimit import PublicRate
from services.notifications.preferences import linking, own_data, reading, service
from services.notifications.preferences.choices import ChoicesIn, PauseIn
from services.notifications.preferences.fields import TripIn
from services.notifications.preferences.linking import LinkWanted
from services.notifications.preferences.own_data import OwnData

router = APIRouter(tags=["preferences"])


class TripOut(BaseModel):
    """A trip that is not over."""

    model_config = ConfigDict(from_attributes=True)

    id: uuid.UUID
    country: str
    departs_on: date
    returns_on: date | None


class ChoicesOut(BaseModel):
    """What counts for an address. `address` is masked; `paused_until` is UTC.

    `wants`: safety reminders were agreed to; `unsubscribed`: they were ended; `suppressed`: nothing
    at all is sent to the address.
    """

    model_config = ConfigDict(from_attributes=True)

    channel: str
    address: str
    language: str
    digest: str
    districts: list[str]
    countries: list[str]
    topics: list[str]
    wants: bool
    unsubscribed: bool
    suppressed: bool
    paused_until: datetime | None
    trips: list[TripOut] = Field(description="By a link that was asked for within a day alone.")
    trips_kept: int


@router.post("/preferences/links", status_code=202, dependencies=[PublicRate])
def send_link(wanted: LinkWanted) -> dict[str, str]:
    """Have the link to one's choices sent. The answer is the same for every address."""
    linking.ask(wanted)
    return {"status": "accepted"}


@router.get("/preferences/{token}")
def read(token: str) -> ChoicesOut:
    """What counts for the address that the link was sent to. 410: `link-expired`."""
    return ChoicesOut.model_validate(reading.standing(token))


@router.put("/preferences/{token}", dependencies=[PublicRate])
def save(token: str, choices: ChoicesIn) -> ChoicesOut:
    """Choose; from now on this alone counts for the address."""
    service.save(token, choices)
    return read(token)


@router.post("/preferences/{token}/trips", status_code=201, dependencies=[PublicRate])
def add_trip(token: str, trip: TripIn) -> ChoicesOut:
    """Add a trip. The same one again changes its day of return."""
    service.add_trip(token, trip)
    return read(token)


@router.delete("/preferences/{token}/trips/{trip_id}", dependencies=[PublicRate])
def remove_trip(token: str, trip_id: uuid.UUID) -> ChoicesOut:
    """Take a trip out. Doing it twice changes nothing."""
    service.remove_trip(token, trip_id)
    return read(token)


@router.put("/preferences/{token}/pause", dependencies=[PublicRate])
def pause(token: str, wanted: PauseIn) -> ChoicesOut:
    """Let no routine or important messages come before a day."""
    service.pause(token, wanted)
    return read(token)


@router.delete("/preferences/{token}/pause", dependencies=[PublicRate])
def end_pause(token: str) -> ChoicesOut:
    """Let them come again now."""
    service.pause(token, None)
    return read(token)


@router.post("/preferences/{token}/leave", dependencies=[PublicRate])
def leave(token: str) -> ChoicesOut:
    """End all broadcasts to the address, emergencies included."""
    service.leave(token)
    return read(token)


@router.post("/preferences/{token}/return", dependencies=[PublicRate])
def come_back(token: str) -> ChoicesOut:
    """Let them come again, as they were chosen before."""
    service.come_back(token)
    return read(token)


@router.get("/preferences/{token}/data")
def data(token: str) -> OwnData:
    """Everything that is held of the address. 403 `link-not-fresh`; 410 `address-erased`."""
    return own_data.show(token)


@router.delete("/preferences/{token}/data", status_code=204, dependencies=[PublicRate])
def erase(token: str) -> None:
    """Erase it, and write no more broadcasts to the address."""
    own_data.erase(token)
