"""Texts on a page: in which language they are shown, and the names of choices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from services.chassis.i18n import LANGUAGES, Lazy, country_name, language, speaking, words_of


def said_in(value: Mapping[str, str]) -> str:
    """The language (BCP 47) in which a localised text is shown on this page.

    It is the page's own where the text has it, else the one it falls back to; the element around
    the text says so, for screen readers.
    """
    if value.get(language()):
        return language()
    return next((tag for tag, text in value.items() if text), language())


def named(countries: Sequence[str], most: int | None = None) -> str:
    """The names of countries (ISO 3166-1 alpha-2), at most so many, with the language's comma."""
    names = [country_name(code) for code in countries[:most]]
    joined = (", " if language() == "en" else "、").join(names)
    return joined if len(names) == len(countries) else f"{joined} …"


def options(names: Mapping[str, Lazy]) -> list[tuple[str, str]]:
    """Choices of a field, ``(value, name)``, in the page's language."""
    return [(value, str(name)) for value, name in names.items()]


def in_both(message: Lazy) -> dict[str, str]:
    """A sentence as a localised text, for what is stored and read in either language."""
    said: dict[str, str] = {}
    with words_of("content"):
        for tag in LANGUAGES:
            with speaking(tag):
                said[tag] = str(message)
    return said
