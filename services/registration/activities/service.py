"""What staff do with activities: write, edit, publish, cancel. Each use case is a transaction."""

from __future__ import annotations

import uuid
from typing import Any

import sqlalchemy as sa
from pydantic import ValidationError
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from services.chassis import audit
from services.chassis.auth import Principal
from services.chassis.database import new_id, utc_now
from services.chassis.events import publish
from services.chassis.i18n import lazy
from services.chassis.idempotency import NOT_REPEATED, Once
from services.chassis.problems import FieldError, Invalid, NotFound, Problem
from services.chassis.validation import field_errors
from services.registration.activities.catalogue import answer
from services.registration.activities.events import (
    ActivityCancelled,
    ActivityChanged,
    ActivityPublished,
    state_of,
)
from services.registration.activities.models import Activity
from services.registration.activities.schemas import (
    ActivityIn,
    ActivityOut,
    ActivityPatch,
    CancelIn,
)
from services.registration.activities.slugs import candidates
from services.registration.database import database
from services.registration.registrations.service import cancel_all_of, promote_waiting

# How a change of a column is named to those who hear of it; the others go by their own name.
_TOLD_AS = {
    "starts_at": "time",
    "ends_at": "time",
    "timezone": "time",
    "venue_name": "venue",
    "venue_address": "venue",
}


def create_activity(
    principal: Principal, wanted: ActivityIn, once: Once = NOT_REPEATED
) -> ActivityOut:
    """Write a new activity; it is a draft until it is published.

    Raises:
        Problem: 403 for another district's; 422 ``idempotency-key-reused``.
    """
    principal.must_cover(wanted.district)
    with database.transaction() as session:
        if (first := once.first_answer(session)) is not None:
            return ActivityOut.model_validate(first)
        activity = _inserted(session, wanted, principal)
        _note(session, principal, "activity.created", activity)
        made = ActivityOut.of(activity, 0, utc_now())
        once.keep(session, made.model_dump(mode="json"))
    return made


def edit_activity(
    principal: Principal, activity_id: uuid.UUID, patch: ActivityPatch
) -> ActivityOut:
    """Change some parts of a draft or of a published activity.

    Those who hear of a published one are told which parts changed. More places go to the waiting
    list at once.

    Raises:
        Problem: 404; 403 for another district's; 409 ``edited-meanwhile`` when ``patch.version``
            is not the newest, ``activity-cancelled`` and ``activity-completed``.
        Invalid: what comes of it is no activity, or has fewer places than are taken.
    """
    with database.transaction() as session:
        activity = _locked(session, principal, activity_id)
        activity.must_be_editable()
        if patch.version not in (None, activity.version):
            raise _edited_meanwhile()
        wanted = _checked(patch.over(activity))
        principal.must_cover(wanted.district)
        _must_seat_everyone(activity, wanted)
        changed = _apply(activity, wanted)
        if changed:
            activity.version += 1
            session.flush()
            _note(session, principal, "activity.edited", activity, ", ".join(changed))
            if activity.status == "published":
                publish(
                    session,
                    ActivityChanged(
                        subject_id=activity.id,
                        version=activity.version,
                        activity=state_of(activity),
                        changed=changed,
                    ),
                )
                promote_waiting(session, activity.id)
        return _told(session, activity)


def publish_activity(principal: Principal, activity_id: uuid.UUID) -> ActivityOut:
    """Show a draft to the public and take registrations.

    Raises:
        Problem: 404; 403 for another district's; 409 ``activity-over`` when its end has passed, or
            ``activity-STATUS`` when it is no draft.
    """
    with database.transaction() as session:
        activity = _locked(session, principal, activity_id)
        activity.move("published")
        if activity.ends_at <= utc_now():
            raise Problem(
                409,
                "activity-over",
                lazy("This activity would already be over."),
                lazy("Please correct its date, then publish it."),
            )
        session.flush()
        _note(session, principal, "activity.published", activity)
        publish(
            session,
            ActivityPublished(
                subject_id=activity.id, version=activity.version, activity=state_of(activity)
            ),
        )
        return _told(session, activity)


