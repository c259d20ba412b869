"""The questions of a survey: the usual four, and up to five of the activity's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import (
    BaseModel,
    Field,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from services.chassis.fields import (
    MultiLine,
    OptionalLocalizedLine,
    OptionalLocalizedText,
    refuse,
)
from services.chassis.i18n import LANGUAGES, Text, lazy, localized
from services.chassis.problems import FieldError, Invalid
from services.chassis.validation import field_errors

Kind = Literal["rating", "choice", "text"]

MOST_OWN = 5
MOST_CHOICES = 10
LONGEST_TEXT = 1000

_TEXT = TypeAdapter[str](Annotated[MultiLine, Field(max_length=LONGEST_TEXT)])
_CHOOSE = lazy("Please choose one of the answers offered.")

KIND_NAMES = {
    "rating": lazy("A rating from 1 to 5"),
    "choice": lazy("One of several answers"),
    "text": lazy("A text"),
}
RATING_NAMES = {
    5: lazy("5 – very good"),
    4: lazy("4 – good"),
    3: lazy("3 – fair"),
    2: lazy("2 – poor"),
    1: lazy("1 – very poor"),
}


class SurveyQuestion(BaseModel):
    """One question as it is asked; ``choices`` are there for the kind ``choice`` alone."""

    id: str
    kind: Kind
    text: dict[str, str]
    choices: list[dict[str, str]] = Field(default_factory=list)
    required: bool = False

    @property
    def field(self) -> str:
        """Its name in the form."""
        return f"answers.{self.id}"

    @property
    def options(self) -> list[tuple[str, Text]]:
        """What can be chosen: the value that is sent, and its words. The best rating first."""
        if self.kind == "rating":
            return [(str(value), name) for value, name in RATING_NAMES.items()]
        return [(str(place), localized(words)) for place, words in enumerate(self.choices)]


# Kept in both languages here, because a stored answer is shown in either.
USUAL = (
    SurveyQuestion(
        id="overall",
        kind="rating",
        text={"zh-CN": "总的来说，您觉得这场活动怎么样？", "en": "How was the activity overall?"},
        required=True,
    ),
    SurveyQuestion(
        id="useful",
        kind="rating",
        text={"zh-CN": "内容对您有多大帮助？", "en": "How useful was it for you?"},
    ),
    SurveyQuestion(
        id="change",
        kind="text",
        text={
            "zh-CN": "今后出行时，您会有哪些不一样的做法？",
            "en": "What will you do differently when you travel?",
        },
    ),
    SurveyQuestion(
        id="comment",
        kind="text",
        text={"zh-CN": "还有什么想告诉我们的？", "en": "Is there anything else to tell us?"},
    ),
)


class OwnQuestion(BaseModel):
    """A question as staff write it; one without a text is not asked.

    ``choices`` has one answer a line, in the same order in each language.
    """

    kind: Kind = "rating"
    text: OptionalLocalizedLine = Field(default_factory=dict)
    choices: OptionalLocalizedText = Field(default_factory=dict, validate_default=True)

    @field_validator("choices")
    @classmethod
    def _something_to_choose(cls, value: dict[str, str], info: ValidationInfo) -> dict[str, str]:
        if info.data.get("kind") != "choice" or not info.data.get("text"):
            return value
        lengths = {len(_lines(text)) for text in value.values()}
        if len(lengths) > 1:
            raise refuse("Please write the same number of answers in both languages.")
        if not lengths or not 2 <= max(lengths) <= MOST_CHOICES:
            raise refuse(
                "Please write two to %(most)s answers, each on a line of its own.",
                most=MOST_CHOICES,
            )
        return value

    def as_asked(self, number: int) -> SurveyQuestion:
        """The question with an id that stays as long as the survey does."""
        columns = {tag: _lines(text) for tag, text in self.choices.items()}
        height = max((len(lines) for lines in columns.values()), default=0)
        choices = [{tag: lines[row] for tag, lines in columns.items()} for row in range(height)]
        return SurveyQuestion(
            id=f"own{number}",
            kind=self.kind,
            text=self.text,
            choices=choices if self.kind == "choice" else [],
        )

    @classmethod
    def of(cls, question: SurveyQuestion) -> Self:
        """What staff wrote to have this question asked."""
        choices = {
            tag: "\n".join(words[tag] for words in question.choices if tag in words)
            for tag in LANGUAGES
        }
        return cls(kind=question.kind, text=question.text, choices=choices)


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


class SurveyIn(BaseModel):
    """A survey as staff settle it. ``version`` is the one that they saw; 0 when there was none."""

    asked: bool = True
    own: list[OwnQuestion] = Field(default_factory=list, max_length=MOST_OWN)
    version: int = 0

    @property
    def questions(self) -> list[SurveyQuestion]:
        """The questions that have a text."""
        return [own.as_asked(place) for place, own in enumerate(self.own, start=1) if own.text]


class Answers(BaseModel):
    """What somebody answered.

    ``numbers``: by question, 1 to 5 for a rating, the place from 0 for a choice. ``texts``: by
    question. ``may_be_quoted``: whether the texts may stand on the public page, without a name.
    """

    numbers: dict[str, int] = Field(default_factory=dict)
    texts: dict[str, str] = Field(default_factory=dict)
    may_be_quoted: bool = False


def read(
    questions: list[SurveyQuestion], typed: Mapping[str, str], *, may_be_quoted: bool
) -> Answers:
    """Everything that was answered; what is not asked is left.

    Args:
        questions: what is asked.
        typed: what was sent, by the question's id.

    Raises:
        Invalid: with a sentence for each field ``answers.ID``.
    """
    found = Answers(may_be_quoted=may_be_quoted)
    errors: list[FieldError] = []
    for question in questions:
        answer = typed.get(question.id, "").strip()
        if not answer:
            if question.required:
                errors.append(FieldError(question.field, _CHOOSE))
        elif question.kind != "text":
            if answer in [value for value, _ in question.options]:
                found.numbers[question.id] = int(answer)
            else:
                errors.append(FieldError(question.field, _CHOOSE))
        else:
            try:
                found.texts[question.id] = _TEXT.validate_python(answer)
            except ValidationError as error:
                said = field_errors(error.errors())
                errors += [FieldError(question.field, one.message) for one in said]
    if errors:
        raise Invalid(errors)
    return found
