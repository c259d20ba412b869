"""The door as JSON: for our own page with its queue of scans, and for programs."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Response

from services.chassis.auth import Principal, require
from services.registration.checkin import attendance, lists, scans, walk_ins
from services.registration.checkin.schemas import (
    CheckedIn,
    CheckInIn,
    ConfirmIn,
    Counts,
    DoorChanges,
    DoorList,
    Recorded,
    ScanOut,
    ScansIn,
    WalkInIn,
)

router = APIRouter(prefix="/activities/{activity_id}", tags=["check-in"])

Doorkeeper = Annotated[Principal, Depends(require("registrations.check-in"))]
Viewer = Annotated[Principal, Depends(require("registrations.view"))]
Cursor = Annotated[int, Query(ge=0, lt=2**63)]


@router.post("/check-ins")
def check_in(activity_id: uuid.UUID, shown: CheckInIn, principal: Doorkeeper) -> CheckedIn:
    """Let a ticket's party in; `result` says what became of it."""
    return scans.check_in(principal, activity_id, shown)


@router.get("/door", response_model=DoorList)
def door(
    activity_id: uuid.UUID,
    principal: Doorkeeper,
    response: Response,
    if_none_match: Annotated[str, Header()] = "",
) -> Response | DoorList:
    """Everything a door needs to go on without a network. With an `ETag`: 304 when it has it."""
    tag = lists.etag(principal, activity_id)
    if tag in if_none_match:
        return Response(status_code=304, headers={"ETag": tag})
    response.headers["ETag"] = tag
    return lists.whole(principal, activity_id)


@router.get("/door/changes")
def changes(activity_id: uuid.UUID, principal: Doorkeeper, since: Cursor = 0) -> DoorChanges:
    """Who came or was taken back since a cursor, by whatever door."""
    return lists.changes(principal, activity_id, since)


@router.get("/door/conflicts")
def conflicts(activity_id: uuid.UUID, principal: Doorkeeper) -> list[ScanOut]:
    """Scans that let somebody in whom the record does not, the last received first."""
    return list(lists.doorway(principal, activity_id, None).conflicts)


@router.post("/scans")
def record(activity_id: uuid.UUID, batch: ScansIn, principal: Doorkeeper) -> Recorded:
    """Take up to 500 scans, each once by its id, in any order and as often as they are sent.

    The scans of one party count in the order of their real times: the earlier lets in. A scan that
    let somebody in by mistake is kept and marked as a `conflict`. A time in the future is the time
    of arrival here, and marked by `clock_wrong`.
    """
    return scans.record(principal, activity_id, batch)


@router.post("/scans/{scan_id}/undo")
def undo(activity_id: uuid.UUID, scan_id: uuid.UUID, principal: Doorkeeper) -> ScanOut:
    """Take a scan back; a walk-in gives its places back. Doing it twice changes nothing."""
    return scans.undo(principal, activity_id, scan_id)


@router.post("/walk-ins", status_code=201)
def walk_in(activity_id: uuid.UUID, wanted: WalkInIn, principal: Doorkeeper) -> ScanOut:
    """Register a party at the door and let it in. 409 `activity-full` when there is no room."""
    return walk_ins.walk_in(principal, activity_id, wanted)


@router.post("/registrations/{registration_id}/confirm-at-door")
def confirm(
    activity_id: uuid.UUID, registration_id: uuid.UUID, wanted: ConfirmIn, principal: Doorkeeper
) -> ScanOut:
    """Give a waiting party that is at the door free places, and let it in."""
    return walk_ins.confirm(principal, activity_id, registration_id, wanted)


@router.get("/attendance")
def attended(activity_id: uuid.UUID, principal: Viewer) -> Counts:
    """How many people are expected, and how many have come."""
    return attendance.of(principal, activity_id)
