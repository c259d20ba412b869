"""Reading GIFT. Each question is read by itself, so that a wrong one does not spoil the others."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from pydantic import ValidationError

from services.chassis.fields import LanguageTag
from services.chassis.i18n import Text, lazy
from services.chassis.validation import field_errors
from services.content.banks.files import MOST_ITEMS, Read, refused
from services.content.banks.gift import answers, texts
from services.content.banks.gift.answers import Refused
from services.content.banks.gift.signs import hide, marks_of, show
from services.content.banks.schemas import item_of

_CATEGORY: Final = "$CATEGORY:"
_GAP: Final = "_____"
_LONGEST_NAME: Final = 60


@dataclass(frozen=True)
class _Block:
    """The lines of one question, without comments; ``line`` counts from 1."""

    line: int
    text: str
    marks: list[tuple[str, str]]


def read(text: str, language: LanguageTag) -> list[Read]:
    """Every question of a file, in its order.

    Args:
        text: the file.
        language: the language that it is in: GIFT does not say.

    Raises:
        Invalid: there is no question in it, or there are more than we take at once.
    """
    found: list[Read] = []
    tag: str | None = None
    for block in _blocks(text):
        if block.text.startswith(_CATEGORY):
            tag = _tag_of(block.text.removeprefix(_CATEGORY))
            continue
        found.append(_read_block(block, language, tag))
        if len(found) > MOST_ITEMS:
            raise refused(
                lazy(
                    "A file has at most %(most)s questions. Please divide it and hand the parts in "
                    "one by one.",
                    most=f"{MOST_ITEMS:,}",
                )
            )
    if not found:
        raise refused(lazy("There is no question in this file. Please choose another one."))
    return found


def _blocks(text: str) -> Iterator[_Block]:
    """Questions are separated by empty lines; a category may stand right above one."""
    lines: list[str] = []
    marks: list[tuple[str, str]] = []
    start = 0
    rows = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for number, row in enumerate([*rows, ""], start=1):
        line = row.strip()
        if line.startswith("//"):
            marks += marks_of(line)
        elif line.startswith(_CATEGORY) and not lines:
            yield _Block(number, line, [])
        elif line:
            start = start or number
            lines.append(line)
        else:
            if lines:
                yield _Block(start, "\n".join(lines), marks)
            lines, marks, start = [], [], 0


def _tag_of(path: str) -> str | None:
    """The last part of a category's path; ``top`` and ``$course$`` say nothing of the question."""
    parts = [part.replace("//", "/").strip() for part in re.split(r"(?<!/)/(?!/)", path.strip())]
    last = re.sub(r"[,，、;；]", " ", parts[-1])
    return None if not last or last == "top" or last.startswith("$") else last[:40]


def _read_block(block: _Block, language: LanguageTag, category: str | None) -> Read:
    title, rest = _titled(hide(block.text))
    name = " ".join((title or show(rest)).split())[:_LONGEST_NAME]
    try:
        value = _question(rest, language)
    except Refused as refusal:
        return Read(block.line, name, problem=refusal.sentence)
    said = value["text"][language]
    # A title may be longer than the start of a text that stands in for one.
    name = " ".join((title or said[:_LONGEST_NAME]).split())
    tags = [text for kind, text in block.marks if kind == "tag"]
    sources = [text for kind, text in block.marks if kind == "source"]
    value |= {
        "name": name,
        "tags": [*tags, category] if category else tags,
        "source": sources[0] if sources else None,
    }
    ids = [text for kind, text in block.marks if kind == "id"]
    try:
        item = item_of(value)
    except ValidationError as error:
        return Read(block.line, name, problem=_first(error))
    remarks: list[Text] = []
    if texts.has_pictures(block.text):
        remarks.append(lazy("Pictures and sounds are left out: an item is text."))
    if item.kind == "short-answer" and "*" in rest:
        remarks.append(lazy("An asterisk stands for itself here, not for any text."))
    return Read(block.line, name, item, ids[0] if ids else None, remarks=remarks)


def _first(error: ValidationError) -> Text:
    return field_errors(error.errors())[0].message


def _titled(text: str) -> tuple[str, str]:
    """``::title::`` and the rest."""
    if text.startswith("::"):
        title, found, rest = text[2:].partition("::")
        if found:
            return show(title).strip(), rest.strip()
    return "", text


def _question(text: str, language: LanguageTag) -> dict[str, Any]:
    """The fields of an item that the question itself tells.

    Raises:
        Refused: with a sentence.
    """
    before, between, after = _parted(text)
    # What follows the answers belongs to the sentence: the answers stand in a gap.
    asked = f"{before}{_GAP}{after}" if after.strip() else before
    said, format_ = texts.read(asked, "moodle")
    between, found, general = between.rpartition("####")
    if not found:
        between, general = general, ""
    explanation, _ = texts.read(general, format_)
    if not said:
        raise Refused(lazy("The question itself is missing before the answers."))
    kind, content = answers.read(between.strip(), language, format_)
    return {
        "kind": kind,
        "text": {language: said},
        "content": content,
        "explanation": {language: explanation},
    }


def _parted(text: str) -> tuple[str, str, str]:
    """What stands before, between and after the brackets."""
    opened, closed = text.count("{"), text.count("}")
    if not opened and not closed:
        raise Refused(lazy("There are no answers here: they stand between “{” and “}”."))
    before, _, rest = text.partition("{")
    between, _, after = rest.partition("}")
    if opened > 1 and closed > 1:
        raise Refused(
            lazy(
                "There is more than one group of answers here. Is the empty line between two "
                "questions missing? A bracket in a text is written “\\{”."
            )
        )
    if opened != 1 or closed != 1 or "}" in before:
        raise Refused(lazy("The brackets do not fit: answers stand between one “{” and one “}”."))
    return before, between, after
