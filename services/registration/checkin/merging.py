"""What a party's scans amount to, whatever the order in which they arrive.

The rule for several doors, with and without a network: a party's scans are put in the order of
real time, and the earlier counts. So each batch may come late, twice or in pieces, and the record
is the same in the end. Where a door opened for somebody whom the record does not let in, nothing
is lost: the scan stays as a conflict, and staff see both times and doors.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from services.registration.checkin.models import CHANGES, IN_THE_ROOM, Arrival, Scan
from services.registration.registrations.models import Registration

# A scanner's clock may be a little ahead of ours.
CLOCK_TOLERANCE = timedelta(minutes=5)


def corrected(
    device_at: datetime, offset_ms: int, now: datetime, not_before: datetime | None
) -> tuple[datetime, bool]:
    """When something happened, by the server's clock.

    Args:
        device_at: what the device's clock said.
        offset_ms: what to add to that clock, in milliseconds.
        now: the present, by the server's clock.
        not_before: it cannot have been earlier (the registration was not made yet).

    Returns:
        The time, never after ``now``; and whether the clock was so wrong that it is ``now``.
    """
    try:
        at = device_at + timedelta(milliseconds=offset_ms)
    except OverflowError:
        return now, True
    too_early = not_before is not None and at < not_before - CLOCK_TOLERANCE
    if at > now + CLOCK_TOLERANCE or too_early:
        return now, True
    return min(at, now), False


def fold(party_size: int, scans: Iterable[Scan]) -> int:
    """Decide each scan of a party by those before it.

    A scan of the whole party lets in all of it, or nobody when some of it is in already; a scan of
    so many lets in as many as are missing.

    Returns:
        How many came.
    """
    came = 0
    for scan in sorted(scans, key=lambda one: (one.at, one.id)):
        wanted = scan.people if scan.people is not None else 0 if came else party_size
        scan.let_in = min(wanted, party_size - came)
        scan.result = "checked-in" if scan.let_in else "already"
        came += scan.let_in
    return came


def settle(session: Session, registration: Registration) -> None:
    """Write what a registration's scans amount to. The activity is locked."""
    session.flush()
    scans = session.scalars(
        sa.select(Scan).where(
            Scan.registration_id == registration.id,
            Scan.result.in_(IN_THE_ROOM),
            Scan.undone_at.is_(None),
        )
    ).all()
    came = fold(registration.party_size, scans)
    first = min((scan.at for scan in scans if scan.let_in), default=None)
    before = session.get(Arrival, registration.id, populate_existing=True)
    if (before.came if before else 0, registration.checked_in_at) == (came, first):
        return
    registration.checked_in_at = first
    session.execute(
        postgresql.insert(Arrival)
        .values(
            registration_id=registration.id,
            activity_id=registration.activity_id,
            came=came,
            change=CHANGES.next_value(),
        )
        .on_conflict_do_update(
            index_elements=[Arrival.registration_id],
            # It may have moved here since somebody scanned its ticket by mistake at another date.
            set_={
                "activity_id": registration.activity_id,
                "came": came,
                "change": CHANGES.next_value(),
            },
        )
        .execution_options(populate_existing=True)
    )
