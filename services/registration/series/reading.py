"""Reading series: the public page, the other dates of an activity, and what staff see."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.chassis.auth import Principal
from services.chassis.database import utc_now
from services.chassis.i18n import lazy
from services.chassis.problems import NotFound
from services.registration.activities.catalogue import waiting_counts
from services.registration.activities.models import Activity
from services.registration.activities.schemas import ActivityOut
from services.registration.activities.slugs import SLUG
from services.registration.database import database
from services.registration.series.models import Series
from services.registration.series.occurrences import of_series
from services.registration.series.schemas import SeriesOut

# Other dates that the page of an activity shows; the page of the series has all of them.
SHOWN_BESIDE = 4


@dataclass(frozen=True)
class OtherDates:
    """What the page of an activity says of its series: the next other dates, and how many more."""

    series: SeriesOut
    next: Sequence[ActivityOut]
    more: int


def one_series(slug: str) -> SeriesOut:
    """A series with what the public may see of it: every occurrence but the drafts.

    Raises:
        NotFound: there is none, or all of it is still a draft.
    """
    with database.transaction() as session:
        series = _by_slug(session, slug)
        occurrences = _public(of_series(session, series.id))
        if not occurrences:
            raise _no_such_series()
        return answer(session, series, occurrences)


def staff_series(principal: Principal, series_id: uuid.UUID) -> SeriesOut:
    """A series with every occurrence that is the caller's to see.

    Raises:
        NotFound: there is none.
        Problem: 403 for another district's, none of whose dates are the caller's either.
    """
    with database.transaction() as session:
        series = session.get(Series, series_id)
        if series is None:
            raise _no_such_series()
        theirs = [one for one in of_series(session, series.id) if principal.covers(one.district)]
        if not theirs:
            principal.must_cover(series.district)
        return answer(session, series, theirs)


def other_dates(session: Session, activity: ActivityOut) -> OtherDates | None:
    """The dates of the same series that are still to come; ``None`` when there is no other."""
    if activity.series_id is None:
        return None
    now = utc_now()
    coming = session.scalars(
        sa.select(Activity)
        .where(
            Activity.series_id == activity.series_id,
            Activity.status == "published",
            Activity.ends_at > now,
            Activity.id != activity.id,
        )
        .order_by(Activity.starts_at, Activity.id)
    ).all()
    if not coming:
        return None
    series = session.get_one(Series, activity.series_id)
    shown = coming[:SHOWN_BESIDE]
    return OtherDates(
        series=answer(session, series, ()),
        next=_answers(session, shown),
        more=len(coming) - len(shown),
    )


def titles(session: Session, ids: Collection[uuid.UUID | None]) -> Mapping[uuid.UUID, Series]:
    """Series by id, for lists of activities that name theirs."""
    wanted = {identifier for identifier in ids if identifier is not None}
    found = session.scalars(sa.select(Series).where(Series.id.in_(wanted))) if wanted else ()
    return {series.id: series for series in found}


def answer(session: Session, series: Series, occurrences: Sequence[Activity]) -> SeriesOut:
    """A series as it is answered, with these of its occurrences."""
    return SeriesOut.of(series, _answers(session, occurrences))


def _answers(session: Session, activities: Sequence[Activity]) -> list[ActivityOut]:
    now = utc_now()
    waiting = waiting_counts(session, [activity.id for activity in activities])
    return [ActivityOut.of(one, waiting.get(one.id, 0), now) for one in activities]


def _public(activities: Sequence[Activity]) -> list[Activity]:
    return [activity for activity in activities if activity.status != "draft"]


def _by_slug(session: Session, slug: str) -> Series:
    series = None
    if SLUG.fullmatch(slug):
        series = session.scalar(sa.select(Series).where(Series.slug == slug))
    if series is None:
        raise _no_such_series()
    return series


def _no_such_series() -> NotFound:
    return NotFound(lazy("There is no such series."))
