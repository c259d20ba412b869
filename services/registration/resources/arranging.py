"""The use case behind “Room and lecturers”: what an activity occupies, chosen by staff."""

from __future__ import annotations

import uuid
from collections.abc import Collection

from sqlalchemy.orm import Session

from services.chassis.auth import Principal
from services.chassis.i18n import Text, lazy
from services.chassis.problems import FieldError, Invalid
from services.registration.activities import acts
from services.registration.activities.edits import planned
from services.registration.activities.models import Activity
from services.registration.activities.schemas import ActivityPatch
from services.registration.database import database
from services.registration.resources import lecturers
from services.registration.resources.models import Lecturer, Venue
from services.registration.resources.occupancy import Holder, Wanted, held_by, occupy, resources
from services.registration.resources.schemas import OccupancyOut, ResourcesIn, ResourcesOut
from services.registration.resources.spans import Span
from services.registration.resources.venues import must_be_newest
from services.registration.series import occurrences


def arranged(principal: Principal, activity_id: uuid.UUID) -> ResourcesOut:
    """What an activity occupies now.

    Raises:
        Problem: 404; 403 for another district's.
    """
    with database.transaction() as session:
        (activity,) = occurrences.chosen(session, principal, activity_id, "this")
        return _told(session, activity)


def arrange(principal: Principal, activity_id: uuid.UUID, wanted: ResourcesIn) -> ResourcesOut:
    """Choose where an activity takes place and who speaks.

    A room of ours brings its name, address, place on the map and whether it is step-free; those
    who registered for a published activity are told of another place, as after any edit.

    Raises:
        Invalid: a room or a lecturer is not there to be chosen.
        Problem: 404; 403 for another district's; 409 ``edited-meanwhile``, ``activity-STATUS``,
            and without a reason ``resource-busy`` or ``lecturer-unavailable``.
    """
    with database.transaction() as session:
        (activity,) = occurrences.chosen(session, principal, activity_id, "this", lock=True)
        activity.must_be_editable()
        must_be_newest(wanted.version, activity.version)
        holder = Holder("activity", activity.id)
        found = chosen(session, principal, wanted.venue_id, wanted.lecturer_ids, holder)
        occupy(
            session,
            Wanted(
                holder,
                found,
                [Span(activity.starts_at, activity.ends_at)],
                tentative=activity.status == "draft",
                reason=wanted.override_reason,
                by=principal.id,
            ),
        )
        venue = next((one for one in found if isinstance(one, Venue)), None)
        (edit,) = planned(activity, [], _brought(activity, venue))
        if edit.columns:
            acts.write(session, principal, edit, wanted.note, wanted.ask)
        else:
            activity.version += 1
        activity.venue_id = wanted.venue_id
        acts.note(session, principal, "activity.arranged", activity)
        return _told(session, activity)


def chosen(
    session: Session,
    principal: Principal,
    venue_id: uuid.UUID | None,
    lecturer_ids: Collection[uuid.UUID],
    holder: Holder,
) -> list[Venue | Lecturer]:
    """The room and the lecturers that somebody chose and may choose; what is held may stay.

    Raises:
        Invalid: there is no such one, or it is archived.
        Problem: 403 for another district's.
    """
    held = {row.resource_id for row in held_by(session, holder)}
    found: list[Venue | Lecturer] = []
    if venue_id is not None:
        venue = session.get(Venue, venue_id)
        if venue is None or (venue.archived_at is not None and venue.id not in held):
            raise _not_offered("venue_id", lazy("This room is no longer offered."))
        if venue.id not in held:
            principal.must_cover(venue.district)
        found.append(venue)
    for lecturer_id in dict.fromkeys(lecturer_ids):
        lecturer = session.get(Lecturer, lecturer_id)
        if lecturer is None or (lecturer.archived_at is not None and lecturer_id not in held):
            raise _not_offered("lecturer_ids", lazy("This lecturer is no longer offered."))
        if lecturer_id not in held:
            lecturers.seen(session, principal, lecturer_id)
        found.append(lecturer)
    return found


def occupancies(session: Session, holder: Holder) -> list[OccupancyOut]:
    """What an activity or a booking occupies, with names, in the order of time."""
    rows = held_by(session, holder)
    names = {one.id: one.name for one in resources(session, {row.resource_id for row in rows})}
    return [
        OccupancyOut(
            kind=row.resource_kind,
            id=row.resource_id,
            name=names[row.resource_id],
            begins=Span.of(row.during).begins,
            ends=Span.of(row.during).ends,
            tentative=row.tentative,
            override_reason=row.override_reason,
        )
        for row in rows
    ]


def _brought(activity: Activity, venue: Venue | None) -> ActivityPatch:
    """What a room of ours brings; the same room again leaves what was written of it since."""
    if venue is None or venue.id == activity.venue_id:
        return ActivityPatch()
    return ActivityPatch.model_validate(
        {
            "venue": {"name": venue.name, "address": venue.address},
            "latitude": venue.latitude,
            "longitude": venue.longitude,
            "step_free": venue.step_free,
        }
    )


def _told(session: Session, activity: Activity) -> ResourcesOut:
    rows = occupancies(session, Holder("activity", activity.id))
    return ResourcesOut(
        activity_id=activity.id,
        version=activity.version,
        venue_id=activity.venue_id,
        lecturer_ids=[row.id for row in rows if row.kind == "lecturer"],
        occupancies=rows,
    )


def _not_offered(field: str, sentence: Text) -> Invalid:
    return Invalid([FieldError(field, sentence)])
