"""What goes in and comes out at the door."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Annotated, Self

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    model_validator,
)

from services.chassis.fields import Name, SingleLine, refuse
from services.registration.checkin.models import Result, What
from services.registration.moments import Moment
from services.registration.registrations.models import Source, Status
from services.registration.registrations.schemas import PartySize

MOST_SCANS = 500
LONGEST_SHOWN = 2_000  # characters; a business card is longer than any ticket
LONGEST_OFFSET = 100 * 366 * 86_400_000  # ms: a clock that was never set says 1970


def _in_utc(value: datetime) -> datetime:
    try:
        return value.astimezone(UTC)
    except OverflowError:  # at the edges of the calendar, where no true scan is
        return value.replace(tzinfo=UTC)


# What a device's clock said. Any year will do: a wrong clock must not lose a scan.
DeviceMoment = Annotated[AwareDatetime, AfterValidator(_in_utc)]
Shown = Annotated[str, Field(min_length=1, max_length=LONGEST_SHOWN)]
Door = Annotated[SingleLine, Field(max_length=40)]


class CheckInIn(BaseModel):
    """A ticket at the door. ``at``: when it was shown (null: now)."""

    ticket_code: Shown
    at: Moment | None = None
    people: PartySize | None = Field(
        default=None, description="How many of the party come in now; null for all of it."
    )


class CheckedIn(BaseModel):
    """What became of a ticket at the door.

    ``at`` is when the party was checked in, this time or before, and ``came`` how many of it are in
    the room now. Name and party are there when the ticket is for this activity. ``what``: what was
    shown, where it was no ticket.
    """

    result: Result
    what: What
    at: datetime | None = None
    registration_id: uuid.UUID | None = None
    name: str | None = None
    party_size: int | None = None
    came: int | None = None


class ScanIn(BaseModel):
    """One scan as a device has kept it, sent once or many times.

    ``at`` is what the device's own clock said (null: when it is recorded here), and
    ``clock_offset_ms`` what to add to that clock to get the server's, as it was measured when they
    had last spoken. ``shown``: the answer that the doorkeeper saw, when there was no network to
    ask. ``undone_at``: the doorkeeper took it back, at that time.
    """

    id: uuid.UUID
    ticket_code: Shown | None = None
    registration_id: uuid.UUID | None = None
    people: PartySize | None = None
    at: DeviceMoment | None = None
    clock_offset_ms: int = Field(default=0, ge=-LONGEST_OFFSET, le=LONGEST_OFFSET)
    shown: Result | None = None
    undone_at: DeviceMoment | None = None

    @model_validator(mode="after")
    def _of_something(self) -> Self:
        if (self.ticket_code is None) == (self.registration_id is None):
            raise refuse("A scan has either a ticket code or a registration.")
        return self


class ScansIn(BaseModel):
    """A batch of scans of one door; ``door`` is its name, such as "North"."""

    door: Door = ""
    scans: Annotated[list[ScanIn], Field(max_length=MOST_SCANS)]


class DoorEntry(BaseModel):
    """One registration as a door knows it. ``came``: how many of the party are in the room."""

    id: uuid.UUID
    name: str
    party_size: int
    children: int
    ticket_code: str
    status: Status
    source: Source
    came: int
    checked_in_at: datetime | None


class Counts(BaseModel):
    """People and parties of one activity, as they are now.

    ``expected``: people with a place. ``came``: those in the room. ``no_shows``: people with a
    place who are not, which is final once the activity is over. ``places``: null when nobody is
    counted. ``conflicts``: scans that let in somebody whom the record does not.
    """

    expected: int
    came: int
    no_shows: int
    parties: int
    parties_came: int
    walk_ins: int
    waiting: int
    places: int | None
    places_left: int | None
    conflicts: int


class ScanOut(BaseModel):
    """A scan, and what holds of it now.

    ``first_at`` and ``first_door``: the scan that let the party in, when this one did not.
    ``conflict``: this door opened, and the record says that it should not have.
    """

    model_config = ConfigDict(from_attributes=True)

    id: uuid.UUID
    result: Result
    shown: Result
    what: What
    people: int | None
    let_in: int
    door: str
    at: datetime
    clock_wrong: bool
    undone_at: datetime | None
    conflict: bool = False
    first_at: datetime | None = None
    first_door: str | None = None
    registration: DoorEntry | None = None


class DoorActivity(BaseModel):
    """What a door shows of its activity."""

    model_config = ConfigDict(from_attributes=True)

    id: uuid.UUID
    title: dict[str, str]
    status: str
    starts_at: datetime
    ends_at: datetime
    timezone: str


class DoorList(BaseModel):
    """Everything that a door needs to go on without a network.

    ``now`` is the server's clock. ``cursor``: ask for what changed since it. ``version`` is the
    list's ETag: when a later answer has another, the list is to be fetched again.
    """

    now: datetime
    version: str
    cursor: int
    activity: DoorActivity
    counts: Counts
    items: list[DoorEntry]


class DoorChanges(BaseModel):
    """Who came or was taken back since a cursor, by any door. ``more``: ask again at once."""

    now: datetime
    version: str
    cursor: int
    more: bool
    counts: Counts
    items: list[DoorEntry]


class Recorded(BaseModel):
    """The answers to a batch of scans, in its order."""

    now: datetime
    counts: Counts
    results: list[ScanOut]


class WalkInIn(BaseModel):
    """Somebody who comes without having registered. ``id`` is given by the device."""

    id: uuid.UUID
    name: Name | None = None
    party_size: PartySize = 1
    door: Door = ""


class ConfirmIn(BaseModel):
    """Somebody who is at the door, is registered, and has no place yet."""

    id: uuid.UUID
    door: Door = ""
