"""Questions as a form asks them, and answers as a form shows them again."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from services.chassis.i18n import country_name, language, localized
from services.chassis.i18n import gettext as _
from services.chassis.reference import countries
from services.registration.questions.columns import cell
from services.registration.questions.schemas import (
    LONGEST_LINE,
    LONGEST_TEXT,
    Question,
    readable,
)

# More than so many answers to choose one from are a list to open.
MOST_RADIOS = 7


@dataclass(frozen=True)
class Asked:
    """One question in the language of the moment; ``questions/fields.html`` draws it.

    Attributes:
        name: of its field: ``answers.ID``.
        options: ``(value, word)`` to choose from.
        most: how many characters may be written; ``None`` where it does not matter.
        only_if: the sentence that says to whom it is put; empty for everybody.
        decider: the name of the field that decides whether it is put; empty for none.
        decisive: the decisive answers, a JSON list for the page's script.
    """

    name: str
    kind: str
    label: str
    hint: str
    required: bool
    options: list[tuple[str, str]] = field(default_factory=list)
    most: int | None = None
    only_if: str = ""
    decider: str = ""
    decisive: str = "[]"

    @property
    def many(self) -> bool:
        """Whether one of its options is better chosen from a list that opens."""
        return self.kind == "country" or len(self.options) > MOST_RADIOS


def asked(questions: Sequence[Mapping[str, Any] | Question]) -> list[Asked]:
    """The questions of an activity as a form asks them.

    Args:
        questions: as the activity keeps them, or read already.
    """
    known = readable(list(questions))
    by_id = {question.id: question for question in known}
    return [_asked(question, by_id) for question in known]


def values_of(
    questions: Sequence[Mapping[str, Any] | Question], answers: Mapping[str, Any]
) -> dict[str, Any]:
    """Stored answers as the values of a form, by the names of its fields."""
    values: dict[str, Any] = {}
    for question in readable(list(questions)):
        answer = answers.get(question.id)
        if isinstance(answer, list):
            values[f"answers.{question.id}"] = [str(item) for item in answer]
        elif answer is not None:
            values[f"answers.{question.id}"] = answer if answer is True else str(answer)
    return values


def condition(question: Question, earlier: Mapping[str, Question]) -> str:
    """To whom a question is put, as a sentence; empty for everybody."""
    needed = question.shown_when
    if needed is None or needed.question not in earlier:
        return ""
    decider = earlier[needed.question]
    if decider.kind == "consent":
        return _("Only if you agreed to “%(question)s”.") % {"question": localized(decider.label)}
    answers = _(" or ").join(
        _("“%(answer)s”") % {"answer": cell(decider, value)} for value in needed.values
    )
    return _("Only if your answer to “%(question)s” is %(answers)s.") % {
        "question": localized(decider.label),
        "answers": answers,
    }


def _asked(question: Question, known: Mapping[str, Question]) -> Asked:
    needed = question.shown_when
    return Asked(
        name=f"answers.{question.id}",
        kind=question.kind,
        label=localized(question.label),
        hint=localized(question.hint),
        required=question.required,
        options=_options(question),
        most=_most(question),
        only_if=condition(question, known),
        decider=f"answers.{needed.question}" if needed else "",
        decisive=json.dumps(needed.values if needed else [], ensure_ascii=False),
    )


def _options(question: Question) -> list[tuple[str, str]]:
    if question.kind == "country":
        return sorted(((code, country_name(code)) for code in countries()), key=_as_in_a_list)
    return [(option.value, localized(option.label)) for option in question.options]


def _as_in_a_list(item: tuple[str, str]) -> bytes:
    """Chinese by its sound: GBK holds the common signs in the order of pinyin; else by letters."""
    encoding = "gbk" if language() == "zh-CN" else "utf-8"
    return item[1].encode(encoding, "replace")


def _most(question: Question) -> int | None:
    longest = {"text": LONGEST_LINE, "long-text": LONGEST_TEXT}.get(question.kind)
    if longest is not None and isinstance(question.max, int):
        return question.max
    return longest
