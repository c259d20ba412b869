"""What a question is: its kinds, its bounds, and when it is shown."""

from __future__ import annotations

import json
import math
import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from services.chassis.fields import LocalizedLine, OptionalLocalizedLine, SingleLine, refuse

Kind = Literal["text", "long-text", "choice", "choices", "number", "date", "country", "consent"]

MOST_QUESTIONS = 20
MOST_OPTIONS = 20
LONGEST_QUESTIONS = 20_000  # characters of JSON, all together
LONGEST_LINE = 200
LONGEST_TEXT = 2_000
LARGEST_NUMBER = 10**12
AGREED = "yes"  # the one answer that a consent has

_ID = re.compile(r"[a-z0-9](?:[a-z0-9_-]{0,38}[a-z0-9])?")


def _slug(value: str) -> str:
    if not _ID.fullmatch(value):
        raise refuse(
            "Please name it with up to 40 small letters, digits and hyphens, such as meal-choice."
        )
    return value


def _plain_option(value: object) -> object:
    """A plain text is an option that is called what it is."""
    return {"value": value, "label": value} if isinstance(value, str) else value


def _bound(value: object) -> object:
    """A whole number, a decimal number or a day, however it was typed; blank is none."""
    if not isinstance(value, str):
        return value
    text = unicodedata.normalize("NFKC", value).strip()
    if not text:
        return None
    for kind in (int, float, date.fromisoformat):
        try:
            return kind(text)
        except ValueError:
            continue
    raise refuse("Please write a number or, where a day is asked for, one such as 2026-12-31.")


QuestionId = Annotated[str, AfterValidator(_slug)]
OptionValue = Annotated[SingleLine, Field(min_length=1, max_length=60)]
Bound = Annotated[int | float | date | None, BeforeValidator(_bound)]


class Option(BaseModel):
    """One answer to choose from. ``value`` is what is stored; it stays when the words change."""

    model_config = ConfigDict(extra="forbid")

    value: OptionValue
    label: LocalizedLine


class ShownWhen(BaseModel):
    """A question is asked only when an earlier one is answered with one of ``is``.

    The earlier one is a ``choice``, a ``choices`` or a ``consent`` (whose one answer is ``yes``).
    """

    model_config = ConfigDict(extra="forbid", validate_by_name=True, serialize_by_alias=True)

    question: QuestionId
    values: list[OptionValue] = Field(alias="is", min_length=1, max_length=MOST_OPTIONS)


class Question(BaseModel):
    """One question. Texts are by language; a plain text is Chinese.

    ``min`` and ``max``: of a ``number`` or a ``date`` the smallest and largest that is taken, of
    ``text`` and ``long-text`` how many characters, of ``choices`` how many are chosen.
    """

    model_config = ConfigDict(extra="forbid")

    id: QuestionId
    kind: Kind
    label: LocalizedLine
    hint: OptionalLocalizedLine = Field(default_factory=dict)
    required: bool = False
    options: list[Annotated[Option, BeforeValidator(_plain_option)]] = Field(
        default_factory=list, max_length=MOST_OPTIONS, validate_default=True
    )
    min: Bound = None
    max: Bound = None
    shown_when: ShownWhen | None = None

    @field_validator("options")
    @classmethod
    def _options_of_a_choice(cls, options: list[Option], info: ValidationInfo) -> list[Option]:
        kind = info.data.get("kind")
        if kind in ("choice", "choices"):
            if len(options) < 2:
                raise refuse("Please give at least two answers to choose from.")
            if len({option.value for option in options}) < len(options):
                raise refuse("Two of these answers have the same value; each needs its own.")
        elif kind is not None and options:
            raise refuse("Only a question with a choice has answers to choose from.")
        return options

    @field_validator("min", "max")
    @classmethod
    def _bound_of_its_kind(cls, bound: Any, info: ValidationInfo) -> Any:  # noqa: ANN401 - a Bound
        kind, smallest = info.data.get("kind"), info.data.get("min")
        if kind is None or bound is None:
            return bound
        _must_bound(kind, bound)
        if info.field_name == "max" and smallest is not None and bound < smallest:
            raise refuse("The largest must not be below the smallest.")
        return bound

    @property
    def decides(self) -> tuple[str, ...]:
        """The answers on which other questions may depend; none for most kinds."""
        if self.kind == "consent":
            return (AGREED,)
        return tuple(option.value for option in self.options)


def _must_bound(kind: Kind, bound: float | date) -> None:
    match kind:
        case "number":
            if isinstance(bound, date) or not math.isfinite(bound) or abs(bound) > LARGEST_NUMBER:
                raise refuse("Please write a number.")
        case "date":
            if not isinstance(bound, date):
                raise refuse("Please write a day, such as 2026-12-31.")
        case "text" | "long-text" | "choices":
            most = {"text": LONGEST_LINE, "long-text": LONGEST_TEXT, "choices": MOST_OPTIONS}[kind]
            if not isinstance(bound, int) or not 1 <= bound <= most:
                raise refuse("Please write a whole number from 1 to %(most)s.", most=most)
        case _:
            raise refuse("A question of this kind has no smallest or largest answer.")


def _named(value: object) -> object:
    """A question without an id is called after its place: ``question-2``."""
    if not isinstance(value, list):
        return value
    return [
        {"id": f"question-{place}"} | dict(item) if isinstance(item, Mapping) else item
        for place, item in enumerate(value, start=1)
    ]


def _in_order(questions: list[Question]) -> list[Question]:
    earlier: dict[str, Question] = {}
    for place, question in enumerate(questions, start=1):
        if question.id in earlier:
            raise refuse("Two questions are called “%(id)s”; please rename one.", id=question.id)
        if not _may_follow(question, earlier):
            raise refuse(
                "Question %(place)s depends on an answer that no question before it can have.",
                place=place,
            )
        earlier[question.id] = question
    if len(json.dumps(as_stored(questions), ensure_ascii=False)) > LONGEST_QUESTIONS:
        raise refuse("These questions are too long; please shorten them.")
    return questions


def _may_follow(question: Question, earlier: Mapping[str, Question]) -> bool:
    """Whether what it depends on is an answer that an earlier question can have."""
    needed = question.shown_when
    if needed is None:
        return True
    decider = earlier.get(needed.question)
    return decider is not None and set(needed.values) <= set(decider.decides)


def as_stored(questions: Sequence[Question]) -> list[dict[str, Any]]:
    """Questions as an activity keeps them: JSON without what is not said."""
    return [
        question.model_dump(mode="json", by_alias=True, exclude_defaults=True)
        for question in questions
    ]


def readable(stored: object) -> list[Question]:
    """An activity's questions as far as they can be asked.

    Older activities hold whatever was sent at the time: what is no question is left out.
    """
    found: dict[str, Question] = {}
    items = _named(stored)
    for item in items if isinstance(items, list) else ():
        try:
            question = Question.model_validate(item)
        except ValidationError:
            continue
        if question.id not in found and _may_follow(question, found):
            found[question.id] = question
    return list(found.values())


# As staff send them; written out they are what is stored.
Questions = Annotated[
    list[Question],
    Field(max_length=MOST_QUESTIONS),
    BeforeValidator(_named),
    AfterValidator(_in_order),
    PlainSerializer(as_stored),
]
# As they are read, whatever is stored.
StoredQuestions = Annotated[list[Question], BeforeValidator(readable)]
