"""A country on one sheet: the level there, whom to call, and where the missions are."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.chassis.i18n import LANGUAGES, country_name, localized, speaking, words_of
from services.chassis.i18n import gettext as _
from services.chassis.settings import settings
from services.content.advisories.reading import gravest_for
from services.content.advisories.schemas import AdvisoryOut
from services.content.advisories.words import LEVEL_NAMES, WORD_NAMES
from services.content.destinations.emergency import numbers
from services.content.destinations.models import Mission
from services.content.destinations.phones import readable
from services.content.packs.schemas import Sheet


def country_sheets(session: Session, codes: Collection[str]) -> Iterator[Sheet]:
    """What to have at hand in each country (ISO 3166-1 alpha-2), in both languages.

    A sheet says only what an office has checked; for the rest it says how to find out.
    """
    gravest = gravest_for(session, codes)
    missions: dict[str, list[Mission]] = {}
    for mission in session.scalars(
        sa.select(Mission)
        .where(Mission.country.in_(codes))
        .order_by(Mission.kind != "embassy", Mission.id)
    ):
        missions.setdefault(mission.country, []).append(mission)
    return (_sheet(code, gravest.get(code), missions.get(code, [])) for code in codes)


def _sheet(code: str, gravest: AdvisoryOut | None, missions: Sequence[Mission]) -> Sheet:
    title: dict[str, str] = {}
    text: dict[str, str] = {}
    with words_of("content"):
        for tag in LANGUAGES:
            with speaking(tag):
                title[tag] = _("%(country)s: have this at hand") % {"country": country_name(code)}
                text[tag] = "\n\n".join(_parts(code, gravest, missions))
    return Sheet(
        kind="country",
        ref=code,
        title=title,
        text=text,
        url=f"{settings().public_url}/advisories/{code}",
        level=gravest.level if gravest else None,
    )


def _parts(code: str, gravest: AdvisoryOut | None, missions: Sequence[Mission]) -> Iterator[str]:
    if gravest:
        yield f"**{LEVEL_NAMES[gravest.level]} · {WORD_NAMES[gravest.word]}**"
    yield "## " + _("Whom to call")
    yield "\n".join(f"- {label}{_(': ')}**{number}**" for label, number in _numbers(code))
    if missions:
        yield "## " + _("Embassy and consulates")
    for mission in missions:
        yield f"### {localized(mission.name)}"
        yield "\n".join(f"- {line}" for line in _reached(mission))


def _numbers(code: str) -> Iterator[tuple[str, str]]:
    yield _("Consular protection hotline, day and night"), "+86 10 12308"
    known = numbers(code)
    if known is None:
        return
    if known.same:
        yield _("Police, ambulance, fire"), known.same
        return
    named = (
        (_("Police"), known.police),
        (_("Ambulance"), known.ambulance),
        (_("Fire"), known.fire),
    )
    yield from ((label, number) for label, number in named if number)


def _reached(mission: Mission) -> Iterator[str]:
    if mission.help_phone:
        yield _("In an emergency") + _(": ") + f"**{readable(mission.help_phone)}**"
    if mission.office_phone:
        yield _("In office hours") + _(": ") + readable(mission.office_phone)
    yield localized(mission.address)
    yield _("Checked on %(day)s.") % {"day": mission.checked_on.isoformat()}
