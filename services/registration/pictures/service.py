"""The picture of an activity: kept, found, taken away. Each use case is a transaction."""

from __future__ import annotations

import uuid

import sqlalchemy as sa
from pydantic import BaseModel
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from services.chassis.auth import Principal
from services.chassis.fields import LocalizedLine
from services.registration.activities import acts
from services.registration.activities.models import Activity, ActivityPicture
from services.registration.activities.schemas import ActivityOut
from services.registration.activities.slugs import SLUG
from services.registration.database import database
from services.registration.pictures.images import Picture
from services.registration.series.occurrences import chosen


class AltIn(BaseModel):
    """What a picture shows, for those who do not see it."""

    alt: LocalizedLine


def keep(
    principal: Principal, activity_id: uuid.UUID, wanted: AltIn, picture: Picture | None
) -> ActivityOut:
    """Give an activity its picture, or the picture that it has another description.

    Args:
        picture: ``None`` keeps the one that it has.

    Raises:
        NotFound: there is no such activity.
        Problem: 403 for another district's; 409 when it is cancelled or over.
    """
    with database.transaction() as session:
        (activity,) = chosen(session, principal, activity_id, "this", lock=True)
        activity.must_be_editable()
        before = activity.picture_hash
        if picture is not None:
            _insert(session, picture)
            activity.picture_hash = picture.hash
        if (before, activity.picture_alt) != (activity.picture_hash, wanted.alt):
            activity.picture_alt = dict[str, str](wanted.alt.items())
            acts.tell_changed(session, principal, activity, ["picture"])
            _forget(session, before)
        return acts.told(session, activity)


def remove(principal: Principal, activity_id: uuid.UUID) -> ActivityOut:
    """Take an activity's picture away. Doing so twice changes nothing.

    Raises:
        NotFound: there is no such activity.
        Problem: 403 for another district's.
    """
    with database.transaction() as session:
        (activity,) = chosen(session, principal, activity_id, "this", lock=True)
        if (before := activity.picture_hash) is not None:
            activity.picture_hash, activity.picture_alt = None, {}
            acts.tell_changed(session, principal, activity, ["picture"])
            _forget(session, before)
        return acts.told(session, activity)


def shown(slug: str) -> ActivityPicture | None:
    """The picture of an activity that the public may see, by the address of its page."""
    if not SLUG.fullmatch(slug):
        return None
    with database.transaction() as session:
        return session.scalar(
            sa.select(ActivityPicture)
            .join(Activity, Activity.picture_hash == ActivityPicture.hash)
            .where(Activity.slug == slug, Activity.status != "draft")
        )


def shown_to(principal: Principal, activity_id: uuid.UUID) -> ActivityPicture | None:
    """The picture of an activity of any state, for its staff.

    Raises:
        NotFound: there is no such activity.
        Problem: 403 for another district's.
    """
    with database.transaction() as session:
        (activity,) = chosen(session, principal, activity_id, "this")
        if activity.picture_hash is None:
            return None
        return session.get_one(ActivityPicture, activity.picture_hash)


def _insert(session: Session, picture: Picture) -> None:
    insert = postgresql.insert(ActivityPicture).values(
        hash=picture.hash, data=picture.data, width=picture.width, height=picture.height
    )
    # An update that changes nothing, so that the row is ours until the commit and :func:`_forget`
    # elsewhere waits.
    session.execute(
        insert.on_conflict_do_update(index_elements=["hash"], set_={"hash": picture.hash})
    )


def _forget(session: Session, picture_hash: str | None) -> None:
    """Delete a picture that no activity shows any more."""
    if picture_hash is None:
        return
    session.flush()
    session.execute(
        sa.select(ActivityPicture.hash)
        .where(ActivityPicture.hash == picture_hash)
        .with_for_update()
    )
    session.execute(
        sa.delete(ActivityPicture).where(
            ActivityPicture.hash == picture_hash,
            ~sa.exists().where(Activity.picture_hash == picture_hash),
        )
    )
