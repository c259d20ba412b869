"""What an item holds beside its text, by its kind: choices, pairs, steps, texts that count.

What stands in several places of one content (a choice, a step) is one object with a text for each
language, so an answer means the same in either language. The ids in a content are random and say
nothing about what is right.
"""

from __future__ import annotations

import math
import secrets
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Final, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    field_validator,
    model_validator,
)

from services.chassis.fields import LanguageTag, MultiLine, refuse

MOST_CHOICES: Final = 12
# What rounding of thirds and sixths to five places, as GIFT has them, may leave.
ROUNDING: Final = 0.01


def fresh_mark() -> str:
    """An id within an item: random, so that neither it nor its place tells what is right."""
    return secrets.token_hex(4)


def _line(value: str) -> str:
    return " ".join(value.split())


def _five_places(value: float) -> float:
    return round(value, 5)


def _arrow(value: str) -> str:
    """GIFT takes ``->`` in an answer for a pair of matching, and knows no way to escape it."""
    return value.replace("->", "→")


def some(value: dict[str, str]) -> dict[str, str]:
    """The texts that are not empty, of which there must be one."""
    found = filled(value)
    if not found:
        raise refuse("Please write this in at least one language.")
    return found


def filled(value: dict[str, str]) -> dict[str, str]:
    """The texts that are not empty."""
    return {tag: text for tag, text in value.items() if text}


Line = Annotated[MultiLine, AfterValidator(_line), StringConstraints(max_length=500)]
Answer = Annotated[Line, AfterValidator(_arrow), StringConstraints(min_length=1, max_length=200)]
Lines = Annotated[dict[LanguageTag, Line], AfterValidator(some)]
OptionalLines = Annotated[dict[LanguageTag, Line], AfterValidator(filled)]
PairLines = Annotated[
    dict[LanguageTag, Annotated[Line, AfterValidator(_arrow)]], AfterValidator(some)
]
Mark = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,40}$")]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid")


# GIFT writes weights with at most five places.
Credit = Annotated[float, AfterValidator(_five_places)]


class Choice(_Part):
    """An answer to choose.

    ``credit`` is what choosing it adds, in percent of the item's mark: 100 for the right one of a
    single choice; with several right ones their shares, and below zero for a wrong one.
    """

    id: Mark = Field(default_factory=fresh_mark)
    text: Lines
    credit: Credit = Field(ge=-100, le=100)
    feedback: OptionalLines = {}


def shares(right: Sequence[bool]) -> list[float]:
    """Credits where several are right: each right one its share, each wrong one takes one away.

    Shares have five places, as in the list of grades that Moodle takes.
    """
    count = sum(right)
    wrong = len(right) - count
    return [round(100 / count, 5) if is_right else -round(100 / wrong, 5) for is_right in right]


class _Choices(_Part):
    choices: Annotated[list[Choice], Field(min_length=2, max_length=MOST_CHOICES)]

    @field_validator("choices")
    @classmethod
    def _distinct(cls, choices: list[Choice]) -> list[Choice]:
        must_differ([choice.text for choice in choices])
        return choices


class SingleContent(_Choices):
    """``single``: one choice is taken. Write ``correct: true`` for short, instead of a credit."""

    @model_validator(mode="before")
    @classmethod
    def _credited(cls, value: Any) -> Any:  # noqa: ANN401 - not yet checked
        return _with_credits(value, lambda right: [100.0 if one else 0.0 for one in right])

    @model_validator(mode="after")
    def _has_a_right_one(self) -> Self:
        if not any(choice.credit == 100 for choice in self.choices):
            raise refuse("Please mark which answer is right.")
        return self


class MultipleContent(_Choices):
    """``multiple``: any number of choices. ``correct: true`` and ``false`` for short: right shares
    add up to 100, and wrong ones take their share away."""

    @model_validator(mode="before")
    @classmethod
    def _credited(cls, value: Any) -> Any:  # noqa: ANN401 - not yet checked
        return _with_credits(value, shares)

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        total = sum(choice.credit for choice in self.choices if choice.credit > 0)
        if total == 0:
            raise refuse("Please mark which answers are right.")
        if not math.isclose(total, 100, abs_tol=ROUNDING):
            raise refuse(
                "The weights of the right answers make %(total)s percent; they must make 100.",
                total=f"{total:g}",
            )
        return self


