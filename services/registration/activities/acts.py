"""What is done to one activity, in the transaction of whoever does it to one or to several.

Each expects the activity's row to be locked, and notes in the audit trail who did it.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from services.chassis import audit
from services.chassis.auth import Principal
from services.chassis.database import new_id, utc_now
from services.chassis.events import publish as say
from services.chassis.fields import LanguageTag
from services.chassis.i18n import lazy
from services.chassis.problems import FieldError, Invalid, Problem
from services.registration.activities.catalogue import answer
from services.registration.activities.edits import Edit, columns_of
from services.registration.activities.events import (
    ActivityCancelled,
    ActivityChanged,
    ActivityPublished,
    state_of,
)
from services.registration.activities.models import Activity
from services.registration.activities.schemas import ActivityIn, ActivityOut
from services.registration.activities.slugs import candidates
from services.registration.catalogue.search import index
from services.registration.notices.service import known_materials
from services.registration.questions.given import must_suit_the_answers
from services.registration.registrations.upkeep import ask_again, cancel_all_of, offer_places
from services.registration.resources.service import follow


def insert(
    session: Session,
    principal: Principal,
    wanted: ActivityIn,
    **more: Any,  # noqa: ANN401 - columns of any kind
) -> Activity:
    """Write a draft under the first address that is free.

    Args:
        more: columns that no form writes.

    Raises:
        Invalid: an attachment is no material that we know.
    """
    _must_be_known(session, wanted.attachments)
    values = columns_of(wanted) | {"id": new_id(), "created_by": principal.id} | more
    for slug in candidates(wanted, values["id"]):
        inserted: Activity | None = session.scalar(
            postgresql.insert(Activity)
            .values(slug=slug, **values)
            .on_conflict_do_nothing(index_elements=[Activity.slug])
            .returning(Activity)
        )
        if inserted is not None:
            index(inserted)
            note(session, principal, "activity.created", inserted)
            return inserted
    raise AssertionError("the last candidate holds the id and is always free")


def write(
    session: Session,
    principal: Principal,
    edit: Edit,
    words: Mapping[LanguageTag, str],
    ask: bool | None,
) -> None:
    """Write an edit, and tell of it when the activity is published.

    More places go to the waiting list at once. An edit that changes nothing is none.

    Args:
        words: the staff's own, by language, to those who are told of another time or place.
        ask: whether they are asked to confirm or cancel; see :meth:`Edit.asks`.

    Raises:
        Invalid: a new attachment is no material that we know; a question loses what was answered.
    """
    activity = edit.activity
    if not edit.columns:
        return
    _must_be_known(session, set(edit.wanted.attachments) - set(activity.attachments))
    if "questions" in edit.columns:
        must_suit_the_answers(session, activity, edit.wanted.questions)
    for column, value in edit.columns.items():
        if column == "starts_at":
            activity.begin_at(value)
        else:
            setattr(activity, column, value)
    if "venue" in edit.changed:
        # Written by hand it is no longer a room of ours; the use case of rooms says otherwise.
        activity.venue_id = None
    index(activity)
    asks = edit.asks(ask)
    tell_changed(session, principal, activity, edit.changed, words if edit.moves else {}, asks=asks)
    if activity.status == "published":
        if asks:
            ask_again(session, activity, utc_now())
        offer_places(session, activity.id)


def tell_changed(
    session: Session,
    principal: Principal,
    activity: Activity,
    changed: list[str],
    words: Mapping[LanguageTag, str] | None = None,
    *,
    asks: bool = False,
) -> None:
    """Raise the version of an activity whose columns were written, and tell what changed."""
    activity.version += 1
    session.flush()
    note(session, principal, "activity.edited", activity, ", ".join(changed))
    if activity.status == "published":
        say(
            session,
            ActivityChanged(
                subject_id=activity.id,
                version=activity.version,
                activity=state_of(activity),
                changed=changed,
                note={**(words or {})},
                asks=asks,
            ),
        )


def publish(session: Session, principal: Principal, activity: Activity) -> None:
    """Show a draft to the public.

    Raises:
        Problem: 409 ``activity-over`` when its end has passed, ``activity-STATUS`` when it is no
            draft, or ``resource-busy``.
    """
    activity.move("published")
    if activity.ends_at <= utc_now():
        raise Problem(
            409,
            "activity-over",
            lazy("This activity would already be over."),
            lazy("Please correct its date, then publish it."),
        )
    follow(session, activity)
    session.flush()
    note(session, principal, "activity.published", activity)
    say(
        session,
        ActivityPublished(
            subject_id=activity.id, version=activity.version, activity=state_of(activity)
        ),
    )


def call_off(session: Session, principal: Principal, activity: Activity, reason: str) -> None:
    """Cancel a published activity with every registration for it; everyone is told why.

    Raises:
        Problem: 409 ``activity-STATUS`` when it is not published.
    """
    activity.move("cancelled")
    activity.cancel_reason = reason
    follow(session, activity)
    session.flush()
    note(session, principal, "activity.cancelled", activity)
    say(
        session,
        ActivityCancelled(
            subject_id=activity.id,
            version=activity.version,
            activity=state_of(activity),
            reason=reason,
        ),
    )
    cancel_all_of(session, activity)


def told(session: Session, activity: Activity) -> ActivityOut:
    """The answer, with seats as they are after everything that the act set off."""
    session.flush()
    session.refresh(activity)
    return answer(session, activity)


def note(
    session: Session, principal: Principal, action: str, activity: Activity, detail: str = ""
) -> None:
    """Keep in the audit trail who did what to an activity."""
    audit.record(
        session,
        principal,
        action,
        f"activity/{activity.id}",
        district=activity.district,
        detail=detail or activity.slug,
    )


def _must_be_known(session: Session, attachments: Collection[uuid.UUID]) -> None:
    known = {material.id for material in known_materials(session, attachments)}
    if not known.issuperset(attachments):
        sentence = lazy("One of these is not in the library any more; please choose again.")
        raise Invalid([FieldError("attachments", sentence)])
