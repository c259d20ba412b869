"""What an activity occupies follows the activity: its time, its room, its end."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from sqlalchemy.orm import Session

from services.registration.activities.models import Activity
from services.registration.resources.models import Occupancy
from services.registration.resources.occupancy import (
    Holder,
    Wanted,
    held_by,
    occupy,
    resources,
)
from services.registration.resources.spans import Span


def follow(session: Session, *activities: Activity, like: uuid.UUID | None = None) -> None:
    """Have the room and the lecturers of activities follow them, in the transaction of the change.

    Call it after every change of time, room or status, and once for all the occurrences that
    change together, because they may change places. A draft occupies tentatively, a published
    activity for good, a cancelled one no longer.

    Args:
        activities: with their new values; their rows are locked or new.
        like: another activity, whose lecturers they take as well: a copy's original.

    Raises:
        Problem: 409 ``resource-busy`` or ``lecturer-unavailable`` when somebody or something is
            not free at the new time; the change must not be kept.
    """
    copied = [] if like is None else held_by(session, Holder("activity", like))
    occupy(session, *(_wanted(session, activity, copied) for activity in activities))


def _wanted(session: Session, activity: Activity, copied: Sequence[Occupancy]) -> Wanted:
    holder = Holder("activity", activity.id)
    if activity.status == "cancelled":
        return Wanted(holder, (), ())
    ids = {
        row.resource_id
        for row in [*held_by(session, holder), *copied]
        if row.resource_kind == "lecturer"
    }
    if activity.venue_id is not None:
        ids.add(activity.venue_id)
    return Wanted(
        holder,
        resources(session, ids),
        [Span(activity.starts_at, activity.ends_at)],
        tentative=activity.status == "draft",
    )
