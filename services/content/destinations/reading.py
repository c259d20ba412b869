"""Reading destinations: all that is known about going to a country, and the missions of all."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.chassis.countries import names, written
from services.chassis.database import utc_now
from services.chassis.i18n import country_name, lazy
from services.chassis.problems import NotFound
from services.chassis.reference import countries, country_code, country_guess
from services.content.activities_seen.service import Upcoming, coming_about
from services.content.advisories.reading import in_force_for
from services.content.advisories.schemas import AdvisoryOut
from services.content.database import database
from services.content.destinations.emergency import Numbers, numbers
from services.content.destinations.models import Mission
from services.content.destinations.schemas import CHECK_AFTER, MissionOut
from services.content.materials.kinds import KINDS as MATERIAL_KINDS
from services.content.materials.reading import chosen
from services.content.materials.schemas import MaterialSummary
from services.content.search.reading import about
from services.content.search.service import Hit

# Parts of China with entries of their own in ISO 3166-1: it has no missions there.
AT_HOME: Final = frozenset({"HK", "MO", "TW"})
_KINDS: Final = ("embassy", "consulate-general", "consulate", "office")
_TO_READ: Final = tuple(kind for kind in MATERIAL_KINDS if kind != "case-study")
_MOST_TO_READ: Final = 6
_MOST_CASES: Final = 4


@dataclass(frozen=True)
class Destination:
    """What a country's page says.

    Attributes:
        advisories: in force, the gravest first.
        numbers: whom to call in danger; ``None`` where we are not sure.
        missions: embassies before consulates.
        materials, cases: to read, those about this very country first.
        answers: questions that were answered about it, and quizzes.
        activities: the next ones about it.
    """

    country: str
    advisories: list[AdvisoryOut]
    numbers: Numbers | None
    missions: list[MissionOut]
    materials: list[MaterialSummary]
    cases: list[MaterialSummary]
    answers: list[Hit]
    activities: list[Upcoming]


@dataclass(frozen=True)
class Meant:
    """Which country a text means: ``country`` for sure, or one of ``guesses``."""

    country: str | None
    guesses: list[str]


def meant(text: str) -> Meant:
    """The country that a name, alias, code or part of an address means (``south-korea``)."""
    code = country_code(text) or country_code(text.replace("-", " "))
    return Meant(code, [] if code else country_guess(text.replace("-", " ")))


def destination(country: str) -> Destination:
    """All that is known about going to a country.

    Args:
        country: an ISO 3166-1 alpha-2 code that there is.
    """
    with database.transaction() as session:
        return Destination(
            country=country,
            advisories=in_force_for(session, country),
            numbers=numbers(country),
            missions=_missions(session, Mission.country == country),
            materials=chosen(session, countries=[country], kinds=_TO_READ, limit=_MOST_TO_READ),
            cases=chosen(session, countries=[country], kinds=["case-study"], limit=_MOST_CASES),
            answers=about(session, country, kinds=("question", "quiz")),
            activities=coming_about(session, country),
        )


@dataclass(frozen=True)
class Choice:
    """A country to choose: its name in the page's language and the gravest level there."""

    country: str
    name: str
    level: str | None


def choices(levels: dict[str, str], looked_for: str = "") -> list[Choice]:
    """Every country whose name or alias has a text in it, in no particular order.

    Args:
        levels: the gravest level of each country that has one.
        looked_for: as it was typed; empty for all.
    """
    text = written(looked_for)
    return [
        Choice(code, country_name(code), levels.get(code))
        for code in countries()
        if not text or _has(code, text)
    ]


def _has(code: str, text: str) -> bool:
    return any(text in written(name) for name in names(code))


def get_mission(mission_id: uuid.UUID) -> MissionOut:
    """One mission.

    Raises:
        NotFound: there is none.
    """
    with database.transaction() as session:
        found = session.get(Mission, mission_id)
        if found is None:
            raise NotFound(lazy("There is no such embassy or consulate."))
        return MissionOut.model_validate(found)


def list_missions(country: str | None = None, *, to_check: bool = False) -> list[MissionOut]:
    """The missions in one country or all, by country; a few hundred at most.

    Args:
        to_check: only those that were last checked over a year ago.
    """
    conditions: list[sa.ColumnElement[bool]] = []
    if country is not None:
        conditions.append(Mission.country == country)
    if to_check:
        conditions.append(_unchecked(utc_now()))
    with database.transaction() as session:
        return _missions(session, *conditions)


def _unchecked(now: datetime) -> sa.ColumnElement[bool]:
    return Mission.checked_on < (now - CHECK_AFTER).date()


def _missions(session: Session, *conditions: sa.ColumnElement[bool]) -> list[MissionOut]:
    rows = session.scalars(
        sa.select(Mission)
        .where(*conditions)
        .order_by(Mission.country, sa.func.array_position(list(_KINDS), Mission.kind), Mission.id)
    )
    return [MissionOut.model_validate(row) for row in rows]
