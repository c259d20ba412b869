"""Hears of quizzes, and finds those that the people of an activity or a booking can take now."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Protocol

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from services.chassis.database import utc_now
from services.chassis.events import Envelope, Payload, Subscription
from services.chassis.events.inbox import Handlers
from services.registration.bookings.schemas import BookingOut
from services.registration.database import database
from services.registration.learning.models import KnownQuiz
from services.registration.registrations.schemas import OwnRegistration


class QuizRead(Payload):
    """What registration reads of every ``quiz.published`` and ``quiz.withdrawn``."""

    subject_id: uuid.UUID
    version: int
    purpose: str
    activity_id: uuid.UUID | None = None
    booking_id: uuid.UUID | None = None
    title: dict[str, str]
    items: int
    minutes: int | None = None
    opens_at: datetime | None = None
    closes_at: datetime | None = None
    url: str
    withdrawn: bool


class OpenQuiz(BaseModel):
    """A quiz that can be taken now, as pages show it."""

    model_config = ConfigDict(from_attributes=True)

    purpose: str
    title: dict[str, str]
    items: int
    minutes: int | None
    url: str


class Dated(Protocol):
    """An activity as the public, a registrant or a survey sees it."""

    @property
    def id(self) -> uuid.UUID:
        """Its id."""

    @property
    def status(self) -> str:
        """One of the four of :mod:`services.registration.activities.models`."""

    @property
    def starts_at(self) -> datetime:
        """When it begins (UTC)."""

    @property
    def ends_at(self) -> datetime:
        """When it ends (UTC)."""


def hear(session: Session, told: QuizRead, _envelope: Envelope) -> None:
    """A quiz was published, changed or withdrawn: keep how it stands, if it is for our people."""
    if told.activity_id is None and told.booking_id is None:
        # It may have been for some of them before.
        session.execute(sa.delete(KnownQuiz).where(KnownQuiz.id == told.subject_id))
        return
    values = told.model_dump(exclude={"subject_id"})
    insert = postgresql.insert(KnownQuiz).values(id=told.subject_id, **values)
    session.execute(insert.on_conflict_do_update(index_elements=["id"], set_=values))


def at_activity(session: Session, activity: Dated) -> list[OpenQuiz]:
    """The quizzes before or after an activity that are open now, the oldest first.

    Staff may say from when until when. Where they do not, the one before is closed once the
    activity begins, and the one after is open once it has ended.
    """
    if activity.status == "cancelled":
        return []
    now = utc_now()
    found = []
    for quiz in _known(session, KnownQuiz.activity_id == activity.id):
        opens, closes = quiz.opens_at, quiz.closes_at
        if quiz.purpose == "before":
            closes = closes or activity.starts_at
        elif quiz.purpose == "after":
            opens = opens or activity.ends_at
        if _is_open(opens, closes, now):
            found.append(OpenQuiz.model_validate(quiz))
    return found


def on_ticket(registration: OwnRegistration) -> list[OpenQuiz]:
    """The quizzes that a ticket shows: for those who have a place."""
    if registration.status != "confirmed":
        return []
    with database.transaction() as session:
        return at_activity(session, registration.activity)


def after_survey(activity: Dated) -> list[OpenQuiz]:
    """The quizzes that whoever has given feedback is shown."""
    with database.transaction() as session:
        return at_activity(session, activity)


def of_request(booking: BookingOut) -> list[OpenQuiz]:
    """The open quizzes for the people of a booking, once its time is agreed."""
    if booking.status != "accepted":
        return []
    now = utc_now()
    with database.transaction() as session:
        return [
            OpenQuiz.model_validate(quiz)
            for quiz in _known(session, KnownQuiz.booking_id == booking.id)
            if _is_open(quiz.opens_at, quiz.closes_at, now)
        ]


def _known(session: Session, whose: sa.ColumnElement[bool]) -> list[KnownQuiz]:
    query = sa.select(KnownQuiz).where(whose, KnownQuiz.withdrawn.is_(False))
    return list(session.scalars(query.order_by(KnownQuiz.id)))


def _is_open(opens: datetime | None, closes: datetime | None, now: datetime) -> bool:
    return (opens is None or opens <= now) and (closes is None or now < closes)


_HEARD = Subscription(QuizRead, hear)

HANDLERS: Handlers = {"quiz.published.v1": _HEARD, "quiz.withdrawn.v1": _HEARD}
