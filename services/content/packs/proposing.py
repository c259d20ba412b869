"""What a pack may hold: proposed from where people go, who they are and what it is about."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.chassis.database import utc_now
from services.content.activities_seen.models import ActivitySeen
from services.content.advisories.reading import in_force_for
from services.content.bookings_seen.models import BookingSeen
from services.content.materials.reading import chosen
from services.content.packs.schemas import ItemIn
from services.content.quizzes.models import Quiz
from services.content.search.reading import about

# Who comes to what registration calls an activity or a booking.
_AUDIENCE: Final = {
    "lecture": ("travellers",),
    "exhibition": ("travellers",),
    "school_session": ("students", "parents"),
    "enterprise_visit": ("workers", "enterprises"),
}
# A company in thirty countries gets the sheets of all of them, but not thirty of everything.
_MOST_COUNTRIES: Final = 30
_MOST_MATERIALS: Final = 8
_MOST_ANSWERS: Final = 4


@dataclass(frozen=True)
class Occasion:
    """What a pack is for: people of some kind, going somewhere, about something.

    Attributes:
        district: the office that it is the business of (GB/T 2260); ``None``: the city's.
        countries: ISO 3166-1 alpha-2.
    """

    countries: Sequence[str] = ()
    topics: Sequence[str] = ()
    audience: Sequence[str] = ()
    district: str | None = None
    activity_id: uuid.UUID | None = None
    booking_id: uuid.UUID | None = None
    title: dict[str, str] = field(default_factory=dict)


def occasion_of(
    session: Session, activity_id: uuid.UUID | None, booking_id: uuid.UUID | None
) -> Occasion | None:
    """An activity or a booking as this service has heard of it; ``None``: it has not."""
    activity = session.get(ActivitySeen, activity_id) if activity_id else None
    if activity is not None:
        return Occasion(
            countries=activity.countries,
            topics=activity.topics,
            audience=_AUDIENCE.get(activity.kind, ()),
            district=activity.district,
            activity_id=activity.id,
            title=activity.title,
        )
    booking = session.get(BookingSeen, booking_id) if booking_id else None
    if booking is not None:
        return Occasion(
            countries=booking.destinations,
            topics=booking.topics,
            audience=_AUDIENCE.get(booking.kind, ()),
            district=booking.district,
            booking_id=booking.id,
        )
    return None


def propose(session: Session, occasion: Occasion) -> list[ItemIn]:
    """Items that fit, in the order in which one reads them: what warns, what to have at hand, what
    to read, what others asked, and the quiz."""
    return list({item.key: item for item in _fitting(session, occasion)}.values())


def _fitting(session: Session, occasion: Occasion) -> Iterator[ItemIn]:
    countries = list(occasion.countries)[:_MOST_COUNTRIES]
    for country in countries:
        for advisory in in_force_for(session, country):
            yield ItemIn(kind="advisory", ref=str(advisory.id))
    for country in countries:
        yield ItemIn(kind="country", ref=country)
    for material in chosen(
        session,
        countries=countries,
        audience=occasion.audience,
        topics=occasion.topics,
        limit=_MOST_MATERIALS,
    ):
        yield ItemIn(kind="material", ref=str(material.id))
    answers = (hit for code in countries for hit in about(session, code, kinds=("question",)))
    for hit, _number in zip(answers, range(_MOST_ANSWERS), strict=False):
        yield ItemIn(kind="question", ref=str(hit.id))
    if quiz := _quiz(session, occasion):
        yield ItemIn(kind="quiz", ref=str(quiz))


def _quiz(session: Session, occasion: Occasion) -> uuid.UUID | None:
    """The quiz to take afterwards: this occasion's own, else the newest that is open to all."""
    own: sa.ColumnElement[bool] = sa.false()
    if occasion.activity_id:
        own = sa.and_(Quiz.activity_id == occasion.activity_id, Quiz.purpose == "after")
    elif occasion.booking_id:
        own = Quiz.booking_id == occasion.booking_id
    return session.scalar(
        sa.select(Quiz.id)
        .where(
            Quiz.status == "published",
            sa.or_(own, Quiz.purpose == "open"),
            sa.or_(Quiz.closes_at.is_(None), Quiz.closes_at > utc_now()),
        )
        .order_by(Quiz.purpose == "open", Quiz.id.desc())
        .limit(1)
    )
