"""What waits for an editor of advisories and materials."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta

import sqlalchemy as sa

from services.chassis.auth import Principal
from services.chassis.database import utc_now
from services.content.advisories.models import Advisory
from services.content.advisories.schemas import AdvisoryKept, AdvisoryOut
from services.content.alerts.reading import open_alerts
from services.content.alerts.schemas import AlertOut
from services.content.database import database
from services.content.destinations.reading import list_missions
from services.content.destinations.schemas import MissionOut
from services.content.materials.models import Material
from services.content.materials.reading import overdue, today
from services.content.materials.schemas import SUMMARY_ONLY, MaterialSummary, summary_of
from services.content.orders.reading import waiting_for as orders_waiting
from services.content.packs.occasions import Wanted, wanted
from services.content.questions.answers import PublicAnswerOut
from services.content.questions.answers_reading import to_review
from services.content.questions.reading import pressing
from services.content.questions.schemas import QuestionSummary
from services.content.quizzes.models import Quiz
from services.content.quizzes.schemas import QuizOut
from services.content.stock.reading import Line, low

ENDS_SOON = timedelta(days=14)
_MOST = 5


@dataclass(frozen=True)
class Waiting:
    """The first few of each sort of work; empty where the caller may not see it."""

    to_approve: list[AdvisoryKept] = field(default_factory=list)
    returned: list[AdvisoryKept] = field(default_factory=list)
    drafts: list[AdvisoryOut] = field(default_factory=list)
    alerts: list[AlertOut] = field(default_factory=list)
    ending: list[AdvisoryOut] = field(default_factory=list)
    material_drafts: list[MaterialSummary] = field(default_factory=list)
    to_review: list[MaterialSummary] = field(default_factory=list)
    packs: list[Wanted] = field(default_factory=list)
    orders: dict[str, int] = field(default_factory=dict)
    low_stock: list[Line] = field(default_factory=list)
    quiz_drafts: list[QuizOut] = field(default_factory=list)
    questions: list[QuestionSummary] = field(default_factory=list)
    answers: list[PublicAnswerOut] = field(default_factory=list)
    missions: list[MissionOut] = field(default_factory=list)

    def __bool__(self) -> bool:
        return any(getattr(self, one.name) for one in fields(self))


def waiting_for(principal: Principal) -> Waiting:
    """What the caller can do next.

    Advisories that wait for a second person, that were given back, drafts, and those that end
    within two weeks; alerts of others; materials in draft or to be reviewed again;
    quizzes in draft; questions, the urgent ones first; public answers that nobody has read, and
    missions that nobody has checked, for a year.
    """
    now = utc_now()
    found = Waiting()
    with database.transaction() as session:
        if principal.may("advisories.edit"):
            advisories = sa.select(Advisory).order_by(Advisory.id.desc()).limit(_MOST)
            mine = Advisory.writers.contains([principal.id])
            others = sa.and_(~mine, Advisory.submitted_by != principal.id)
            given_back = sa.and_(mine, Advisory.return_note.is_not(None))
            submitted = session.scalars(
                advisories.where(Advisory.submitted_at.is_not(None), others)
            )
            found.to_approve.extend(AdvisoryKept.of(row) for row in submitted)
            returned = session.scalars(advisories.where(given_back))
            found.returned.extend(AdvisoryKept.of(row) for row in returned)
            found.alerts.extend(open_alerts(session, _MOST))
            drafts = session.scalars(
                advisories.where(
                    Advisory.status == "draft", Advisory.submitted_at.is_(None), ~given_back
                )
            )
            found.drafts.extend(AdvisoryOut.of(row) for row in drafts)
            ending = session.scalars(advisories.where(*_ending(now)))
            found.ending.extend(AdvisoryOut.of(row) for row in ending)
        if principal.may("questions.answer"):
            found.questions.extend(pressing(session, principal, _MOST))
            found.answers.extend(to_review(session, principal, _MOST))
        if principal.may("materials.edit"):
            materials = sa.select(Material).order_by(Material.id.desc()).limit(_MOST)
            materials = materials.options(*SUMMARY_ONLY)
            if principal.district is not None:
                materials = materials.where(Material.district == principal.district)
            drafts_of = session.scalars(materials.where(Material.status == "draft"))
            found.material_drafts.extend(summary_of(row) for row in drafts_of)
            old = session.scalars(materials.where(*overdue(today())))
            found.to_review.extend(summary_of(row) for row in old)
        if principal.may("quizzes.edit"):
            quizzes = sa.select(Quiz).where(Quiz.status == "draft").order_by(Quiz.id.desc())
            if principal.district is not None:
                quizzes = quizzes.where(Quiz.district == principal.district)
            rows = session.scalars(quizzes.limit(_MOST))
            found.quiz_drafts.extend(QuizOut.model_validate(row) for row in rows)
    if principal.may("advisories.edit"):
        found.missions.extend(list_missions(to_check=True)[:_MOST])
    if principal.may("orders.manage"):
        found.orders.update(orders_waiting(principal))
        found.low_stock.extend(low(principal, _MOST))
    if principal.may("materials.edit"):
        found.packs.extend(wanted(principal, _MOST))
    return found


def _ending(now: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        Advisory.status == "published",
        Advisory.valid_until > now,
        Advisory.valid_until <= now + ENDS_SOON,
    )
