"""Reading activities: the public catalogue, one activity, and the lists of staff."""

from __future__ import annotations

import unicodedata
import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Self, TypeVar
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.chassis.auth import Principal
from services.chassis.database import utc_now
from services.chassis.i18n import LANGUAGES, lazy
from services.chassis.lists import DEFAULT_LIMIT, Page, page_of
from services.chassis.problems import NotFound
from services.chassis.reference import city
from services.registration.activities.models import STATUS_NAMES, Activity, Status
from services.registration.activities.schemas import ActivityOut, CatalogueQuery
from services.registration.activities.slugs import SLUG
from services.registration.database import database
from services.registration.registrations.models import Registration

_MOST_WORDS = 8
_LONGEST_QUERY = 100

S = TypeVar("S", bound=sa.Select[*tuple[Any, ...]])


@dataclass(frozen=True, kw_only=True)
class Filters:
    """What a list of activities is narrowed to; ``None`` or empty does not narrow.

    Attributes:
        since, until: activities that take place, at least in part, between the two (UTC).
        words: every word must stand in the title, the summary or the venue, in either language.
        open: whether one could register now, a place on the waiting list included.
        status: for staff; the public sees what is published, and with ``since`` what is over.
    """

    kind: str | None = None
    district: str | None = None
    topic: str | None = None
    country: str | None = None
    language: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    words: str = ""
    open: bool | None = None
    status: Status | None = None

    @classmethod
    def of(cls, query: CatalogueQuery) -> Self:
        """The filters of a call."""
        return cls(
            kind=query.kind,
            district=query.district,
            topic=query.topic,
            country=query.country,
            language=query.language,
            since=None if query.since is None else _moment(query.since),
            until=None if query.until is None else _moment(query.until, end_of_day=True),
            words=query.q,
            open=query.open,
            status=query.status,
        )

    def with_status(self, status: str) -> Self:
        """The same, in one state only; an unknown one does not narrow."""
        return replace(self, status=status) if status in STATUS_NAMES else self  # type: ignore[arg-type]


def list_activities(
    filters: Filters, *, cursor: str | None = None, limit: int = DEFAULT_LIMIT
) -> Page[ActivityOut]:
    """The public catalogue, the next activity first. Without ``since`` it begins now."""
    now = utc_now()
    query = _narrowed(sa.select(Activity), filters, now)
    if filters.since is None:
        query = query.where(Activity.status == "published", Activity.ends_at > now)
    else:
        query = query.where(Activity.status.in_(("published", "completed")))
    with database.transaction() as session:
        return _page(session, query, cursor, limit)


def staff_list(
    principal: Principal,
    filters: Filters,
    *,
    cursor: str | None = None,
    limit: int = DEFAULT_LIMIT,
    newest_first: bool = False,
) -> Page[ActivityOut]:
    """Activities of every state, as far as they are the caller's, by their beginning."""
    query = _narrowed(_theirs(sa.select(Activity), principal), filters, utc_now())
    with database.transaction() as session:
        return _page(session, query, cursor, limit, descending=newest_first)


def staff_counts(principal: Principal, filters: Filters) -> dict[str, int]:
    """How many activities a staff list holds, by status."""
    query = _narrowed(
        _theirs(sa.select(Activity.status, sa.func.count()), principal), filters, utc_now()
    )
    with database.transaction() as session:
        return dict(session.execute(query.group_by(Activity.status)).all())


def one_activity(reference: str, caller: Principal | None = None) -> ActivityOut:
    """One activity by its id or its address, for the public; a draft only for its own staff.

    Raises:
        NotFound: there is none, or it is a draft and not the caller's to see.
    """
    with database.transaction() as session:
        activity = _found(session, reference)
        if activity.status == "draft" and not (caller and caller.covers(activity.district)):
            raise _no_such_activity()
        return answer(session, activity)


def staff_activity(principal: Principal, reference: str) -> ActivityOut:
    """One activity of any state.

    Raises:
        NotFound: there is none.
        Problem: 403 for another district's.
    """
    with database.transaction() as session:
        activity = _found(session, reference)
        principal.must_cover(activity.district)
        return answer(session, activity)


def answer(session: Session, activity: Activity) -> ActivityOut:
    """The activity as it is answered, with how many wait."""
    waiting = waiting_counts(session, [activity.id])
    return ActivityOut.of(activity, waiting.get(activity.id, 0), utc_now())


def waiting_counts(session: Session, ids: Collection[uuid.UUID]) -> Mapping[uuid.UUID, int]:
    """How many registrations wait, by activity; those with none are left out."""
    query = (
        sa.select(Registration.activity_id, sa.func.count())
        .where(Registration.activity_id.in_(ids), Registration.status == "waiting")
        .group_by(Registration.activity_id)
    )
    return dict(session.execute(query).all())