def _with_credits(value: Any, credits: Callable[[list[bool]], list[float]]) -> Any:  # noqa: ANN401 - not yet checked
    """Choices that say ``correct`` get their credits."""
    choices = value.get("choices") if isinstance(value, Mapping) else None
    if not isinstance(choices, list) or not choices:
        return value
    if not all(
        isinstance(choice, Mapping) and isinstance(choice.get("correct"), bool)
        for choice in choices
    ):
        return value
    right = [choice["correct"] for choice in choices]
    if not any(right):
        raise refuse("Please mark which answer is right.")
    plain = [{key: choice[key] for key in choice if key != "correct"} for choice in choices]
    return {
        **value,
        "choices": [
            {**choice, "credit": credit}
            for choice, credit in zip(plain, credits(right), strict=True)
        ],
    }


class TrueFalseContent(_Part):
    """``true-false``: whether the text is true, and what to say to a right or a wrong answer."""

    answer: bool
    right_feedback: OptionalLines = {}
    wrong_feedback: OptionalLines = {}


class MatchAnswer(_Part):
    """What can be matched; one that no pair has is there to mislead."""

    id: Mark = Field(default_factory=fresh_mark)
    text: PairLines


class Pair(_Part):
    """A prompt, and the id of its answer."""

    id: Mark = Field(default_factory=fresh_mark)
    text: PairLines
    answer: Mark


class MatchingContent(_Part):
    """``matching``: each prompt has one of the answers; two prompts may have the same."""

    pairs: Annotated[list[Pair], Field(min_length=2, max_length=MOST_CHOICES)]
    answers: Annotated[list[MatchAnswer], Field(min_length=2, max_length=MOST_CHOICES)]

    @model_validator(mode="after")
    def _fits(self) -> Self:
        must_differ([pair.text for pair in self.pairs])
        must_differ([answer.text for answer in self.answers])
        known = {answer.id for answer in self.answers}
        if len(known) < len(self.answers) or any(pair.answer not in known for pair in self.pairs):
            raise refuse("Each pair must name one of the answers.")
        # In the order of the pairs, then those that mislead: that is how GIFT lists them.
        used = list(dict.fromkeys(pair.answer for pair in self.pairs))
        place = {answer: at for at, answer in enumerate(used)}
        self.answers.sort(key=lambda answer: place.get(answer.id, len(used)))
        return self


class Accepted(_Part):
    """A text that counts. Compared without case, spaces, width of signs and outer punctuation."""

    text: Answer
    credit: Credit = Field(default=100, gt=0, le=100)
    feedback: Annotated[Line, AfterValidator(_arrow)] = ""


class ShortAnswerContent(_Part):
    """``short-answer``: texts that are taken, by language; those of all languages count always."""

    answers: dict[LanguageTag, Annotated[list[Accepted], Field(max_length=30)]]

    @field_validator("answers")
    @classmethod
    def _some_full(
        cls, value: dict[LanguageTag, list[Accepted]]
    ) -> dict[LanguageTag, list[Accepted]]:
        kept = {tag: answers for tag, answers in value.items() if answers}
        if not kept:
            raise refuse("Please write at least one answer that counts.")
        if any(all(one.credit < 100 for one in answers) for answers in kept.values()):
            raise refuse("At least one answer must count fully.")
        return kept


class Step(_Part):
    """One of the things to put in order."""

    id: Mark = Field(default_factory=fresh_mark)
    text: Lines


class OrderingContent(_Part):
    """``ordering``: the steps in their right order."""

    steps: Annotated[list[Step], Field(min_length=2, max_length=MOST_CHOICES)]

    @field_validator("steps")
    @classmethod
    def _distinct(cls, steps: list[Step]) -> list[Step]:
        must_differ([step.text for step in steps])
        return steps


def must_differ(texts: Sequence[Mapping[Any, str]]) -> None:
    """Refuse two answers that read the same in one language.

    Raises:
        PydanticCustomError: with a sentence that names the text.
    """
    for tag in ("zh-CN", "en"):
        seen: set[str] = set()
        for text in texts:
            said = text.get(tag)
            if said in seen:
                raise refuse("“%(text)s” stands here twice.", text=str(said)[:60])
            if said:
                seen.add(said)
