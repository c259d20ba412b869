"""People at the door who have no place yet: walk-ins, and those who wait and are here.

Both take places like anybody else, so the door never oversells. Nobody can be taken in this way
without a network, because only the server knows what is left.
"""

from __future__ import annotations

import uuid

from sqlalchemy.orm import Session

from services.chassis.auth import Principal
from services.chassis.database import utc_now
from services.chassis.i18n import gettext as _
from services.chassis.i18n import language, lazy
from services.chassis.idempotency import Once
from services.chassis.problems import NotFound
from services.registration.activities.models import Activity
from services.registration.checkin import lists, scans
from services.registration.checkin.attendance import covered
from services.registration.checkin.schemas import ConfirmIn, ScanOut, WalkInIn
from services.registration.database import database
from services.registration.registrations import refusals, seats, service
from services.registration.registrations.events import tell
from services.registration.registrations.models import Registration
from services.registration.registrations.schemas import ProxyIn


def walk_in(principal: Principal, activity_id: uuid.UUID, wanted: WalkInIn) -> ScanOut:
    """Register a party that has just come, and let it in. The same ``id`` twice is one party.

    Raises:
        Invalid: the party is larger than one registration may be.
        Problem: 404; 403 for another district's activity; 409 ``activity-full`` when there are not
            enough places, ``registration-closed`` when it is over, ``activity-cancelled``.
    """
    with database.transaction() as session:
        covered(session, principal, activity_id)
        scans.known_here(session, activity_id, [wanted.id])
    proxy = ProxyIn(
        name=wanted.name or _("Walk-in"), party_size=wanted.party_size, language=language()
    )
    once = Once(f"walk-in {activity_id}", str(wanted.id), wanted.model_dump_json().encode())
    registered = service.register(activity_id, proxy, once, source="door", by=principal)
    with database.transaction() as session:
        seats.locked(session, activity_id)
        scan = scans.known_here(session, activity_id, [wanted.id]).get(wanted.id)
        if scan is None:
            row = session.get_one(Registration, registered.id)
            scan = scans.add(
                session, principal, row, "walk-in", identifier=wanted.id, door=wanted.door
            )
            session.flush()
        return lists.outs(session, [scan])[0]


def confirm(
    principal: Principal, activity_id: uuid.UUID, registration_id: uuid.UUID, wanted: ConfirmIn
) -> ScanOut:
    """Give a party that waits and is here its places, when there are enough, and let it in.

    Whoever was offered places, or never answered from their address, stands here in person: that
    is an answer. The same ``id`` twice is once.

    Raises:
        Problem: 404; 403 for another district's activity; 409 ``activity-full`` when there are not
            enough places, ``registration-cancelled``.
    """
    with database.transaction() as session:
        covered(session, principal, activity_id)
        activity = seats.locked(session, activity_id)
        scan = scans.known_here(session, activity_id, [wanted.id]).get(wanted.id)
        if scan is None:
            row = session.get(Registration, registration_id)
            if row is None or row.activity_id != activity_id:
                raise NotFound(lazy("There is no such registration."))
            _give_places(session, activity, row)
            scan = scans.add(
                session, principal, row, "person", identifier=wanted.id, door=wanted.door
            )
            session.flush()
        return lists.outs(session, [scan])[0]


def _give_places(session: Session, activity: Activity, row: Registration) -> None:
    if row.status == "confirmed":
        return
    if row.status == "cancelled":
        raise refusals.cancelled_already()
    if refusal := refusals.of_activity(activity, utc_now(), at_the_office=True):
        raise refusal
    if not row.seats_held and not seats.add(session, activity, row.party_size):
        raise refusals.full()
    seats.move(session, row, "confirmed")
    tell(session, row, activity, promoted=True)
