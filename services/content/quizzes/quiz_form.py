"""The form of a quiz: its lines of draws, beside fields that are the model's own."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any, Final

from pydantic import ValidationError

from services.chassis.forms import Form, Typed
from services.chassis.i18n import day, lazy
from services.chassis.problems import FieldError, Invalid
from services.chassis.reference import district_name
from services.chassis.validation import field_errors
from services.content.advisories.staff_pages import local
from services.content.bookings_seen.models import BookingSeen
from services.content.quizzes.schemas import MOST_DRAWS, Draw, QuizForm, QuizOut

LINES: Final = 3
_SEPARATORS: Final = re.compile(r"[,，、;；]")

_ORGANISATIONS: Final = {
    "school": lazy("a school"),
    "enterprise": lazy("a company"),
    "community": lazy("a community"),
}

Values = dict[str, Any]


def filled(quiz: QuizOut) -> Values:
    """The values of the form for a stored quiz."""
    values = dict(Form.of(quiz).values)
    for name, moment in (("opens_at", quiz.opens_at), ("closes_at", quiz.closes_at)):
        values[name] = local(moment) if moment else ""
    for place, draw in enumerate(quiz.draws):
        values |= {
            f"draws.{place}.bank_id": str(draw.bank_id),
            f"draws.{place}.tags": ", ".join(draw.tags),
            f"draws.{place}.count": draw.count,
        }
    return values


def lines_of(values: Mapping[str, Any]) -> int:
    """How many lines of draws the form shows: those in use, and one to fill."""
    used = [place for place in range(MOST_DRAWS) if values.get(f"draws.{place}.bank_id")]
    return min(MOST_DRAWS, max(LINES, max(used, default=-1) + 2))


def read(typed: Typed) -> QuizForm:
    """The quiz that was typed.

    Raises:
        Invalid: something cannot be taken, with a sentence beside its field.
    """
    errors: list[FieldError] = []
    draws = [draw for place in range(MOST_DRAWS) for draw in _draw(typed, place, errors)]
    if errors:
        raise Invalid(errors)
    return typed.parse(QuizForm, draws=[draw.model_dump() for draw in draws])


def _draw(typed: Typed, place: int, errors: list[FieldError]) -> list[Draw]:
    """The draw of one line; none where no bank is chosen."""
    row = f"draws.{place}"
    bank = typed.text(f"{row}.bank_id")
    if not bank:
        return []
    tags = [tag.strip() for tag in _SEPARATORS.split(typed.text(f"{row}.tags")) if tag.strip()]
    # A Chinese keyboard types numbers in full width.
    count = unicodedata.normalize("NFKC", typed.text(f"{row}.count")).strip()
    try:
        return [Draw.model_validate({"bank_id": bank, "tags": tags, "count": count or None})]
    except ValidationError as error:
        for one in field_errors(error.errors()):
            errors.append(FieldError(f"{row}.{one.field.split('.')[0]}", one.message))
        return []


def compacted(typed: Typed) -> Values:
    """What was typed, for showing it again: lines without a bank are closed up."""
    values = {name: text for name, text in typed.values().items() if not name.startswith("draws.")}
    used = [place for place in range(MOST_DRAWS) if typed.text(f"draws.{place}.bank_id")]
    for at, place in enumerate(used):
        for name in ("bank_id", "tags", "count"):
            values[f"draws.{at}.{name}"] = typed.text(f"draws.{place}.{name}")
    return values


def beside(invalid: Invalid) -> Invalid:
    """What is wrong with a line as a whole is said beside its number."""
    return Invalid(
        [
            FieldError(f"{error.field}.count", error.message)
            if re.fullmatch(r"draws\.\d", error.field)
            else error
            for error in invalid.errors
        ]
    )


def booking_option(booking: BookingSeen) -> tuple[str, str]:
    """A booking as a choice: who asked is sealed, so it is known by its day and its place."""
    kind = _ORGANISATIONS.get(booking.organisation_kind, booking.organisation_kind)
    when = day(booking.agreed_time, booking.timezone) if booking.agreed_time else ""
    return str(booking.id), f"{when} · {district_name(booking.district)} · {kind}"


NO_BANK: Final = lazy("no questions from this line")
