"""The current level of every country: one row each, for the table of the world and for programs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from pydantic import BaseModel

from services.chassis.i18n import LANGUAGES, country_name, lazy, speaking
from services.chassis.reference import countries
from services.content.advisories import reading
from services.content.advisories.schemas import AdvisoryOut, public_url
from services.content.advisories.words import Level, Word, severity

# Every country and territory by continent, as the United Nations' M49 has them.
_CONTINENTS: Final = {
    "asia": "AE AF AM AZ BD BH BN BT CY GE HK ID IL IN IQ IR JO JP KG KH KP KR KW KZ LA LB LK MM "
    "MN MO MV MY NP OM PH PK PS QA SA SG SY TH TJ TL TM TR TW UZ VN YE",
    "africa": "AO BF BI BJ BW CD CF CG CI CM CV DJ DZ EG EH ER ET GA GH GM GN GQ GW IO KE KM LR LS "
    "LY MA MG ML MR MU MW MZ NA NE NG RE RW SC SD SH SL SN SO SS ST SZ TD TF TG TN TZ UG YT ZA ZM "
    "ZW",
    "europe": "AD AL AT AX BA BE BG BY CH CZ DE DK EE ES FI FO FR GB GG GI GR HR HU IE IM IS IT JE "
    "LI LT LU LV MC MD ME MK MT NL NO PL PT RO RS RU SE SI SJ SK SM UA VA",
    "north-america": "AG AI AW BB BL BM BQ BS BZ CA CR CU CW DM DO GD GL GP GT HN HT JM KN KY LC "
    "MF MQ MS MX NI PA PM PR SV SX TC TT US VC VG VI",
    "south-america": "AR BO BR BV CL CO EC FK GF GS GY PE PY SR UY VE",
    "oceania": "AS AU CC CK CX FJ FM GU HM KI MH MP NC NF NR NU NZ PF PG PN PW SB TK TO TV UM VU "
    "WF WS",
    "antarctica": "AQ",
}

CONTINENT_NAMES = {
    "asia": lazy("Asia"),
    "africa": lazy("Africa"),
    "europe": lazy("Europe"),
    "north-america": lazy("North America"),
    "south-america": lazy("South America"),
    "oceania": lazy("Oceania"),
    "antarctica": lazy("Antarctica"),
}
CONTINENT_OF: Final = {code: name for name, codes in _CONTINENTS.items() for code in codes.split()}


class LevelOut(BaseModel):
    """How a country stands now.

    Attributes:
        level, word: of the gravest advisory for the whole country; ``None`` where there is none.
        highest: the gravest level of all, parts of the country included.
        parts: the parts of the country that have an advisory of their own, the gravest first.
        updated_at: when the last of these was changed.
    """

    country: str
    name: dict[str, str]
    continent: str
    level: Level | None
    word: Word | None
    highest: Level | None
    parts: list[PartOut]
    updated_at: datetime | None
    url: str


class PartOut(BaseModel):
    """A part of a country with an advisory of its own."""

    region: dict[str, str]
    level: Level
    word: Word
    headline: dict[str, str]


class LevelsOut(BaseModel):
    """How every country stands now, by its code."""

    items: list[LevelOut]


def now() -> list[LevelOut]:
    """Every country and territory, by its code (ISO 3166-1 alpha-2)."""
    found: dict[str, list[AdvisoryOut]] = {}
    for advisory in reading.all_in_force():
        found.setdefault(advisory.country, []).append(advisory)
    return [_level(code, found.get(code, ())) for code in sorted(countries())]


def _level(code: str, advisories: Sequence[AdvisoryOut]) -> LevelOut:
    """``advisories`` come the gravest first."""
    whole = [one for one in advisories if not one.region]
    return LevelOut(
        country=code,
        name=_names(code),
        continent=CONTINENT_OF[code],
        level=whole[0].level if whole else None,
        word=whole[0].word if whole else None,
        highest=max((one.level for one in advisories), key=severity, default=None),
        parts=[
            PartOut(region=one.region, level=one.level, word=one.word, headline=one.headline)
            for one in advisories
            if one.region
        ],
        updated_at=max((one.updated_at for one in advisories), default=None),
        url=public_url(code),
    )


def _names(code: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for tag in LANGUAGES:
        with speaking(tag):
            found[tag] = country_name(code)
    return found
