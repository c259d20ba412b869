"""Results as a table for a spreadsheet program."""

from __future__ import annotations

from collections.abc import Sequence

from services.chassis.i18n import gettext as _
from services.chassis.i18n import localized
from services.chassis.sheets import Value
from services.content.banks.schemas import KIND_NAMES
from services.content.results.reading import Results


def heads() -> list[str]:
    """The headings, in the language of the page."""
    return [
        _("Item"),
        _("Question"),
        _("Kind"),
        _("Tags"),
        _("Papers"),
        _("Difficulty (mean mark)"),
        _("Discrimination"),
    ]


def rows(results: Results) -> list[Sequence[Value]]:
    """A row for each item; figures that could not be reckoned stay empty."""
    return [
        [
            item.name,
            localized(item.text),
            str(KIND_NAMES[item.kind]),
            ", ".join(item.tags),
            item.figures.answered,
            _rounded(item.figures.difficulty),
            _rounded(item.figures.discrimination),
        ]
        for item in results.items
    ]


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
