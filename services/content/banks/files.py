"""A file of items as it comes: its characters, and what was read of each item."""

from __future__ import annotations

import codecs
from dataclasses import dataclass, field
from typing import Final

from services.chassis.i18n import Text, lazy
from services.chassis.problems import FieldError, Invalid
from services.content.banks.schemas import ItemIn

MOST_BYTES: Final = 2 * 1024 * 1024
MOST_ITEMS: Final = 1_000


@dataclass(frozen=True)
class Read:
    """One item of a file: either as it was understood, or why it cannot be taken.

    Attributes:
        place: the line it begins in (GIFT), or its number in the list (JSON), from 1.
        name: what it calls itself, or how its text begins.
        item: the item, in the languages that the file has; ``None`` with a problem.
        item_id: the id that the file gives it, if any.
        problem: why not, a sentence; ``None`` with an item.
        remarks: what was taken otherwise than it stands there.
    """

    place: int
    name: str
    item: ItemIn | None = None
    item_id: str | None = None
    problem: Text | None = None
    remarks: list[Text] = field(default_factory=list)


def refused(sentence: Text) -> Invalid:
    """The whole file cannot be taken."""
    return Invalid([FieldError("file", sentence)])


def storable(text: str) -> str:
    """A text without what a database takes for none: NUL, and halves of surrogate pairs."""
    return text.replace("\0", "").encode("utf-8", "ignore").decode()


def decoded(data: bytes) -> str:
    """A text whose encoding nobody told us: by its mark, else UTF-8, else GB18030.

    UTF-8 comes first, because hardly any other text happens to be UTF-8; GB18030 (GB 18030-2022)
    has GBK and GB2312 in it.

    Raises:
        Invalid: it is empty, too large, or none of them.
    """
    if len(data) > MOST_BYTES:
        raise refused(
            lazy("The file is larger than 2 MB. Please divide it and hand the parts in one by one.")
        )
    if not data.strip():
        raise refused(lazy("The file is empty. Please choose another one."))
    for mark, name in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if data.startswith(mark):
            return _strictly(data, name)
    return _strictly(data, "utf-8", "gb18030")


def _strictly(data: bytes, *encodings: str) -> str:
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        # Bytes that are no text at all are GB18030 often enough by chance.
        if not any(sign < " " and sign not in "\t\r\n" for sign in text[:10_000]):
            return storable(text)
    raise refused(
        lazy(
            "We cannot read the characters of this file: it is neither UTF-8 nor GB18030. Please "
            "save it as a text in UTF-8 and choose it again."
        )
    )
