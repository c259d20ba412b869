"""How many questions there are, on what, and how fast they are answered; without persons."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from services.chassis.auth import Principal
from services.chassis.database import utc_now
from services.chassis.i18n import country_name
from services.chassis.reference import city, district_name, topic_name
from services.chassis.sheets import Value
from services.content.database import database
from services.content.questions.models import Question
from services.content.questions.reading import theirs
from services.content.questions.states import OPEN, STATUS_NAMES, VIA_NAMES

WEEKS: Final = 12
# What was set aside is no question.
_COUNTED: Final = Question.status != "spam"
_ROWS: Final = 500


@dataclass(frozen=True)
class Line:
    """The figures of one topic (``None``: of those without).

    Attributes:
        median_hours: half of the answers came within so many hours; ``None`` without an answer.
    """

    topic: str | None
    asked: int
    answered: int
    median_hours: float | None


@dataclass(frozen=True)
class Week:
    """A week by its Monday, in the city's zone."""

    monday: date
    asked: int
    answered: int


@dataclass(frozen=True)
class Figures:
    """What the last weeks came to.

    Attributes:
        in_time: of the answers, those that came before the promised time, in percent.
    """

    asked: int
    answered: int
    open: int
    overdue: int
    urgent: int
    median_hours: float | None
    in_time: int | None
    weeks: list[Week]
    topics: list[Line]


_HOURS = sa.extract("epoch", Question.first_answered_at - Question.created_at) / 3600
_MEDIAN = sa.func.percentile_cont(0.5).within_group(_HOURS)


def figures(principal: Principal) -> Figures:
    """The figures of the caller's questions of the last :data:`WEEKS` weeks."""
    zone = ZoneInfo(city().timezone)
    today = datetime.now(zone).date()
    first = today - timedelta(days=today.weekday(), weeks=WEEKS - 1)
    since = datetime.combine(first, datetime.min.time(), zone)
    recent = sa.and_(theirs(principal), _COUNTED, Question.created_at >= since)
    answered = Question.first_answered_at.is_not(None)
    with database.transaction() as session:
        asked, done, in_time, median = session.execute(
            sa.select(
                sa.func.count(),
                sa.func.count().filter(answered),
                sa.func.count().filter(answered, Question.first_answered_at <= Question.due_at),
                _MEDIAN,
            ).where(recent)
        ).one()
        waiting, overdue, urgent = session.execute(
            sa.select(
                sa.func.count(),
                sa.func.count().filter(Question.due_at < utc_now()),
                sa.func.count().filter(Question.urgent),
            ).where(theirs(principal), Question.status.in_(OPEN))
        ).one()
        rows = session.execute(
            sa.select(Question.topic, sa.func.count(), sa.func.count().filter(answered), _MEDIAN)
            .where(recent)
            .group_by(Question.topic)
            .order_by(sa.func.count().desc(), Question.topic)
        )
        topics = [Line(*row) for row in rows]
        local = sa.func.timezone(city().timezone, Question.created_at)
        week = sa.cast(sa.func.date_trunc("week", local), sa.Date)
        by_week = {
            row[0]: (row[1], row[2])
            for row in session.execute(
                sa.select(week, sa.func.count(), sa.func.count().filter(answered))
                .where(recent)
                .group_by(week)
            )
        }
    mondays = [first + timedelta(weeks=number) for number in range(WEEKS)]
    return Figures(
        asked=asked,
        answered=done,
        open=waiting,
        overdue=overdue,
        urgent=urgent,
        median_hours=median,
        in_time=round(100 * in_time / done) if done else None,
        weeks=[Week(monday, *by_week.get(monday, (0, 0))) for monday in mondays],
        topics=topics,
    )


HEADS: Final = (
    "id", "asked", "state", "came", "language", "country", "topic", "office", "urgent_words",
    "due", "first_answered", "hours",
)  # fmt: skip


def rows(principal: Principal) -> Iterator[tuple[Value, ...]]:
    """The caller's questions as a table, the oldest first: no text, no name, no address.

    Times are those of the city, as spreadsheet programs take them.
    """
    zone = ZoneInfo(city().timezone)

    def local(moment: datetime | None) -> datetime | None:
        return moment.astimezone(zone).replace(tzinfo=None) if moment else None

    with database.transaction() as session:
        found = session.execute(
            sa.select(
                Question.id,
                Question.created_at,
                Question.status,
                Question.via,
                Question.language,
                Question.country,
                Question.topic,
                Question.district,
                Question.alarms,
                Question.due_at,
                Question.first_answered_at,
            )
            .where(theirs(principal))
            .order_by(Question.id)
            .execution_options(yield_per=_ROWS)
        )
        for one in found:
            hours = None
            if one.first_answered_at:
                hours = round((one.first_answered_at - one.created_at).total_seconds() / 3600, 1)
            yield (
                str(one.id),
                local(one.created_at),
                str(STATUS_NAMES[one.status]),
                str(VIA_NAMES[one.via]),
                one.language,
                country_name(one.country) if one.country else "",
                topic_name(one.topic) if one.topic else "",
                district_name(one.district),
                ", ".join(one.alarms),
                local(one.due_at),
                local(one.first_answered_at),
                hours,
            )
