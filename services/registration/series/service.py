"""What staff do with series: begin one, add dates, say what it is. Each is one transaction."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from services.chassis import audit
from services.chassis.auth import Principal
from services.chassis.database import new_id, utc_now
from services.chassis.i18n import lazy
from services.chassis.idempotency import NOT_REPEATED, Once
from services.chassis.problems import FieldError, Invalid, NotFound
from services.registration.activities import acts
from services.registration.activities.models import Activity
from services.registration.activities.schemas import ActivityIn, stored
from services.registration.activities.slugs import slug_of
from services.registration.database import database
from services.registration.moments import clock_at, moment_at
from services.registration.notices.service import known_materials
from services.registration.resources.service import follow
from services.registration.series.dates import MOST_DATES, Dates, Span, placed, repeated
from services.registration.series.models import Series
from services.registration.series.occurrences import chosen, of_series
from services.registration.series.reading import answer
from services.registration.series.schemas import (
    OccurrencesIn,
    SeriesIn,
    SeriesOut,
    SeriesPatch,
)


def begin(principal: Principal, wanted: SeriesIn, once: Once = NOT_REPEATED) -> SeriesOut:
    """Make an activity the first of a series, and add dates to it.

    An activity that belongs to a series already gives its dates to that one.

    Raises:
        NotFound: there is no such activity.
        Problem: 403 for another district's; 409 ``resource-busy`` or ``lecturer-unavailable``;
            422 ``idempotency-key-reused``.
        Invalid: no date is left, or too many are.
    """
    with database.transaction() as session:
        if (first := once.first_answer(session)) is not None:
            return SeriesOut.model_validate(first)
        (activity,) = chosen(session, principal, wanted.activity_id, "this", lock=True)
        series = _series_of(session, principal, activity)
        if wanted.title or wanted.summary:
            texts = {
                "title": wanted.title or series.title,
                "summary": wanted.summary or series.summary,
            }
            _describe(series, SeriesPatch.model_validate(texts))
        made = _extended(session, principal, series, activity, wanted)
        once.keep(session, made.model_dump(mode="json"))
    return made


def add_occurrences(
    principal: Principal, series_id: uuid.UUID, wanted: OccurrencesIn, once: Once = NOT_REPEATED
) -> SeriesOut:
    """Add dates to a series, each like ``wanted.like`` or like its latest occurrence.

    Raises:
        NotFound: there is no such series, or the activity is none of its occurrences.
        Problem: 403 for another district's; 409 ``resource-busy`` or ``lecturer-unavailable``;
            422 ``idempotency-key-reused``.
        Invalid: no date is left, or too many are.
    """
    with database.transaction() as session:
        if (first := once.first_answer(session)) is not None:
            return SeriesOut.model_validate(first)
        *_, latest = of_series(session, _theirs(session, principal, series_id).id)
        (activity,) = chosen(session, principal, wanted.like or latest.id, "this", lock=True)
        if activity.series_id != series_id:
            raise NotFound(lazy("There is no such activity."))
        series = _series_of(session, principal, activity)
        made = _extended(session, principal, series, activity, wanted)
        once.keep(session, made.model_dump(mode="json"))
    return made


def foresee(principal: Principal, activity_id: uuid.UUID, wanted: OccurrencesIn) -> Dates:
    """The dates that would be added, without adding them.

    Raises:
        NotFound, Problem, Invalid: as :func:`begin`.
    """
    with database.transaction() as session:
        (activity,) = chosen(session, principal, activity_id, "this")
        return _dates(session, activity, wanted)


def describe(principal: Principal, series_id: uuid.UUID, wanted: SeriesPatch) -> None:
    """Say what a series is, on its public page.

    Raises:
        NotFound: there is no such series.
        Problem: 403 for another district's.
    """
    with database.transaction() as session:
        series = _theirs(session, principal, series_id, lock=True)
        if _describe(series, wanted):
            _note(session, principal, "series.edited", series)


def publish_drafts(principal: Principal, series_id: uuid.UUID) -> int:
    """Publish every draft of a series that is the caller's and not over.

    Returns:
        How many they were.

    Raises:
        NotFound: there is no such series.
        Problem: 403 for another district's.
    """
    with database.transaction() as session:
        series = _theirs(session, principal, series_id)
        drafts = session.scalars(
            sa.select(Activity)
            .where(
                Activity.series_id == series.id,
                Activity.status == "draft",
                Activity.ends_at > utc_now(),
            )
            .order_by(Activity.id)
            .with_for_update()
        ).all()
        theirs = [draft for draft in drafts if principal.covers(draft.district)]
        for draft in theirs:
            acts.publish(session, principal, draft)
        return len(theirs)


def _series_of(session: Session, principal: Principal, activity: Activity) -> Series:
    """The activity's series, its row locked, begun with the activity when there is none.

    The activity is locked already: whoever locks both locks the series last.
    """
    if activity.series_id is not None:
        return _theirs(session, principal, activity.series_id, lock=True)
    identifier = new_id()
    base = slug_of(activity.title.get("en", "")) or f"series-{activity.starts_at:%Y%m%d}"
    for slug in (base, f"{base}-{identifier.hex[-6:]}", f"{base}-{identifier.hex}"):
        series: Series | None = session.scalar(
            postgresql.insert(Series)
            .values(
                id=identifier,
                version=1,
                slug=slug,
                title=activity.title,
                summary=activity.summary,
                district=activity.district,
                created_by=principal.id,
            )
            .on_conflict_do_nothing(index_elements=[Series.slug])
            .returning(Series)
        )
        if series is not None:
            activity.series_id = series.id
            _note(session, principal, "series.begun", series)
            return series
    raise AssertionError("the last address holds the id and is always free")


def _theirs(
    session: Session, principal: Principal, series_id: uuid.UUID, *, lock: bool = False
) -> Series:
    series: Series | None = session.get(Series, series_id, with_for_update=lock)
    if series is None:
        raise NotFound(lazy("There is no such series."))
    principal.must_cover(series.district)
    return series


def _describe(series: Series, wanted: SeriesPatch) -> bool:
    """Write what a series is.

    Returns:
        Whether that is anything new.
    """
    if (series.title, series.summary) == (wanted.title, wanted.summary):
        return False
    series.title = dict[str, str](wanted.title.items())
    series.summary = dict[str, str](wanted.summary.items())
    series.version += 1
    return True


def _extended(
    session: Session,
    principal: Principal,
    series: Series,
    activity: Activity,
    wanted: OccurrencesIn,
) -> SeriesOut:
    """Write an occurrence for each date. The series is locked, so no date is added twice."""
    # A material may have left the library since the activity was written.
    attachments = {material.id for material in known_materials(session, activity.attachments)}
    made = [
        acts.insert(
            session,
            principal,
            _like(activity, span, attachments),
            series_id=series.id,
            venue_id=activity.venue_id,
            picture_hash=activity.picture_hash,
            picture_alt=activity.picture_alt,
        )
        for span in _dates(session, activity, wanted).spans
    ]
    # The same room and the same lecturers, where they are free; it is said of all dates at once.
    follow(session, *made, like=activity.id)
    if wanted.publish:
        for one in made:
            acts.publish(session, principal, one)
    session.flush()
    return answer(session, series, of_series(session, series.id))


def _dates(session: Session, activity: Activity, wanted: OccurrencesIn) -> Dates:
    """The dates that are asked for and can be made.

    Raises:
        Invalid: there is none of them, or there are too many.
    """
    first = Span(activity.starts_at, activity.ends_at)
    clocks = [clock_at(moment, activity.timezone) for moment in wanted.starts_at]
    if rule := wanted.repeat:
        without = set(rule.without)
        by_rule = repeated(first, activity.timezone, rule.every, times=rule.times, until=rule.until)
        clocks += [clock for clock in by_rule if clock.date() not in without]
    dates = placed(
        first,
        activity.timezone,
        clocks,
        taken=_taken(session, activity),
        now=utc_now(),
    )
    if not dates.spans:
        reason = dates.left_out[0].reason if dates.left_out else _NO_DATE
        raise Invalid([FieldError("", reason)])
    if len(dates.spans) > MOST_DATES:
        raise Invalid([FieldError("", _TOO_MANY)])
    return dates


_NO_DATE = lazy("No date comes of this; please choose at least one.")
_TOO_MANY = lazy("That is more than %(most)s dates; please make fewer at once.", most=MOST_DATES)


def _taken(session: Session, activity: Activity) -> Sequence[datetime]:
    """When the activity and the others of its series begin, unless they were cancelled."""
    if activity.series_id is None:
        return [activity.starts_at]
    return session.scalars(
        sa.select(Activity.starts_at).where(
            Activity.series_id == activity.series_id, Activity.status != "cancelled"
        )
    ).all()


def _like(activity: Activity, span: Span, attachments: Collection[uuid.UUID]) -> ActivityIn:
    """The same activity at another time; registration opens and closes as long before it."""
    values = stored(activity)
    values["attachments"] = [one for one in activity.attachments if one in attachments]
    begins, began = (
        clock_at(moment, activity.timezone) for moment in (span.starts_at, activity.starts_at)
    )
    for name in ("registration_opens_at", "registration_closes_at"):
        if (moment := values[name]) is not None:
            clock = clock_at(moment, activity.timezone) + (begins - began)
            # Where the clocks skip it, an hour more or less does not matter here.
            values[name] = moment_at(clock, activity.timezone) or moment + (
                span.starts_at - activity.starts_at
            )
    return ActivityIn.model_validate(
        values | {"starts_at": span.starts_at, "ends_at": span.ends_at}
    )


def _note(session: Session, principal: Principal, action: str, series: Series) -> None:
    audit.record(
        session,
        principal,
        action,
        f"series/{series.id}",
        district=series.district,
        detail=series.slug,
    )
