"""What somebody looks for: words, the same said otherwise, and countries by any of their names."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from services.chassis.countries import ways_to_write
from services.chassis.words import (
    LONGEST_QUERY,
    MOST_WORDS,
    ONE_SIGN,
    RUN,
    SMALL,
    cut,
    plain,
    term,
)

# Marks of a lexeme by where it stands; no text has them.
TITLE: Final = "1#"
NAMES: Final = "2#"
ANYWHERE: Final = ""

# Said in a question, and seldom in the text that answers it; besides those of every search.
_SMALL: Final = SMALL | {
    "怎么办", "怎么", "该", "应该", "请问", "可以", "能", "能不能", "可不可以", "需要", "哪里",
    "哪", "哪些", "时候", "时", "是", "是不是", "被", "把", "会", "不", "没", "吧", "啊", "请",
    "后", "多少",
    "my", "i", "do", "does", "what", "when", "where", "who", "can", "should", "if", "it", "be",
    "are", "was", "me", "we", "by", "there",
}  # fmt: skip
_LONGEST_NAME: Final = 12  # signs of a Chinese name that is looked for within a sentence
_MOST_PARTS: Final = 5  # Latin words of one name


@dataclass(frozen=True)
class Word:
    """One thing that was asked for.

    Attributes:
        said: as it was typed, made plain.
        others: the same said otherwise, in either language.
        country: the country (ISO 3166-1 alpha-2) that it is a name of.
    """

    said: str
    others: tuple[str, ...] = ()
    country: str | None = None

    @property
    def ways(self) -> tuple[str, ...]:
        """Every way to say it, as it was typed first."""
        return (self.said, *self.others)

    def term(self, mark: str, *, own: bool = False, general: bool = False) -> str:
        """This in ``tsquery`` notation: any way to say it, where the mark says.

        Args:
            own: for a country, what is about it will do.
            general: for a country, what is for every destination will do, too.
        """
        either = [f"({_all_of(way, mark)})" for way in self.ways]
        if self.country is not None:
            either += [f"'@{self.country}'"] if own else []
            either += ["'@'"] if general else []
        return f"({' | '.join(either)})"


@dataclass(frozen=True)
class Asked:
    """A query as it was understood."""

    words: tuple[Word, ...]

    @property
    def countries(self) -> tuple[str, ...]:
        """The countries that are named in it."""
        return tuple(dict.fromkeys(word.country for word in self.words if word.country))

    def tiers(self) -> list[str]:
        """Queries for the nearest first; the last one finds all that the others find.

        Whoever asks for a country alone wants what is called after it and then what is about it.
        With other words the country says where: what is for every destination is of use, too.
        """
        if not self.countries or all(word.country for word in self.words):
            return [
                self._all(TITLE),
                self._all(NAMES, own=True),
                self._all(ANYWHERE, own=True),
            ]
        return [
            self._all(TITLE, own=True),
            self._all(NAMES, own=True),
            self._all(TITLE, own=True, general=True),
            self._all(ANYWHERE, own=True, general=True),
        ]

    def _all(self, mark: str, *, own: bool = False, general: bool = False) -> str:
        return " & ".join(word.term(mark, own=own, general=general) for word in self.words)

    def any_of(self) -> str:
        """At least one word must be there; for vectors without marks."""
        return " | ".join(word.term(TITLE).replace(TITLE, "") for word in self.words)


def marked(lexemes: Iterable[str], mark: str) -> Iterator[str]:
    """Lexemes with the mark of where they stand."""
    return (mark + lexeme for lexeme in lexemes)


def asked_for(text: str) -> Asked:
    """What was typed, as words; the small ones count only where there are no others."""
    found = list(_words(plain(text[:LONGEST_QUERY])))
    large = [word for word in found if word.said not in _SMALL]
    return Asked(tuple(dict.fromkeys(large or found))[:MOST_WORDS])


def _words(text: str) -> Iterator[Word]:
    latin: list[str] = []
    for run in RUN.finditer(text):
        if run["signs"]:
            yield from _of_latin(latin)
            latin = []
            yield from _of_signs(run[0])
        else:
            latin.append(run[0])
    yield from _of_latin(latin)


def _of_latin(words: list[str]) -> Iterator[Word]:
    """Names of several words are one thing: South Korea."""
    place = 0
    while place < len(words):
        for length in range(min(_MOST_PARTS, len(words) - place), 0, -1):
            name = " ".join(words[place : place + length])
            if (known := _known().get(name)) is not None:
                yield known
                break
        else:
            length = 1
            yield Word(words[place])
        place += length


def _of_signs(signs: str) -> Iterator[Word]:
    """Names and synonyms first, the longest that there is; the segmenter cuts the rest."""
    begun = place = 0
    while place < len(signs):
        for length in range(min(_LONGEST_NAME, len(signs) - place), 1, -1):
            if (known := _known().get(signs[place : place + length])) is not None:
                yield from _cut(signs[begun:place])
                yield known
                place += length
                begun = place
                break
        else:
            place += 1
    yield from _cut(signs[begun:])


def _cut(signs: str) -> Iterator[Word]:
    for word in cut(signs) if signs else ():
        yield _known().get(word) or Word(word)


def _all_of(way: str, mark: str) -> str:
    """A way to say something may be more than one word."""
    return " & ".join(term(run[0], mark) for run in RUN.finditer(way))


@functools.cache
def _known() -> dict[str, Word]:
    """Every name of a country and every word that has synonyms, by how it is typed."""
    found: dict[str, Word] = {}
    for group in synonyms():
        for way in group:
            found[way] = Word(way, tuple(other for other in group if other != way))
    for name, code in ways_to_write().items():
        key = " ".join(run[0] for run in RUN.finditer(name))
        # Codes are English words, too (in, is, it), and a single sign is a part of many words.
        if len(key) > 2 or ONE_SIGN.match(key) or code != key.upper():
            found[key] = Word(key, country=code)
    return found


@functools.cache
def synonyms() -> list[list[str]]:
    """Words that mean the same to whoever looks for help, in both languages, made plain."""
    file = Path(__file__).with_name("synonyms.json")
    groups: list[list[str]] = json.loads(file.read_text(encoding="utf-8"))
    return [[plain(way) for way in group] for group in groups]
