"""An item of a bank: its text, its content by its kind, what is said afterwards.

All texts of an item are plain, in zh-CN, en or both.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
)

from services.chassis.fields import BlankIsNone, LanguageTag, MultiLine, refuse
from services.chassis.i18n import Lazy, lazy
from services.content.banks.contents import (
    Line,
    MatchingContent,
    MultipleContent,
    OrderingContent,
    ShortAnswerContent,
    SingleContent,
    TrueFalseContent,
    filled,
    some,
)

Kind = Literal["single", "multiple", "true-false", "matching", "short-answer", "ordering"]

KIND_NAMES: Final[dict[str, Lazy]] = {
    "single": lazy("One right answer"),
    "multiple": lazy("Several right answers"),
    "true-false": lazy("True or false"),
    "matching": lazy("Matching"),
    "short-answer": lazy("Short answer"),
    "ordering": lazy("Putting in order"),
}

MOST_TAGS: Final = 12


def _tag(value: str) -> str:
    if any(sign in value for sign in ",，、;；"):
        raise refuse("A tag is one word or a few, without commas.")
    return value


def _each_once(values: list[str]) -> list[str]:
    return list(dict.fromkeys(values))


Paragraphs = Annotated[MultiLine, StringConstraints(max_length=4_000)]
Texts = Annotated[dict[LanguageTag, Paragraphs], AfterValidator(some)]
OptionalTexts = Annotated[dict[LanguageTag, Paragraphs], AfterValidator(filled)]
Name = Annotated[Line, StringConstraints(min_length=1, max_length=120)]
Tag = Annotated[Line, StringConstraints(min_length=1, max_length=40), AfterValidator(_tag)]
Tags = Annotated[list[Tag], Field(max_length=MOST_TAGS), AfterValidator(_each_once)]
Content = (
    SingleContent
    | MultipleContent
    | TrueFalseContent
    | MatchingContent
    | ShortAnswerContent
    | OrderingContent
)


class ItemIn(BaseModel):
    """What every item has, whatever its kind."""

    model_config = ConfigDict(extra="forbid")

    name: Name
    kind: Kind
    text: Texts
    content: Content
    explanation: OptionalTexts = {}
    source: Annotated[Line | None, BlankIsNone] = None
    tags: Tags = []


class SingleItem(ItemIn):
    """One right answer among several."""

    kind: Literal["single"]
    content: SingleContent


class MultipleItem(ItemIn):
    """Several right answers."""

    kind: Literal["multiple"]
    content: MultipleContent


class TrueFalseItem(ItemIn):
    """A sentence that is true or false."""

    kind: Literal["true-false"]
    content: TrueFalseContent


class MatchingItem(ItemIn):
    """Prompts and answers that belong together."""

    kind: Literal["matching"]
    content: MatchingContent


class ShortAnswerItem(ItemIn):
    """A few words to write."""

    kind: Literal["short-answer"]
    content: ShortAnswerContent


class OrderingItem(ItemIn):
    """Steps to put in order."""

    kind: Literal["ordering"]
    content: OrderingContent


AnyItem = Annotated[
    SingleItem | MultipleItem | TrueFalseItem | MatchingItem | ShortAnswerItem | OrderingItem,
    Field(discriminator="kind"),
]

ITEMS: Final[dict[str, type[ItemIn]]] = {
    "single": SingleItem,
    "multiple": MultipleItem,
    "true-false": TrueFalseItem,
    "matching": MatchingItem,
    "short-answer": ShortAnswerItem,
    "ordering": OrderingItem,
}


def item_of(value: Mapping[str, Any]) -> ItemIn:
    """An item checked by its kind, so that an error names its own field.

    Raises:
        pydantic.ValidationError: something is not right, or there is no such kind.
    """
    return ITEMS.get(str(value.get("kind")), ItemIn).model_validate(value)
