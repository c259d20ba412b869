"""Two languages of one item: whether they are the same, and putting them together."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

from pydantic import ValidationError

from services.chassis.fields import LanguageTag
from services.chassis.i18n import Text, lazy
from services.chassis.validation import field_errors
from services.content.banks.contents import ROUNDING
from services.content.banks.schemas import ItemIn, item_of

# Where a content has its parts, by the kind; those of one place are in an order that counts.
_PARTS: Final[Mapping[str, tuple[str, ...]]] = {
    "single": ("choices",),
    "multiple": ("choices",),
    "matching": ("pairs", "answers"),
    "ordering": ("steps",),
}
_FEEDBACK: Final = ("right_feedback", "wrong_feedback")

Content = dict[str, Any]


class Mismatch(Exception):
    """Two languages that do not say the same, with the sentence that says where."""

    def __init__(self, sentence: Text) -> None:
        super().__init__(str(sentence))
        self.sentence = sentence


def plain(item: ItemIn) -> dict[str, Any]:
    """All of an item but the ids within its content, for comparing."""
    value = item.model_dump()
    content = value["content"]
    if item.kind == "matching":
        places = {answer["id"]: at for at, answer in enumerate(content["answers"])}
        for pair in content["pairs"]:
            pair["answer"] = places[pair["answer"]]
    for name in _PARTS.get(item.kind, ()):
        for part in content[name]:
            del part["id"]
    return value


def languages(item: ItemIn) -> set[LanguageTag]:
    """The languages that an item is asked in."""
    return set(item.text)


def with_language(old: ItemIn, new: ItemIn, tag: LanguageTag) -> ItemIn:
    """An item of a bank with the texts that a file has for it in one language.

    Where the bank has it in that language alone, the file's replaces it. Else its parts must be
    the same as in the other language, one by one: then only their texts are taken.

    Raises:
        Mismatch: they are not the same question.
    """
    if old.kind != new.kind:
        raise Mismatch(
            lazy("In the bank this item is of another kind. Please give one of them another title.")
        )
    value = old.model_dump() | {
        "text": {**old.text, tag: new.text[tag]},
        "explanation": _said(old.explanation, new.explanation, tag),
        "source": new.source or old.source,
        "tags": new.tags or old.tags,
    }
    here, there = old.content.model_dump(), new.content.model_dump()
    value["content"] = there if languages(old) <= {tag} else _merged(old.kind, here, there, tag)
    try:
        return item_of(value)
    except ValidationError as error:
        raise Mismatch(field_errors(error.errors())[0].message) from error


def _said(
    old: Mapping[LanguageTag, str], new: Mapping[LanguageTag, str], tag: LanguageTag
) -> dict[LanguageTag, str]:
    """The old texts with the new one of a language, or without one where there is none."""
    return {**{key: text for key, text in old.items() if key != tag}, **new}


def _merged(kind: str, old: Content, new: Content, tag: LanguageTag) -> Content:
    if kind == "short-answer":
        return {"answers": {**old["answers"], tag: new["answers"][tag]}}
    if kind == "true-false":
        if old["answer"] != new["answer"]:
            raise Mismatch(lazy("In the bank the answer to this item is the opposite."))
        return old | {name: _said(old[name], new[name], tag) for name in _FEEDBACK}
    if kind == "matching" and _places(old) != _places(new):
        raise Mismatch(lazy("In the bank other answers belong to the prompts of this item."))
    return {name: _parts(old[name], new[name], tag) for name in _PARTS[kind]}


def _places(content: Content) -> list[int]:
    """For each pair, which of the answers it has."""
    places = [answer["id"] for answer in content["answers"]]
    return [places.index(pair["answer"]) for pair in content["pairs"]]


def _parts(old: list[Content], new: list[Content], tag: LanguageTag) -> list[Content]:
    if len(old) != len(new):
        raise Mismatch(
            lazy(
                "In the bank this item has %(there)s answers, in the file %(here)s. Both languages "
                "must have the same ones in the same order.",
                there=len(old),
                here=len(new),
            )
        )
    return [_part(one, other, tag) for one, other in zip(old, new, strict=True)]


def _part(old: Content, new: Content, tag: LanguageTag) -> Content:
    credit = old.get("credit", 0.0)
    if not math.isclose(credit, new.get("credit", 0.0), abs_tol=ROUNDING):
        raise Mismatch(
            lazy(
                "In the bank “%(text)s” counts %(there)s percent, in the file %(here)s. Are the "
                "answers in the same order?",
                text=next(iter(old["text"].values()))[:40],
                there=f"{credit:g}",
                here=f"{new['credit']:g}",
            )
        )
    part = old | {"text": {**old["text"], **new["text"]}}
    if "feedback" in old:
        part["feedback"] = _said(old["feedback"], new["feedback"], tag)
    return part
