"""Days as people write them into a cell."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, timedelta
from typing import Final

from services.chassis.i18n import Lazy, lazy
from services.notifications.imports.files import Cell

# Excel counts days from 30 December 1899 (its 1900 had a 29 February); these are 1954 to 2119.
_EXCEL_ZERO: Final = date(1899, 12, 30)
_SERIALS: Final = range(20_000, 80_001)
# A day without a year is of this year, unless it is so long past that the next one is meant.
_PAST: Final = timedelta(days=90)

_MONTHS: Final = (
    "jan",
    "feb",
    "mar",
    "apr",
    "may",
    "jun",
    "jul",
    "aug",
    "sep",
    "oct",
    "nov",
    "dec",
)
_MONTH: Final = "|".join(f"{name}[a-z]*" for name in _MONTHS)
_TIME: Final = r"(?:\s*[T ]?\s*\d{1,2}[:时]\d{0,2}(?::\d{2})?分?)?"

_YEAR_FIRST: Final = re.compile(
    rf"(\d{{4}}|\d{{2}})\s*[年/.\-]\s*(\d{{1,2}})\s*[月/.\-]\s*(\d{{1,2}})\s*[日号]?{_TIME}"
)
_TOGETHER: Final = re.compile(r"(20\d{2})(\d{2})(\d{2})")
_YEAR_LAST: Final = re.compile(rf"(\d{{1,2}})[/.\-](\d{{1,2}})[/.\-](\d{{4}}){_TIME}")
_NO_YEAR: Final = re.compile(r"(\d{1,2})\s*[月/.\-]\s*(\d{1,2})\s*[日号]?")
_DAY_MONTH: Final = re.compile(rf"(\d{{1,2}})(?:st|nd|rd|th)?\s+({_MONTH}),?\s+(\d{{4}})")
_MONTH_DAY: Final = re.compile(rf"({_MONTH})\s+(\d{{1,2}})(?:st|nd|rd|th)?,?\s+(\d{{4}})")
# Between two days of one cell. A lone hyphen may stand within a day, so it is tried last.
_UNTIL: Final = (
    re.compile(r"\s*(?:至|到|~|—+|–|―)\s*"),
    re.compile(r"\s+-+\s+|-{2,}|\bto\b"),
    re.compile(r"-"),
)


class NotADay(ValueError):
    """A cell that names no day, or more than one; ``sentence`` says what to do."""

    def __init__(self, sentence: Lazy) -> None:
        super().__init__(sentence.message)
        self.sentence = sentence


_NO_DAY: Final = lazy("This is not a date that we can read. Please write it like 2026-05-01.")
_ABBREVIATED: Final = lazy(
    "Excel makes 5.1 of 5.10 too, so we cannot tell which day this is. Please write it with the "
    "year, like 2026-05-01."
)
_WHICH_FIRST: Final = lazy(
    "We cannot tell which is the day and which the month. Please write it like 2026-05-01."
)


def day(cell: Cell, today: date, *, after: date | None = None) -> date:
    """The day in a cell.

    Args:
        cell: a text, or a number of Excel: a day's serial number, or ``5.15`` for 15 May.
        today: by which a day without a year is placed.
        after: a day without a year is the first one from then on.

    Raises:
        NotADay: it names none, or could be two.
    """
    if isinstance(cell, float):
        if not cell.is_integer() and round(cell * 10, 6).is_integer() and cell % 1 < 0.35:
            raise NotADay(_ABBREVIATED)
        cell = int(cell) if cell >= _SERIALS.start else f"{cell:.10g}"
    if isinstance(cell, int):
        cell = str(cell)
    return _of_text(unicodedata.normalize("NFKC", cell or "").strip(), today, after)


def _of_text(text: str, today: date, after: date | None) -> date:
    if text.isdecimal() and len(text) == 5 and int(text) in _SERIALS:
        return _EXCEL_ZERO + timedelta(days=int(text))
    try:
        if (found := _YEAR_FIRST.fullmatch(text)) or (found := _TOGETHER.fullmatch(text)):
            year, month, number = (int(part) for part in found.groups())
            return date(year + 2000 if year < 100 else year, month, number)
        if found := _YEAR_LAST.fullmatch(text):
            one, other, year = (int(part) for part in found.groups())
            if one <= 12 and other <= 12 and one != other:
                raise NotADay(_WHICH_FIRST)
            return (
                date(year, min(one, other), max(one, other))
                if one != other
                else date(year, one, one)
            )
        if found := _NO_YEAR.fullmatch(text):
            return _placed(int(found[1]), int(found[2]), today, after)
        small = text.casefold()
        if found := _DAY_MONTH.fullmatch(small):
            return date(int(found[3]), _MONTHS.index(found[2][:3]) + 1, int(found[1]))
        if found := _MONTH_DAY.fullmatch(small):
            return date(int(found[3]), _MONTHS.index(found[1][:3]) + 1, int(found[2]))
    except NotADay:
        raise
    except ValueError as error:  # 31 April
        raise NotADay(_NO_DAY) from error
    raise NotADay(_NO_DAY)


def _placed(month: int, number: int, today: date, after: date | None) -> date:
    earliest = after or today - _PAST
    for year in range(earliest.year, earliest.year + 9):  # 29 February is at most eight years away
        try:
            found = date(year, month, number)
        except ValueError:
            continue
        if found >= earliest:
            return found
    raise NotADay(_NO_DAY)


def period(cell: Cell, today: date) -> tuple[date, date | None]:
    """The first and the last day in a cell; ``None`` when it names one day alone.

    Raises:
        NotADay: it cannot be read.
    """
    text = unicodedata.normalize("NFKC", str(cell or "")).strip()
    for between in _UNTIL:
        parts = between.split(text)
        if len(parts) != 2:
            continue
        try:
            first = day(parts[0], today)
            return first, day(_with_its_month(parts[1], first), today, after=first)
        except NotADay:
            continue
    return day(cell, today), None


def _with_its_month(text: str, first: date) -> str:
    """``10日`` after ``5月1日`` is of the same month."""
    found = re.fullmatch(r"\s*(\d{1,2})\s*[日号]?\s*", text)
    return f"{first.year}-{first.month}-{found[1]}" if found else text
