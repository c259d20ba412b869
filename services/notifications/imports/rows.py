"""What one row of a list says, what is wrong with it, and whether that is news."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final, TypeVar

from pydantic import TypeAdapter, ValidationError

from services.chassis.fields import Name, SingleLine
from services.chassis.i18n import Lazy, lazy
from services.chassis.reference import district_name
from services.chassis.validation import sentence
from services.notifications.contacts.service import Stay
from services.notifications.imports import dates, numbers, places
from services.notifications.imports.files import Cell

T = TypeVar("T")

MOST_RELAYED: Final = 100_000

_name = TypeAdapter(Name)
_line = TypeAdapter(SingleLine)

# --- the sentences that a row may get ------------------------------------------------------------

_NO_ADDRESS = lazy("There is neither an e-mail address nor a telephone number in this row.")
_FORMULA = lazy("A formula stands here. Please put its result in its place.")
_EMAIL = lazy("“%(text)s” is no e-mail address; one looks like name@example.com.")
_PHONE = lazy("“%(text)s” is no telephone number; one from abroad begins with +.")
_SHORTENED = lazy(
    "Excel has shortened this number to “%(text)s”. Please format the column as text and enter "
    "the number again."
)
_FIXED = lazy("“%(text)s” is a fixed line, which takes no text messages.")
_COUNTRY = lazy("We do not know the country “%(text)s”.")
_DISTRICT = lazy("“%(text)s” is no district of this city.")
_OTHER_DISTRICT = lazy("This person belongs to %(district)s, which is another office's.")
_TOPIC = lazy("We do not know the topic “%(text)s”.")
_KIND = lazy("Please write school, enterprise or community.")
_LANGUAGE = lazy("Please write Chinese or English.")
_NUMBER = lazy("Please write a whole number between 1 and %(most)s.")
_BACKWARDS = lazy("The return is before the departure.")
_NO_DEPARTURE = lazy("A day of return needs a day of departure.")
_NO_DESTINATION = lazy("A trip needs a country.")
_NOTED_MORE = lazy("Only the first of several is taken.")
_NOTED_PAST = lazy("The trip is over, so it is left out.")


@dataclass(frozen=True)
class Remark:
    """A sentence about a field of a row, kept so that it can be said in either language."""

    field: str
    message: str
    values: dict[str, str]

    @classmethod
    def of(cls, about: str, said: Lazy) -> Remark:
        """A sentence with its values as texts."""
        return cls(about, said.message, {name: str(value) for name, value in said.values.items()})

    def __str__(self) -> str:
        return str(Lazy(self.message, self.values))


@dataclass
class Row:
    """One row: what stood there, what was understood, and what is to be said about it.

    Attributes:
        email: ASCII, ``phone`` E.164; ``None`` for none.
        districts: GB/T 2260; ``countries`` ISO 3166-1, followed for good; ``topics`` our codes.
        trips: stays abroad that are not over.
        problems: why the row is left out; empty for a good one.
        notes: what is good to know.
        same_as: the number of the earlier row that says the same; 0 for a contact that we have.
    """

    cells: list[Cell]
    name: str | None = None
    email: str | None = None
    phone: str | None = None
    language: str | None = None
    organisation: str | None = None
    organisation_kind: str | None = None
    relays_for: int | None = None
    districts: list[str] = field(default_factory=list)
    countries: list[str] = field(default_factory=list)
    topics: list[str] = field(default_factory=list)
    trips: list[Stay] = field(default_factory=list)
    problems: list[Remark] = field(default_factory=list)
    notes: list[Remark] = field(default_factory=list)
    same_as: int | None = None

    @property
    def verdict(self) -> str:
        """``good``, ``problem`` or ``duplicate``."""
        if self.problems:
            return "problem"
        return "good" if self.same_as is None else "duplicate"

    def dump(self) -> str:
        """As JSON, without what is not there."""
        found: dict[str, Any] = {name: value for name, value in vars(self).items() if value}
        found["same_as"] = self.same_as
        found["trips"] = [
            [
                trip.country,
                trip.departs_on.isoformat(),
                trip.returns_on and trip.returns_on.isoformat(),
            ]
            for trip in self.trips
        ]
        for name in ("problems", "notes"):
            found[name] = [[one.field, one.message, one.values] for one in getattr(self, name)]
        return json.dumps(found, ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def load(cls, text: str) -> Row:
        """What :meth:`dump` wrote."""
        found = json.loads(text)
        found["trips"] = [
            Stay(country, date.fromisoformat(first), last and date.fromisoformat(last))
            for country, first, last in found["trips"]
        ]
        for name in ("problems", "notes"):
            found[name] = [Remark(*one) for one in found[name]]
        return cls(**{"cells": []} | found)


class _Unclear(ValueError):
    def __init__(self, said: Lazy) -> None:
        super().__init__(said.message)
        self.said = said


@dataclass(frozen=True)
class Reader:
    """Reads rows of one list.

    Attributes:
        columns: what each column holds; see :class:`.heads.Layout`.
        today: the day at the office, by which days without a year are placed.
        district: whose list it is; every row of a district's list is that district's.
    """

    columns: Sequence[str]
    today: date
    district: str | None

    def read(self, cells: list[Cell]) -> Row:
        """What a row says, with everything that is wrong with it."""
        row = Row(cells)
        given = {
            held: cell
            for held, cell in zip(self.columns, cells, strict=False)
            if held and cell is not None
        }
        for held, take in _TAKES.items():
            if held in given:
                try:
                    take(self, row, given[held])
                except _Unclear as error:
                    row.problems.append(Remark.of(held, error.said))
        self._trips(row, given)
        self._own_district(row)
        if not row.email and not row.phone and not row.problems:
            row.problems.append(Remark.of("", _NO_ADDRESS))
        return row

    def _trips(self, row: Row, given: Mapping[str, Cell]) -> None:
        """Days abroad make trips of the countries; without days they are followed."""
        try:
            first, last = self._days(given)
        except _Away as error:
            row.problems.append(Remark.of(error.held, error.said))
            return
        if first is None or row.problems:
            return
        if not row.countries:
            row.problems.append(Remark.of("countries", _NO_DESTINATION))
        elif last is not None and last < self.today:
            row.notes.append(Remark.of("returns_on", _NOTED_PAST))
            row.countries = []
        else:
            row.trips = [Stay(country, first, last) for country in row.countries]
            row.countries = []

    def _days(self, given: Mapping[str, Cell]) -> tuple[date | None, date | None]:
        first: date | None = None
        last: date | None = None
        held = "period"
        try:
            if held in given:
                first, last = dates.period(given[held], self.today)
            if (held := "departs_on") in given:
                first = dates.day(given[held], self.today)
            if (held := "returns_on") in given:
                last = dates.day(given[held], self.today, after=first)
        except dates.NotADay as error:
            raise _Away(held, error.sentence) from error
        if last is not None and first is None:
            raise _Away("returns_on", _NO_DEPARTURE)
        if first is not None and last is not None and last < first:
            raise _Away("returns_on", _BACKWARDS)
        return first, last

    def _own_district(self, row: Row) -> None:
        if self.district is None:
            return
        for code in row.districts:
            if code != self.district:
                other = lazy(_OTHER_DISTRICT.message, district=district_name(code))
                row.problems.append(Remark.of("districts", other))
        row.districts = [self.district]


class _Away(_Unclear):
    def __init__(self, held: str, said: Lazy) -> None:
        super().__init__(said)
        self.held = held


# --- what each kind of column does with a cell ---------------------------------------------------


def _said(message: Lazy, cell: Cell) -> _Unclear:
    return _Unclear(lazy(message.message, text=str(cell)[:60]))


def _text(kind: TypeAdapter[str], cell: Cell) -> str:
    text = str(cell)
    if text.startswith(("=", "＝")):
        raise _Unclear(_FORMULA)
    try:
        return kind.validate_python(text)
    except ValidationError as error:
        said = sentence(error.errors()[0])
        raise _Unclear(said if isinstance(said, Lazy) else lazy(said)) from error


def _take_name(_reader: Reader, row: Row, cell: Cell) -> None:
    row.name = _text(_name, cell)


def _take_organisation(_reader: Reader, row: Row, cell: Cell) -> None:
    row.organisation = _text(_line, cell)


def _take_email(_reader: Reader, row: Row, cell: Cell) -> None:
    try:
        row.email, more = numbers.email_in(cell)
    except numbers.NotAnAddress as error:
        # A column called 联系方式 may hold either kind.
        if "@" not in str(cell) and (phone := _phone_or_none(cell)):
            row.phone = phone
            return
        raise _said(_EMAIL, cell) from error
    if more:
        row.notes.append(Remark.of("email", _NOTED_MORE))


def _phone_or_none(cell: Cell) -> str | None:
    try:
        return numbers.phone_in(cell)[0]
    except numbers.NotAnAddress:
        return None


def _take_phone(_reader: Reader, row: Row, cell: Cell) -> None:
    if any(sign in str(cell) for sign in "@＠"):
        _take_email(_reader, row, cell)
        row.phone = _phone_or_none(cell) or row.phone
        return
    try:
        row.phone, more = numbers.phone_in(cell)
    except numbers.Shortened as error:
        raise _said(_SHORTENED, cell) from error
    except numbers.FixedLine as error:
        if not row.email:
            raise _said(_FIXED, cell) from error
        # Somebody with an e-mail address too is reached without it.
        row.notes.append(Remark.of("phone", lazy(_FIXED.message, text=str(cell)[:60])))
        return
    except numbers.NotAnAddress as error:
        raise _said(_PHONE, cell) from error
    if more:
        row.notes.append(Remark.of("phone", _NOTED_MORE))


def _take_places(
    attribute: str, found_in: Callable[[str], list[str]], unknown: Lazy
) -> Callable[[Reader, Row, Cell], None]:
    def take(_reader: Reader, row: Row, cell: Cell) -> None:
        try:
            setattr(row, attribute, found_in(str(cell)))
        except places.NotKnown as error:
            raise _said(unknown, str(error)) from error

    return take


def _take_word(
    attribute: str, word: Callable[[str], str | None], unknown: Lazy
) -> Callable[[Reader, Row, Cell], None]:
    def take(_reader: Reader, row: Row, cell: Cell) -> None:
        found = word(str(cell))
        if found is None:
            raise _Unclear(unknown)
        setattr(row, attribute, found)

    return take


def _take_number(_reader: Reader, row: Row, cell: Cell) -> None:
    text = str(cell).strip().removesuffix("人").strip()
    if not text.isdecimal() or not 1 <= int(text[:9]) <= MOST_RELAYED or len(text) > 9:
        raise _Unclear(lazy(_NUMBER.message, most=MOST_RELAYED))
    row.relays_for = int(text)


_TAKES: Final[dict[str, Callable[[Reader, Row, Cell], None]]] = {
    "name": _take_name,
    "email": _take_email,
    "phone": _take_phone,
    "organisation": _take_organisation,
    "organisation_kind": _take_word("organisation_kind", places.organisation_kind, _KIND),
    "relays_for": _take_number,
    "districts": _take_places("districts", places.districts_in, _DISTRICT),
    "countries": _take_places(
        "countries", functools.lru_cache(4096)(places.countries_in), _COUNTRY
    ),
    "topics": _take_places("topics", places.topics_in, _TOPIC),
    "language": _take_word("language", places.language, _LANGUAGE),
}
