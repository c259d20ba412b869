"""What a CAP alert means for us: levels, countries, texts, and what a person should look at.

CAP has no colours. The level comes from the severity, the word from the level: both are proposals,
shown beside the draft, and a person decides.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter, ValidationError

from services.chassis.i18n import LANGUAGES, Lazy, country_name, gettext, lazy, speaking
from services.chassis.reference import city, countries, country_code
from services.content.advisories.schemas import AdvisoryIn, WebAddress
from services.content.advisories.words import Level, Word, severity
from services.content.alerts.cap import Alert, Area, Info

LEVEL_OF: Final[dict[str, Level]] = {
    "Extreme": "red",
    "Severe": "orange",
    "Moderate": "yellow",
    "Minor": "blue",
    "Unknown": "yellow",
}
WORD_OF: Final[dict[Level, Word]] = {
    "blue": "take-care",
    "yellow": "take-care",
    "orange": "travel-with-caution",
    "red": "do-not-travel",
}
# One alert for half the world is not ours to turn into a hundred drafts.
MOST_COUNTRIES: Final = 10
_OLD: Final = timedelta(days=30)
_TURNS: Final = frozenset({"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"})
_ADDRESS: Final = TypeAdapter[str](WebAddress)
# Within what an advisory takes.
_EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC)
_LAST_YEAR: Final = 2100
_LONGEST_LINE: Final = 200
_LONGEST_TEXT: Final = 20_000
# Codes begin with the country's: ISO 3166-2 (TH-83) and what is made after it.
_ISO: Final = re.compile(r"([A-Z]{2})(?:-[A-Z0-9]{1,3})?", re.ASCII)


def level_of(alert: Alert) -> Level:
    """The gravest level that its parts amount to; yellow where nothing says how grave it is."""
    return max((LEVEL_OF[info.severity] for info in alert.info), key=severity, default="yellow")


def countries_of(alert: Alert) -> list[str]:
    """The countries that it is about (ISO 3166-1 alpha-2), each once, in its own order.

    By the geocodes whose name speaks of ISO 3166, else by an area's description that is, or ends
    in, a country's name.
    """
    areas = [area for info in alert.info for area in info.area]
    found = [code for area in areas for code in _coded(area)]
    if not found:
        found = [code for area in areas for code in _named(area)]
    return list(dict.fromkeys(found))


def contents(alert: Alert) -> list[AdvisoryIn]:
    """An advisory for each country that it is about; none where there is no country."""
    return [content_for(alert, code) for code in countries_of(alert)[:MOST_COUNTRIES]]


def content_for(alert: Alert, country: str) -> AdvisoryIn:
    """The advisory that an alert amounts to for a country."""
    level = level_of(alert)
    texts = _by_language(alert)
    begin, end = _time_of(alert)
    return AdvisoryIn.model_validate(
        {
            "country": country,
            "region": _regions(texts, country),
            "level": level,
            "word": WORD_OF[level],
            "headline": {tag: one_line(info.headline or info.event) for tag, info in texts.items()},
            "text": {tag: _lines(info.description) for tag, info in texts.items()},
            "advice": _advice(texts),
            "source_url": _web(alert),
            "valid_from": begin,
            "valid_until": end,
        }
    )


def changed_by(alert: Alert, present: AdvisoryIn) -> AdvisoryIn:
    """What an advisory would say if it followed an update: its place stays, also what the update
    leaves out."""
    new = content_for(alert, present.country)
    values: dict[str, Any] = present.model_dump() | {
        "level": new.level,
        "headline": present.headline | new.headline,
        "text": present.text | new.text,
        "source_url": new.source_url or present.source_url,
        "valid_until": new.valid_until,
    }
    if any(info.instruction for info in alert.info):
        values["advice"] = present.advice | new.advice
    if new.level != present.level:
        values["word"] = new.word
    if new.valid_until is not None and new.valid_until <= present.valid_from:
        values["valid_from"] = new.valid_from
    return AdvisoryIn.model_validate(values)


def warnings(alert: Alert, now: datetime) -> list[Lazy]:
    """What a person should look at before anything is made of it."""
    found: list[Lazy] = []
    if is_old(alert, now):
        year = alert.sent.astimezone(ZoneInfo(city().timezone)).year
        found.append(lazy("This alert is from %(year)s: please check.", year=year))
    if (end := _end(alert)) is not None and end <= now:
        found.append(lazy("It has expired."))
    if alert.status != "Actual":
        found.append(
            lazy("Its sender marked it “%(status)s”: it is no real warning.", status=alert.status)
        )
    if alert.scope != "Public":
        found.append(lazy("It is not meant for the public (%(scope)s).", scope=alert.scope))
    if alert.info and not countries_of(alert):
        found.append(lazy("It does not say in which country; please choose one."))
    if len(countries_of(alert)) > MOST_COUNTRIES:
        found.append(
            lazy(
                "It names more than %(most)s countries; there are drafts for the first ones.",
                most=MOST_COUNTRIES,
            )
        )
    if any(info.severity == "Unknown" for info in alert.info):
        found.append(lazy("It does not say how severe it is; the level is a guess."))
    if alert.info and not any(_tag(info.language) for info in alert.info):
        found.append(
            lazy(
                "It is written in “%(language)s”; please translate it.",
                language=alert.info[0].language,
            )
        )
    return found


def is_old(alert: Alert, now: datetime) -> bool:
    """Whether it is from another year, by the city's calendar, and not from just before its end."""
    zone = ZoneInfo(city().timezone)
    another = alert.sent.astimezone(zone).year != now.astimezone(zone).year
    return another and abs(now - alert.sent) > _OLD


