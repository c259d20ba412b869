"""Answers to an activity's questions, checked on the server whoever sends them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticCustomError

from services.chassis.fields import MultiLine, SingleLine, refuse
from services.chassis.i18n import Text, lazy
from services.chassis.problems import FieldError, Invalid
from services.chassis.reference import country_code
from services.chassis.validation import field_errors
from services.registration.questions.schemas import (
    AGREED,
    LONGEST_LINE,
    LONGEST_TEXT,
    Kind,
    Question,
    readable,
)

_NUMBER = re.compile(r"[+-]?\d{1,12}(?:\.\d{1,6})?", re.ASCII)
# 2026-12-31, 2026/12/31, 2026.12.31, 2026年12月31日
_DAY = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?", re.ASCII)
_AGREED = frozenset({AGREED, "on", "true"})
_NOT_AGREED = frozenset({"", "no", "off", "false"})
_LINE = TypeAdapter(SingleLine)
_LINES = TypeAdapter(MultiLine)


def checked(
    questions: Sequence[Mapping[str, Any]], answers: Mapping[str, object]
) -> dict[str, Any]:
    """The answers as they are stored, by question; what is not shown or not answered is left out.

    Stored are a text, the value of an option, a list of them, a number, a day (ISO 8601), a country
    (ISO 3166-1 alpha-2), or ``True`` for what was agreed to.

    Args:
        questions: as the activity keeps them.
        answers: by question, as a form or a program gives them.

    Raises:
        Invalid: a sentence at ``answers.ID`` for each answer that cannot be taken, or that was
            needed and is not there.
    """
    if not questions and not answers:
        return {}
    known = readable(list(questions))
    ids = {question.id for question in known}
    errors = [
        FieldError(f"answers.{name}", lazy("This activity does not ask this question."))
        for name in answers
        if name not in ids
    ]
    kept: dict[str, Any] = {}
    for question in known:
        if not is_asked(question, kept):
            continue
        try:
            answer = _read(question, answers.get(question.id))
        except (PydanticCustomError, ValidationError) as error:
            errors.append(FieldError(f"answers.{question.id}", _sentence(error)))
        else:
            if answer is not None:
                kept[question.id] = answer
    if errors:
        raise Invalid(errors)
    return kept


def is_asked(question: Question, earlier: Mapping[str, Any]) -> bool:
    """Whether a question is shown to whoever has answered the earlier ones so."""
    if question.shown_when is None:
        return True
    answer = earlier.get(question.shown_when.question)
    given = answer if isinstance(answer, list) else [AGREED if answer is True else answer]
    return any(value in question.shown_when.values for value in given)


def _read(question: Question, given: object) -> Any:  # noqa: ANN401 - as the kind has it
    """One answer as it is stored; ``None`` when there is none."""
    answer = None if _is_blank(given) else _READERS[question.kind](question, given)
    if answer is None and question.required:
        if question.kind == "consent":
            raise refuse("Your agreement to this is needed for this activity.")
        raise refuse("Please fill this in.")
    return answer


def _is_blank(given: object) -> bool:
    if isinstance(given, list):
        return all(_is_blank(item) for item in given)
    return given is None or (isinstance(given, str) and not given.strip())


def _sentence(error: PydanticCustomError | ValidationError) -> Text:
    if isinstance(error, ValidationError):
        return field_errors(error.errors())[0].message
    sentence: Text = (error.context or {})["sentence"]
    return sentence


def _one_text(given: object) -> str:
    """A single answer as text; full-width letters and digits stay, where they are words."""
    if isinstance(given, bool) or not isinstance(given, str | int | float):
        raise refuse("This is not of the kind that is expected here.")
    return str(given)


def _narrow(given: object) -> str:
    """The same where the sign itself is no matter: full-width ones count as plain ones."""
    return unicodedata.normalize("NFKC", _one_text(given)).strip()


def _text(question: Question, given: object) -> str:
    text = _one_text(given)
    line = question.kind == "text"
    cleaned = _LINE.validate_python(text) if line else _LINES.validate_python(text)
    most = question.max or (LONGEST_LINE if line else LONGEST_TEXT)
    if isinstance(most, int) and len(cleaned) > most:
        raise refuse("Please use at most %(bound)s characters.", bound=most)
    if isinstance(question.min, int) and len(cleaned) < question.min:
        raise refuse("Please write at least %(least)s characters.", least=question.min)
    return cleaned


def _choice(question: Question, given: object) -> str:
    value = _one_text(given)
    if value not in question.decides:
        raise refuse("Please choose one of the answers offered.")
    return value


def _choices(question: Question, given: object) -> list[str]:
    items = given if isinstance(given, list) else [given]
    wanted = {_choice(question, item) for item in items if not _is_blank(item)}
    if isinstance(question.max, int) and len(wanted) > question.max:
        raise refuse("Please choose at most %(bound)s.", bound=question.max)
    if isinstance(question.min, int) and len(wanted) < question.min:
        raise refuse("Please choose at least %(least)s.", least=question.min)
    return [value for value in question.decides if value in wanted]


def _number(question: Question, given: object) -> int | float:
    text = _narrow(given)
    if not _NUMBER.fullmatch(text):
        raise refuse("Please write a number in digits.")
    number = float(text)
    if isinstance(question.min, int | float) and number < question.min:
        raise refuse("Please write a number that is at least %(bound)s.", bound=question.min)
    if isinstance(question.max, int | float) and number > question.max:
        raise refuse("Please write a number that is at most %(bound)s.", bound=question.max)
    return int(number) if number.is_integer() else number


def _date(question: Question, given: object) -> str:
    found = _DAY.fullmatch(_narrow(given))
    try:
        day = date(*map(int, found.groups())) if found else None
    except ValueError:
        day = None
    if day is None:
        raise refuse("Please write a day that exists, such as 2026-12-31.")
    if isinstance(question.min, date) and day < question.min:
        raise refuse("Please give a day that is not before %(day)s.", day=question.min)
    if isinstance(question.max, date) and day > question.max:
        raise refuse("Please give a day that is not after %(day)s.", day=question.max)
    return day.isoformat()


def _country(_question: Question, given: object) -> str:
    code = country_code(_narrow(given))
    if code is None:
        raise refuse("We do not know this country; please choose one from the list.")
    return code


def _consent(_question: Question, given: object) -> bool | None:
    if isinstance(given, bool):
        return given or None
    text = _narrow(given).casefold()
    if text not in _AGREED | _NOT_AGREED:
        raise refuse("Please choose one of the answers offered.")
    return text in _AGREED or None


_READERS: dict[Kind, Callable[[Question, object], Any]] = {
    "text": _text,
    "long-text": _text,
    "choice": _choice,
    "choices": _choices,
    "number": _number,
    "date": _date,
    "country": _country,
    "consent": _consent,
}
