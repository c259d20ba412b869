"""What one edition of a pack has otherwise than another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.chassis.difference import Runs, runs
from services.chassis.i18n import LANGUAGES
from services.content.packs.events import PackChange
from services.content.packs.schemas import EditionItem, EditionOut


@dataclass(frozen=True)
class TextChange:
    """A text that two editions say differently, in one language (BCP 47).

    ``of``: the title of the item that it belongs to; ``None`` for the pack's own.
    """

    field: str
    of: Mapping[str, str] | None
    language: str
    runs: Runs


@dataclass(frozen=True)
class Difference:
    """What the newer of two editions has otherwise: items, then texts."""

    items: list[PackChange]
    texts: list[TextChange]
    moved: bool

    def __bool__(self) -> bool:
        return bool(self.items or self.texts or self.moved)


def changes_between(
    before: Sequence[EditionItem], after: Sequence[EditionItem]
) -> list[PackChange]:
    """The items that came, went, or read otherwise; notes and order do not count."""
    old, new = {item.key: item for item in before}, {item.key: item for item in after}
    came = [PackChange(kind="added", title=new[key].sheet.title) for key in new if key not in old]
    went = [PackChange(kind="removed", title=old[key].sheet.title) for key in old if key not in new]
    other = [
        PackChange(kind="updated", title=new[key].sheet.title, said=new[key].sheet.changes)
        for key in new
        if key in old and old[key].mark != new[key].mark
    ]
    return [*came, *went, *other]


def says_the_same(
    given: EditionOut,
    title: Mapping[str, str],
    letter: Mapping[str, str],
    items: Sequence[EditionItem],
) -> bool:
    """Whether an edition is what would be given out now, to the last note and its place."""

    def said(of: Sequence[EditionItem]) -> list[tuple[str, dict[str, str], str]]:
        return [(item.key, item.note, item.mark) for item in of]

    return (given.title, given.letter, said(given.items)) == (title, letter, said(items))


def difference(before: EditionOut, after: EditionOut) -> Difference:
    """Everything that the newer of two editions has otherwise."""
    old, new = {item.key: item for item in before.items}, {item.key: item for item in after.items}
    kept = [key for key in new if key in old]
    texts = [
        *_texts("title", None, before.title, after.title),
        *_texts("letter", None, before.letter, after.letter),
    ]
    for key in kept:
        title = new[key].sheet.title
        texts += _texts("note", title, old[key].note, new[key].note)
        texts += _texts("text", title, old[key].sheet.text, new[key].sheet.text)
    return Difference(
        items=changes_between(before.items, after.items),
        texts=texts,
        moved=kept != [key for key in old if key in new],
    )


def _texts(
    field: str,
    of: Mapping[str, str] | None,
    before: Mapping[str, str],
    after: Mapping[str, str],
) -> list[TextChange]:
    return [
        TextChange(field, of, tag, runs(before.get(tag, ""), after.get(tag, "")))
        for tag in LANGUAGES
        if before.get(tag, "") != after.get(tag, "")
    ]