def cancel_activity(principal: Principal, activity_id: uuid.UUID, wanted: CancelIn) -> ActivityOut:
    """Call a published activity off: every registration is cancelled and everyone is told why.

    Raises:
        Problem: 404; 403 for another district's; 409 ``activity-STATUS`` when it is not published.
    """
    with database.transaction() as session:
        activity = _locked(session, principal, activity_id)
        activity.move("cancelled")
        activity.cancel_reason = wanted.reason
        session.flush()
        _note(session, principal, "activity.cancelled", activity)
        publish(
            session,
            ActivityCancelled(
                subject_id=activity.id,
                version=activity.version,
                activity=state_of(activity),
                reason=wanted.reason,
            ),
        )
        cancel_all_of(session, activity)
        return _told(session, activity)


def complete_past() -> int:
    """Mark published activities whose end has passed as completed.

    Returns:
        How many they were.
    """
    with database.transaction() as session:
        over = session.execute(
            sa.update(Activity)
            .where(Activity.status == "published", Activity.ends_at <= utc_now())
            .values(status="completed")
            .returning(Activity.id)
        )
        return len(over.all())


def _locked(session: Session, principal: Principal, activity_id: uuid.UUID) -> Activity:
    """The activity, its row locked so that seats stand still until the commit."""
    activity: Activity | None = session.get(Activity, activity_id, with_for_update=True)
    if activity is None:
        raise NotFound(lazy("There is no such activity."))
    principal.must_cover(activity.district)
    return activity


def _inserted(session: Session, wanted: ActivityIn, principal: Principal) -> Activity:
    """A fresh draft under the first address that is free."""
    values = _columns(wanted) | {"id": new_id(), "created_by": principal.id}
    for slug in candidates(wanted, values["id"]):
        inserted: Activity | None = session.scalar(
            postgresql.insert(Activity)
            .values(slug=slug, **values)
            .on_conflict_do_nothing(index_elements=[Activity.slug])
            .returning(Activity)
        )
        if inserted is not None:
            return inserted
    raise AssertionError("the last candidate holds the id and is always free")


def _columns(wanted: ActivityIn) -> dict[str, Any]:
    """The columns that staff write."""
    values = {name: getattr(wanted, name) for name in ActivityIn.model_fields if name != "venue"}
    return values | {"venue_name": wanted.venue.name, "venue_address": wanted.venue.address}


def _apply(activity: Activity, wanted: ActivityIn) -> list[str]:
    """Write what differs.

    Returns:
        The names of what changed, as ``activity.changed`` tells them.
    """
    changed: dict[str, None] = {}
    for column, value in _columns(wanted).items():
        if getattr(activity, column) != value:
            setattr(activity, column, value)
            changed[_TOLD_AS.get(column, column)] = None
    return list(changed)


def _checked(values: dict[str, Any]) -> ActivityIn:
    try:
        return ActivityIn.model_validate(values)
    except ValidationError as error:
        raise Invalid(field_errors(error.errors())) from error


def _must_seat_everyone(activity: Activity, wanted: ActivityIn) -> None:
    if wanted.capacity is not None and wanted.capacity < activity.seats_taken:
        sentence = lazy(
            "%(taken)s places are taken already, so there cannot be fewer.",
            taken=activity.seats_taken,
        )
        raise Invalid([FieldError("capacity", sentence)])


def _edited_meanwhile() -> Problem:
    return Problem(
        409,
        "edited-meanwhile",
        lazy("Somebody else has changed this activity since you opened it."),
        lazy("Please compare with its present state, then send your changes again."),
    )


def _note(
    session: Session, principal: Principal, action: str, activity: Activity, detail: str = ""
) -> None:
    audit.record(
        session,
        principal,
        action,
        f"activity/{activity.id}",
        district=activity.district,
        detail=detail or activity.slug,
    )


def _told(session: Session, activity: Activity) -> ActivityOut:
    """The answer, with seats as they are after everything that the act set off."""
    session.flush()
    session.refresh(activity)
    return answer(session, activity)
