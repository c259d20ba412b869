"""Writing GIFT: what :mod:`.reader` reads back as the same items, and Moodle as its own."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from services.chassis.fields import LanguageTag
from services.content.banks.gift.signs import escape, escape_step, mark
from services.content.banks.schemas import ItemIn

Content = Mapping[str, Any]


def write(title: str, items: Iterable[tuple[uuid.UUID | None, ItemIn]], tag: LanguageTag) -> str:
    """A file with the items that have all their texts in a language; see :func:`is_whole`.

    Args:
        title: what the bank is called, for the comment on top.
        items: with their ids, by which a file in another language finds them again.
    """
    questions = [_question(item_id, item, tag) for item_id, item in items if is_whole(item, tag)]
    return "\n\n".join([f"// {' '.join(title.split())} ({tag})", *questions]) + "\n"


def is_whole(item: ItemIn, tag: LanguageTag) -> bool:
    """Whether an item can be asked in a language: each of its texts is there in it."""
    content = item.content.model_dump()
    parts = [
        part
        for name in ("choices", "pairs", "answers", "steps")
        if isinstance(content.get(name), list)
        for part in content[name]
    ]
    if item.kind == "short-answer" and not content["answers"].get(tag):
        return False
    return tag in item.text and all(tag in part["text"] for part in parts)


def _question(item_id: uuid.UUID | None, item: ItemIn, tag: LanguageTag) -> str:
    marks = [mark("id", str(item_id))] if item_id else []
    marks += [mark("tag", text) for text in item.tags]
    marks += [mark("source", item.source)] if item.source else []
    comment = f"// {' '.join(marks)}\n" if marks else ""
    # Plain, so that Moodle takes no sign of a text for HTML.
    head = f"::{escape(item.name)}::[plain]{escape(item.text[tag])}"
    between = _WRITERS[item.kind](item.content.model_dump(), tag)
    if general := item.explanation.get(tag):
        between += f"\t####{_part(general)}\n"
    return f"{comment}{head}{{{between}}}"


def _part(text: str) -> str:
    """A text within the brackets. What begins like the name of a format gets one."""
    return f"[plain]{escape(text)}" if text.startswith("[") else escape(text)


def _weight(credit: float) -> str:
    return f"%{credit:.5f}".rstrip("0").rstrip(".") + "%"


def _with_feedback(text: str, feedback: str | None) -> str:
    return f"{text}#{_part(feedback)}" if feedback else text


def _single(content: Content, tag: LanguageTag) -> str:
    return _choices(content, tag, right="=")


def _multiple(content: Content, tag: LanguageTag) -> str:
    return _choices(content, tag, right="~%100%")


def _choices(content: Content, tag: LanguageTag, *, right: str) -> str:
    lines = []
    for choice in content["choices"]:
        text = _part(choice["text"][tag])
        if choice["credit"] == 100:
            sign = right
        elif choice["credit"] or text.startswith("%"):
            sign = f"~{_weight(choice['credit'])}"
        else:
            sign = "~"
        lines.append(_with_feedback(f"\t{sign}{text}", choice["feedback"].get(tag)))
    return _lines(lines)


def _true_false(content: Content, tag: LanguageTag) -> str:
    right = content["right_feedback"].get(tag)
    wrong = content["wrong_feedback"].get(tag)
    text = "TRUE" if content["answer"] else "FALSE"
    if right or wrong:
        text += f"#{_part(wrong or '')}"
    return f"{_with_feedback(text, right)}\n"


def _matching(content: Content, tag: LanguageTag) -> str:
    texts = {answer["id"]: escape(answer["text"][tag]) for answer in content["answers"]}
    lines = [
        f"\t={_part(pair['text'][tag])} -> {texts[pair['answer']]}" for pair in content["pairs"]
    ]
    used = {pair["answer"] for pair in content["pairs"]}
    lines += [f"\t= -> {text}" for answer, text in texts.items() if answer not in used]
    return _lines(lines)


def _short(content: Content, tag: LanguageTag) -> str:
    lines = []
    for accepted in content["answers"][tag]:
        text = _part(accepted["text"])
        full = accepted["credit"] == 100 and not text.startswith("%")
        weight = "" if full else _weight(accepted["credit"])
        lines.append(_with_feedback(f"\t={weight}{text}", accepted["feedback"]))
    return _lines(lines)


def _ordering(content: Content, tag: LanguageTag) -> str:
    """Moodle's own form. Its grading by position is the one that every version reads rightly."""
    steps = content["steps"]
    lines = [f">{len(steps)} ALL VERTICAL ABSOLUTE_POSITION SHOW none"]
    for step in steps:
        text = step["text"][tag]
        # Such a line would be a comment, or name a format.
        named = text.startswith(("//", "["))
        lines.append(f"[plain]{escape_step(text)}" if named else escape_step(text))
    return "\n".join(lines) + "\n"


def _lines(lines: Iterable[str]) -> str:
    return "\n" + "\n".join(lines) + "\n"


_WRITERS: Final[Mapping[str, Callable[[Content, LanguageTag], str]]] = {
    "single": _single,
    "multiple": _multiple,
    "true-false": _true_false,
    "matching": _matching,
    "short-answer": _short,
    "ordering": _ordering,
}
