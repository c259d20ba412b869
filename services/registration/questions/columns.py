"""Questions and answers as columns of a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from babel.dates import format_date

from services.chassis.i18n import country_name, locale, localized
from services.chassis.i18n import gettext as _
from services.registration.questions.schemas import Question, readable


def columns(questions: Sequence[Mapping[str, Any] | Question]) -> list[tuple[str, str]]:
    """The columns of an activity's answers, in its order: ``(question id, heading)``.

    Args:
        questions: as the activity keeps them. Headings are in the language of the moment.
    """
    return [(question.id, localized(question.label)) for question in readable(list(questions))]


def cell(question: Mapping[str, Any] | Question, answer: object) -> str:
    """An answer as people read it, in the language of the moment; empty for none.

    An answer that does not suit its question, because the question was another one when it was
    given, is written as it was stored.
    """
    if not isinstance(question, Question):
        found = readable([dict(question) | {"shown_when": None}])
        if not found:
            return _plain(answer)
        question = found[0]
    match question.kind, answer:
        case "consent", bool():
            return _("Yes") if answer else _("No")
        case "choice" | "choices", str() | list():
            names = {option.value: localized(option.label) for option in question.options}
            chosen = answer if isinstance(answer, list) else [answer]
            return _(", ").join(names.get(str(value), str(value)) for value in chosen)
        case "country", str():
            return country_name(answer)
        case "date", str():
            return _day(answer)
    return _plain(answer)


def answered(
    questions: Sequence[Mapping[str, Any] | Question], answers: Mapping[str, Any]
) -> list[tuple[str, str]]:
    """What somebody answered, in words: ``(question, answer)``, without what was not answered."""
    return [
        (localized(question.label), cell(question, answers[question.id]))
        for question in readable(list(questions))
        if question.id in answers
    ]


def _day(text: str) -> str:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return text
    return str(format_date(day, "long", locale=locale()))


def _plain(answer: object) -> str:
    if isinstance(answer, list):
        return _(", ").join(map(_plain, answer))
    return "" if answer is None else str(answer)
