"""What staff do with activities: write, edit, publish, cancel. Each use case is a transaction."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.chassis.auth import Principal
from services.chassis.database import new_id, utc_now
from services.chassis.i18n import lazy
from services.chassis.idempotency import NOT_REPEATED, Once
from services.chassis.problems import Problem
from services.registration.activities import acts
from services.registration.activities.edits import Edit, planned
from services.registration.activities.models import Activity
from services.registration.activities.schemas import (
    ActivityIn,
    ActivityOut,
    ActivityPatch,
    CancelIn,
)
from services.registration.database import database
from services.registration.resources.service import follow
from services.registration.series.occurrences import Reach, chosen, reach
from services.registration.series.scope import Scope


def create_activity(
    principal: Principal,
    wanted: ActivityIn,
    once: Once = NOT_REPEATED,
    *,
    activity_id: uuid.UUID | None = None,
) -> ActivityOut:
    """Write a new activity; it is a draft until it is published.

    Args:
        activity_id: its id, where the caller needs to know it beforehand; else a fresh one.

    Raises:
        Problem: 403 for another district's; 422 ``idempotency-key-reused``.
        Invalid: an attachment is no material that we know.
    """
    principal.must_cover(wanted.district)
    with database.transaction() as session:
        if (first := once.first_answer(session)) is not None:
            return ActivityOut.model_validate(first)
        activity = acts.insert(session, principal, wanted, id=activity_id or new_id())
        made = ActivityOut.of(activity, 0, utc_now())
        once.keep(session, made.model_dump(mode="json"))
    return made


def edit_activity(
    principal: Principal, activity_id: uuid.UUID, patch: ActivityPatch
) -> ActivityOut:
    """Change some parts of a draft or of a published activity, and of others of its series.

    Those who hear of a published one are told which parts changed. More places go to the waiting
    list at once. It is done to all of ``patch.scope`` or to none.

    Raises:
        Problem: 404; 403 for another district's; 409 ``edited-meanwhile`` when ``patch.version``
            is not the newest, ``activity-cancelled`` and ``activity-completed``;
            ``resource-busy`` and ``lecturer-unavailable`` when the room or a lecturer is not free
            at the new time.
        Invalid: what comes of it is no activity, or has fewer places than are taken.
    """
    with database.transaction() as session:
        edits = _planned(session, principal, activity_id, patch, lock=True)
        for edit in edits:
            acts.write(session, principal, edit, patch.note, patch.ask)
        follow(session, *(edit.activity for edit in edits))
        return acts.told(session, edits[0].activity)


@dataclass(frozen=True)
class Foreseen:
    """One activity that an edit would change, and those who are registered for it."""

    edit: Edit
    reach: Reach


def foresee_edit(
    principal: Principal, activity_id: uuid.UUID, patch: ActivityPatch
) -> Sequence[Foreseen]:
    """What :func:`edit_activity` would do, and to whom, without doing it.

    Returns:
        The activity itself, whether it changes or not, then the others that change.

    Raises:
        Problem, Invalid: as :func:`edit_activity`.
    """
    with database.transaction() as session:
        first, *others = _planned(session, principal, activity_id, patch, lock=False)
        edits = [first, *(edit for edit in others if edit.columns)]
        reached = reach(session, [edit.activity.id for edit in edits])
        return [Foreseen(edit, reached[edit.activity.id]) for edit in edits]


def publish_activity(principal: Principal, activity_id: uuid.UUID) -> ActivityOut:
    """Show a draft to the public and take registrations.

    Raises:
        Problem: 404; 403 for another district's; 409 ``activity-over`` when its end has passed, or
            ``activity-STATUS`` when it is no draft.
    """
    with database.transaction() as session:
        (activity,) = chosen(session, principal, activity_id, "this", lock=True)
        acts.publish(session, principal, activity)
        return acts.told(session, activity)


def cancel_activity(principal: Principal, activity_id: uuid.UUID, wanted: CancelIn) -> ActivityOut:
    """Call a published activity off: every registration is cancelled and everyone is told why.

    With ``wanted.scope``, the published ones of its series too; all of them or none.

    Raises:
        Problem: 404; 403 for another district's; 409 ``activity-STATUS`` when it is not published.
    """
    with database.transaction() as session:
        activity, *others = chosen(session, principal, activity_id, wanted.scope, lock=True)
        acts.call_off(session, principal, activity, wanted.reason)
        for other in others:
            if other.status == "published":
                acts.call_off(session, principal, other, wanted.reason)
        return acts.told(session, activity)


def published_in_scope(
    principal: Principal, activity_id: uuid.UUID, scope: Scope
) -> Sequence[tuple[Activity, Reach]]:
    """The activities that a cancellation would end, with those who are registered for each.

    Raises:
        Problem: 404; 403 for another district's.
    """
    with database.transaction() as session:
        activity, *others = chosen(session, principal, activity_id, scope)
        found = [activity, *(other for other in others if other.status == "published")]
        reached = reach(session, [one.id for one in found])
        return [(one, reached[one.id]) for one in found]


def complete_past() -> int:
    """Mark published activities whose end has passed as completed.

    Returns:
        How many they were.
    """
    # One that somebody works on is left to the next call: nobody waits for anybody in a ring.
    past = (
        sa.select(Activity.id)
        .where(Activity.status == "published", Activity.ends_at <= utc_now())
        .with_for_update(skip_locked=True)
    )
    with database.transaction() as session:
        over = session.execute(
            sa.update(Activity)
            .where(Activity.id.in_(past))
            .values(status="completed")
            .returning(Activity.id)
        )
        return len(over.all())


def _planned(
    session: Session,
    principal: Principal,
    activity_id: uuid.UUID,
    patch: ActivityPatch,
    *,
    lock: bool,
) -> list[Edit]:
    """The edits that a patch comes to, the activity's own first."""
    activity, *others = chosen(session, principal, activity_id, patch.scope, lock=lock)
    activity.must_be_editable()
    if patch.version not in (None, activity.version):
        raise _edited_meanwhile()
    edits = planned(activity, others, patch)
    for edit in edits:
        principal.must_cover(edit.wanted.district)
    return edits


def _edited_meanwhile() -> Problem:
    return Problem(
        409,
        "edited-meanwhile",
        lazy("Somebody else has changed this activity since you opened it."),
        lazy("Please compare with its present state, then send your changes again."),
    )
