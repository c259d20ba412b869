"""What a door shows: the activities of the day, the people of one, what changed, the last scans."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.chassis.auth import Principal
from services.chassis.database import utc_now
from services.chassis.reference import city
from services.registration.activities.models import Activity
from services.registration.checkin.attendance import counts, covered
from services.registration.checkin.models import IS_CONFLICT, Arrival, Scan
from services.registration.checkin.schemas import (
    Counts,
    DoorActivity,
    DoorChanges,
    DoorEntry,
    DoorList,
    ScanOut,
)
from services.registration.database import database
from services.registration.registrations.models import Registration
from services.registration.registrations.tickets import normal

CHANGES_AT_ONCE = 500
LAST_SCANS = 12
MOST_FOUND = 30
SOON = timedelta(days=7)


@dataclass(frozen=True)
class Day:
    """The activities whose doors open today, and those of the next week."""

    today: Sequence[tuple[DoorActivity, Counts]]
    soon: Sequence[DoorActivity]


def day(principal: Principal) -> Day:
    """What the doorkeeper may choose from: a district's staff, its own district's."""
    zone = ZoneInfo(city().timezone)
    midnight = utc_now().astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    tomorrow = midnight + timedelta(days=1)
    query = (
        sa.select(Activity)
        .where(
            Activity.status.in_(("published", "completed")),
            Activity.ends_at >= midnight,
            Activity.starts_at < tomorrow + SOON,
        )
        .order_by(Activity.starts_at, Activity.id)
    )
    if principal.district is not None:
        query = query.where(Activity.district == principal.district)
    with database.transaction() as session:
        found = session.scalars(query).all()
        return Day(
            today=[
                (DoorActivity.model_validate(one), counts(session, one))
                for one in found
                if one.starts_at < tomorrow
            ],
            soon=[DoorActivity.model_validate(one) for one in found if one.starts_at >= tomorrow],
        )


def whole(principal: Principal, activity_id: uuid.UUID) -> DoorList:
    """Everything that a door needs to go on by itself.

    Raises:
        Problem: 404; 403 for another district's activity.
    """
    with database.transaction() as session:
        activity = covered(session, principal, activity_id)
        # The cursor first: what changes meanwhile is told twice rather than never.
        cursor = _cursor(session, activity_id)
        version = _version(session, activity)
        rows = session.execute(
            sa.select(Registration, sa.func.coalesce(Arrival.came, 0))
            .outerjoin(Arrival, Arrival.registration_id == Registration.id)
            .where(Registration.activity_id == activity_id)
            .order_by(Registration.id)
        )
        return DoorList(
            now=utc_now(),
            version=version,
            cursor=cursor,
            activity=DoorActivity.model_validate(activity),
            counts=counts(session, activity),
            items=[entry(row, came) for row, came in rows],
        )


def etag(principal: Principal, activity_id: uuid.UUID) -> str:
    """The list's ETag (weak), without reading the list.

    Raises:
        Problem: 404; 403 for another district's activity.
    """
    with database.transaction() as session:
        activity = covered(session, principal, activity_id)
        return f'W/"{_version(session, activity)}-{_cursor(session, activity_id)}"'


def changes(principal: Principal, activity_id: uuid.UUID, since: int) -> DoorChanges:
    """Who came or was taken back after a cursor, the earliest change first.

    Raises:
        Problem: 404; 403 for another district's activity.
    """
    with database.transaction() as session:
        activity = covered(session, principal, activity_id)
        version = _version(session, activity)
        rows = session.execute(
            sa.select(Registration, Arrival)
            .join(Arrival, Arrival.registration_id == Registration.id)
            .where(Arrival.activity_id == activity_id, Arrival.change > since)
            .order_by(Arrival.change)
            .limit(CHANGES_AT_ONCE)
        ).all()
        return DoorChanges(
            now=utc_now(),
            version=version,
            cursor=rows[-1][1].change if rows else since,
            more=len(rows) == CHANGES_AT_ONCE,
            counts=counts(session, activity),
            items=[entry(row, arrival.came) for row, arrival in rows],
        )


def search(principal: Principal, activity_id: uuid.UUID, words: str) -> list[DoorEntry]:
    """Registrations by part of a name or the beginning of a code; names are encrypted.

    Raises:
        Problem: 404; 403 for another district's activity.
    """
    # “4号” is part of a name, and no beginning of a code.
    sought, code = words.casefold().strip(), normal(words) if words.isascii() else ""
    if not sought:
        return []
    return [
        one
        for one in whole(principal, activity_id).items
        if sought in one.name.casefold() or (code and one.ticket_code.startswith(code))
    ][:MOST_FOUND]


@dataclass(frozen=True)
class Doorway:
    """What a door's page shows without a script."""

    activity: DoorActivity
    counts: Counts
    last: Sequence[ScanOut]
    conflicts: Sequence[ScanOut]
    scan: ScanOut | None