@dataclass(frozen=True)
class Attendance:
    """Registrations that hold a place or wait for one, and the people in them."""

    registrations: int
    people: int


def attendance(activity_id: uuid.UUID) -> Attendance:
    """How many would hear of it if something happened to the activity."""
    query = sa.select(
        sa.func.count(), sa.func.coalesce(sa.func.sum(Registration.party_size), 0)
    ).where(
        Registration.activity_id == activity_id,
        Registration.status.in_(("confirmed", "waiting", "unverified")),
    )
    with database.transaction() as session:
        registrations, people = session.execute(query).one()
    return Attendance(registrations, people)


def _moment(value: date | datetime, *, end_of_day: bool = False) -> datetime:
    """A filter's date or moment in UTC; a bare date or a time without zone is the city's.

    Args:
        end_of_day: a bare date means its last moment rather than its first.
    """
    zone = ZoneInfo(city().timezone)
    if not isinstance(value, datetime):
        if end_of_day:
            value += timedelta(days=1)
        value = datetime.combine(value, time(), zone)
    return (value if value.tzinfo else value.replace(tzinfo=zone)).astimezone(UTC)


def _page(
    session: Session,
    query: sa.Select[Activity],
    cursor: str | None,
    limit: int,
    *,
    descending: bool = False,
) -> Page[ActivityOut]:
    now = utc_now()
    page = page_of(
        session,
        query,
        [Activity.starts_at, Activity.id],
        cursor=cursor,
        limit=limit,
        descending=descending,
    )
    waiting = waiting_counts(session, [activity.id for activity in page.items])
    return page.map(lambda activity: ActivityOut.of(activity, waiting.get(activity.id, 0), now))


def _theirs(query: S, principal: Principal) -> S:
    if principal.district is not None:
        query = query.where(Activity.district == principal.district)
    return query


def _narrowed(query: S, filters: Filters, now: datetime) -> S:
    for column, wanted in (
        (Activity.kind, filters.kind),
        (Activity.district, filters.district),
        (Activity.status, filters.status),
    ):
        if wanted:
            query = query.where(column == wanted)
    for texts, wanted in (
        (Activity.topics, filters.topic),
        (Activity.countries, filters.country),
        (Activity.languages, filters.language),
    ):
        if wanted:
            query = query.where(texts.contains([wanted]))
    if filters.since is not None:
        query = query.where(Activity.ends_at >= filters.since)
    if filters.until is not None:
        query = query.where(Activity.starts_at <= filters.until)
    if filters.open is not None:
        query = query.where(_takes_registrations(now).is_(filters.open))
    for word in _words(filters.words):
        query = query.where(_SEARCHED.icontains(word, autoescape=True))
    return query


def _takes_registrations(now: datetime) -> sa.ColumnElement[bool]:
    """:meth:`Activity.intake` is ``open`` or ``waiting``, as SQL."""
    return sa.and_(
        Activity.status == "published",
        Activity.starts_at > now,
        sa.func.coalesce(Activity.registration_closes_at, Activity.starts_at) > now,
        sa.func.coalesce(Activity.registration_opens_at, now) <= now,
        sa.or_(
            Activity.capacity.is_(None),
            Activity.waiting_list,
            Activity.seats_taken < Activity.capacity,
        ),
    )


# A few thousand activities are read through faster than an index of every word is kept.
_SEARCHED = sa.func.concat_ws(
    " ",
    *(
        column[tag].astext
        for column in (
            Activity.title,
            Activity.summary,
            Activity.venue_name,
            Activity.venue_address,
        )
        for tag in LANGUAGES
    ),
)


def _words(text: str) -> list[str]:
    """What was typed to search for, as words; full-width letters and digits are made plain."""
    plain = unicodedata.normalize("NFKC", text[:_LONGEST_QUERY])
    kept = "".join(" " if unicodedata.category(char)[0] == "C" else char for char in plain)
    return kept.split()[:_MOST_WORDS]


def _found(session: Session, reference: str) -> Activity:
    """By id or by address; what has the form of neither is not looked up."""
    try:
        activity = session.get(Activity, uuid.UUID(reference))
    except ValueError:
        activity = None
    if activity is None and SLUG.fullmatch(reference):
        activity = session.scalar(sa.select(Activity).where(Activity.slug == reference))
    if activity is None:
        raise _no_such_activity()
    return activity


def _no_such_activity() -> NotFound:
    return NotFound(lazy("There is no such activity."))