def is_for_us(alert: Alert, now: datetime, least_level: Level) -> bool:
    """Whether it is worth a draft without anybody's having looked at it."""
    end = _end(alert)
    return (
        alert.status == "Actual"
        and alert.scope == "Public"
        and not is_old(alert, now)
        and (end is None or end > now)
        and severity(level_of(alert)) >= severity(least_level)
    )


def _coded(area: Area) -> Iterator[str]:
    for code in area.geocode:
        if "3166" not in code.value_name:
            continue
        if (found := _ISO.fullmatch(code.value.upper())) and found[1] in countries():
            yield found[1]


def _named(area: Area) -> Iterator[str]:
    """``Phuket, Thailand`` names its country last."""
    for text in (area.area_desc, re.split(r"[,，、·;；]", area.area_desc)[-1]):
        if code := country_code(text):
            yield code
            return


def _tag(language: str) -> str | None:
    """Which of our languages a text is in (BCP 47), by its primary subtag."""
    primary = language.partition("-")[0].casefold()
    return next((tag for tag in LANGUAGES if tag.partition("-")[0] == primary), None)


def _by_language(alert: Alert) -> dict[str, Info]:
    """The first part in each of our languages; where there is none, the first one as English, to
    be translated."""
    found: dict[str, Info] = {}
    for info in alert.info:
        if tag := _tag(info.language):
            found.setdefault(tag, info)
    return found or dict.fromkeys(("en",), alert.info[0])


def _regions(texts: dict[str, Info], country: str) -> dict[str, str]:
    """What an area is called, unless that is the country itself."""
    found: dict[str, str] = {}
    for tag, info in texts.items():
        names = list(dict.fromkeys(area.area_desc for area in info.area))
        with speaking(tag):
            whole = country_name(country)
        if names and not any(country_code(name) for name in names):
            found[tag] = one_line("、".join(names) if tag == "zh-CN" else ", ".join(names))
            found[tag] = found[tag].removeprefix(f"{whole} · ")
    return found


def _advice(texts: dict[str, Info]) -> dict[str, str]:
    found = {tag: _lines(info.instruction) for tag, info in texts.items() if info.instruction}
    if found:
        return found
    for tag in texts:
        with speaking(tag):
            found[tag] = gettext("Please follow what the local authorities ask you to do.")
    return found


def _web(alert: Alert) -> str | None:
    for info in alert.info:
        try:
            return _ADDRESS.validate_python(info.web)
        except ValidationError:
            continue  # it is text of a stranger, and not needed
    return None


def _time_of(alert: Alert) -> tuple[datetime, datetime | None]:
    """From when until when it counts; it always begins before it ends, as an advisory must."""
    starts = [info.onset or info.effective or alert.sent for info in alert.info]
    begin, end = max(min(starts, default=alert.sent), _EARLIEST), _end(alert)
    if begin.year > _LAST_YEAR:
        begin = alert.sent
    if end is not None and begin >= end:
        begin = max(_EARLIEST, min(alert.sent, end - timedelta(minutes=1)))
    return begin, end


def _end(alert: Alert) -> datetime | None:
    """When the last of its parts expires; never, where one does not say so or says 9999."""
    ends = [info.expires for info in alert.info if info.expires is not None]
    if not ends or len(ends) < len(alert.info) or max(ends).year > _LAST_YEAR:
        return None
    return max(*ends, _EARLIEST + timedelta(minutes=1))


def one_line(text: str) -> str:
    """A text of a stranger as an advisory takes it: on one line, and not too long."""
    return " ".join(_plain(text).split())[:_LONGEST_LINE]


def _lines(text: str | None) -> str:
    kept = (line.strip() for line in _plain(text or "").splitlines())
    return "\n".join(kept).strip()[:_LONGEST_TEXT]


def _plain(text: str) -> str:
    """Without what steers how a text is shown, which our own fields refuse."""
    return "".join(
        sign
        for sign in text
        if sign in "\n\t"
        or (
            unicodedata.category(sign) not in ("Cc", "Cs", "Zl", "Zp")
            and unicodedata.bidirectional(sign) not in _TURNS
        )
    )