def doorway(principal: Principal, activity_id: uuid.UUID, scan_id: uuid.UUID | None) -> Doorway:
    """An activity's door: its counts, the last scans of all doors, and conflicts.

    Raises:
        Problem: 404; 403 for another district's activity.
    """
    with database.transaction() as session:
        activity = covered(session, principal, activity_id)
        of_it = sa.select(Scan).where(Scan.activity_id == activity_id)
        newest = of_it.order_by(Scan.received_at.desc(), Scan.id.desc())
        chosen = of_it.where(Scan.id == scan_id)
        return Doorway(
            activity=DoorActivity.model_validate(activity),
            counts=counts(session, activity),
            last=outs(session, session.scalars(newest.limit(LAST_SCANS)).all()),
            conflicts=outs(session, session.scalars(newest.where(IS_CONFLICT)).all()),
            scan=next(iter(outs(session, session.scalars(chosen).all())), None),
        )


def entry(row: Registration, came: int) -> DoorEntry:
    """A registration as a door knows it."""
    known = {name: getattr(row, name) for name in DoorEntry.model_fields if name not in ("came",)}
    return DoorEntry(came=came, **known)


def outs(session: Session, scans: Sequence[Scan]) -> list[ScanOut]:
    """Scans with their registrations, and with the one that let in a party before them."""
    ids = {scan.registration_id for scan in scans if scan.registration_id}
    entries = _entries(session, ids)
    firsts: dict[uuid.UUID | None, Scan] = {}
    for scan in session.scalars(
        sa.select(Scan)
        .where(Scan.registration_id.in_(ids), Scan.let_in > 0)
        .order_by(Scan.at.desc(), Scan.id.desc())
    ):
        firsts[scan.registration_id] = scan
    return [_out(scan, entries, firsts.get(scan.registration_id)) for scan in scans]


def _out(scan: Scan, entries: dict[uuid.UUID, DoorEntry], first: Scan | None) -> ScanOut:
    found = ScanOut.model_validate(scan)
    missing = scan.people is not None and scan.let_in < scan.people
    found.conflict = (
        scan.shown == "checked-in"
        and scan.undone_at is None
        and (scan.result != "checked-in" or missing)
    )
    if scan.registration_id is not None and scan.result != "wrong-activity":
        found.registration = entries.get(scan.registration_id)
        if first is not None and first.id != scan.id:
            found.first_at, found.first_door = first.at, first.door
    return found


def _entries(session: Session, ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, DoorEntry]:
    rows = session.execute(
        sa.select(Registration, sa.func.coalesce(Arrival.came, 0))
        .outerjoin(Arrival, Arrival.registration_id == Registration.id)
        .where(Registration.id.in_(ids))
    )
    return {row.id: entry(row, came) for row, came in rows}


def _cursor(session: Session, activity_id: uuid.UUID) -> int:
    newest = session.scalar(
        sa.select(sa.func.max(Arrival.change)).where(Arrival.activity_id == activity_id)
    )
    return newest or 0


def _version(session: Session, activity: Activity) -> str:
    """Another one when a registration was added, changed, ended or erased."""
    of_it = sa.select(
        sa.func.count(),
        sa.func.coalesce(sa.func.sum(Registration.version), 0),
        sa.func.count(Registration.erased_at),
    ).where(Registration.activity_id == activity.id)
    return ".".join(str(part) for part in (activity.version, *session.execute(of_it).one()))
