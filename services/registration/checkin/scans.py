"""Scans: one at a time or in batches, from doors with and without a network; and taking one back.

Every use case locks the activity's row first, so that the doors of one activity come one after
another and each sees what the others did.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.chassis.auth import Principal
from services.chassis.database import new_id, utc_now
from services.chassis.i18n import lazy
from services.chassis.problems import FieldError, Invalid, NotFound, Problem
from services.registration.activities.models import Activity
from services.registration.checkin import lists
from services.registration.checkin.attendance import counts, covered
from services.registration.checkin.merging import CLOCK_TOLERANCE, corrected, settle
from services.registration.checkin.models import Result, Scan, What
from services.registration.checkin.reading import Read, read
from services.registration.checkin.schemas import (
    CheckedIn,
    CheckInIn,
    Recorded,
    ScanIn,
    ScanOut,
    ScansIn,
)
from services.registration.database import database
from services.registration.registrations import seats
from services.registration.registrations.models import Registration
from services.registration.registrations.trail import note


def check_in(principal: Principal, activity_id: uuid.UUID, shown: CheckInIn) -> CheckedIn:
    """Let a ticket's party in, once; for programs that ask about one ticket.

    Raises:
        Invalid: ``at`` lies in the future.
        Problem: 404; 403 for another district's activity.
    """
    if shown.at is not None and shown.at > utc_now() + CLOCK_TOLERANCE:
        sentence = lazy("This time has not come yet; please check the clock.")
        raise Invalid([FieldError("at", sentence)])
    scan = ScanIn(id=new_id(), ticket_code=shown.ticket_code, people=shown.people, at=shown.at)
    found = record(principal, activity_id, ScansIn(scans=[scan])).results[0]
    if found.registration is None:
        return CheckedIn(result=found.result, what=found.what)
    party = found.registration
    return CheckedIn(
        result=found.result,
        what=found.what,
        at=party.checked_in_at,
        registration_id=party.id,
        name=party.name,
        party_size=party.party_size,
        came=party.came,
    )


def record(principal: Principal, activity_id: uuid.UUID, batch: ScansIn) -> Recorded:
    """Take a batch of scans: each once, however often it is sent and in whatever order.

    Returns:
        What holds of each scan now, in the order of the batch.

    Raises:
        Problem: 404; 403 for another district's activity; 409 ``scan-of-another-activity``.
    """
    with database.transaction() as session:
        covered(session, principal, activity_id)
        activity = seats.locked(session, activity_id)
        now = utc_now()  # of two doors at once, whoever is recorded first was first
        known = known_here(session, activity_id, [scan.id for scan in batch.scans])
        fresh = list({scan.id: scan for scan in batch.scans if scan.id not in known}.values())
        parties = _Parties(session, activity_id, [_shown(scan) for scan in fresh])
        for wanted in fresh:
            known[wanted.id] = _taken(
                session, parties, wanted, principal=principal, batch=batch, now=now
            )
        touched = {known[wanted.id] for wanted in fresh}
        for wanted in batch.scans:
            scan = known[wanted.id]
            if wanted.undone_at is not None and scan.undone_at is None:
                _take_back(session, principal, activity, scan, now)
                touched.add(scan)
        _settle(session, touched)
        for wanted in fresh:
            _note(session, principal, activity, known[wanted.id], wanted)
        session.flush()
        return Recorded(
            now=now,
            counts=counts(session, activity),
            results=lists.outs(session, [known[wanted.id] for wanted in batch.scans]),
        )


def undo(principal: Principal, activity_id: uuid.UUID, scan_id: uuid.UUID) -> ScanOut:
    """Take a scan back, as if it had not been. A walk-in gives the places back. Twice is once.

    Raises:
        Problem: 404; 403 for another district's activity.
    """
    with database.transaction() as session:
        covered(session, principal, activity_id)
        activity = seats.locked(session, activity_id)
        scan = session.get(Scan, scan_id)
        if scan is None or scan.activity_id != activity_id:
            raise NotFound(lazy("There is no such scan."))
        if scan.undone_at is None:
            _take_back(session, principal, activity, scan, utc_now())
            _settle(session, {scan})
            session.flush()
        return lists.outs(session, [scan])[0]


def add(
    session: Session,
    principal: Principal,
    registration: Registration,
    what: What,
    *,
    identifier: uuid.UUID,
    door: str,
) -> Scan:
    """Let in a party that stands at the door now. The activity is locked."""
    now = utc_now()
    scan = Scan(
        id=identifier,
        activity_id=registration.activity_id,
        registration_id=registration.id,
        what=what,
        door=door,
        device_at=now,
        at=now,
        received_at=now,
        result="already",
        shown="checked-in",
        by=principal.id,
    )
    session.add(scan)
    settle(session, registration)
    scan.shown = scan.result
    return scan


def known_here(
    session: Session, activity_id: uuid.UUID, ids: Sequence[uuid.UUID]
) -> dict[uuid.UUID, Scan]:
    """The scans that were recorded before, by their ids.

    Raises:
        Problem: 409 ``scan-of-another-activity``.
    """
    found = {scan.id: scan for scan in session.scalars(sa.select(Scan).where(Scan.id.in_(ids)))}
    if any(scan.activity_id != activity_id for scan in found.values()):
        raise Problem(
            409,
            "scan-of-another-activity",
            lazy("A scan with this number belongs to another activity."),
            lazy("Give each scan a fresh UUID."),
        )
    return found


def _shown(scan: ScanIn) -> Read:
    if scan.ticket_code is None:
        return Read("person", registration_id=scan.registration_id)
    return read(scan.ticket_code)


class _Parties:
    """The registrations that a batch speaks of, read at once."""

    def __init__(self, session: Session, activity_id: uuid.UUID, shown: Sequence[Read]) -> None:
        rows = session.scalars(
            sa.select(Registration).where(
                sa.or_(
                    Registration.ticket_code.in_([one.code for one in shown if one.code]),
                    Registration.id.in_([one.registration_id for one in shown]),
                )
            )
        ).all()
        self.activity_id = activity_id
        self._by_code = {row.ticket_code: row for row in rows}
        self._by_id = {row.id: row for row in rows}

    def of(self, shown: Read) -> tuple[Registration | None, Result]:
        """The party behind what was shown, and the answer as far as it stands by itself.

        Whose ticket of another activity it is, is no business of this one's door.
        """
        row = self._by_code.get(shown.code or "")
        if shown.registration_id is not None:
            row = self._by_id.get(shown.registration_id)
        if row is None:
            return None, "not-found"
        if row.activity_id != self.activity_id:
            return None, "wrong-activity"
        if row.state == "confirmed":
            return row, "already"  # until its scans are settled
        return row, row.state


def _taken(
    session: Session,
    parties: _Parties,
    wanted: ScanIn,
    *,
    principal: Principal,
    batch: ScansIn,
    now: datetime,
) -> Scan:
    shown = _shown(wanted)
    row, result = parties.of(shown)
    at, wrong = corrected(
        wanted.at or now, wanted.clock_offset_ms, now, row.registered_at if row else None
    )
    scan = Scan(
        id=wanted.id,
        activity_id=parties.activity_id,
        registration_id=row.id if row else None,
        what=shown.what,
        people=wanted.people,
        let_in=0,
        door=batch.door,
        device_at=wanted.at or now,
        at=at,
        received_at=now,
        clock_wrong=wrong,
        shown=wanted.shown or result,
        result=result,
        by=principal.id,
    )
    session.add(scan)
    return scan


def _take_back(
    session: Session, principal: Principal, activity: Activity, scan: Scan, now: datetime
) -> None:
    scan.undone_at, scan.undone_by, scan.let_in = now, principal.id, 0
    session.flush()
    if scan.registration_id is None:
        return
    if scan.what == "walk-in":
        row = session.get_one(Registration, scan.registration_id)
        seats.cancel(session, activity, row, cause="staff", now=now)
    note(session, principal, "registration.check-in-undone", scan.registration_id, activity)


def _settle(session: Session, scans: set[Scan]) -> None:
    """Count anew whom these scans are about; another activity's are no business of this door."""
    for identifier in {scan.registration_id for scan in scans if scan.registration_id}:
        registration = session.get_one(Registration, identifier)
        if any(scan.activity_id == registration.activity_id for scan in scans):
            settle(session, registration)


def _note(
    session: Session, principal: Principal, activity: Activity, scan: Scan, wanted: ScanIn
) -> None:
    """Keep what an online doorkeeper is shown now, and write the audit trail."""
    if wanted.shown is None:
        scan.shown = scan.result
    if scan.let_in:
        note(session, principal, "registration.checked-in", scan.registration_id, activity)
