"""Words in Chinese and English: what a text is found by, and what somebody looks for.

Texts are made plain (NFKC, no case, no accents) and kept as lexemes for PostgreSQL's full text.
Chinese is kept as its signs and as each two signs in a row, so that no cut between words hides what
stands in a text; what somebody types is cut into words by a segmenter, and of each word every pair
must be there. Why neither places nor weights are kept, and marks instead, is in
``docs/decisions/0013-words-in-an-index-without-places.md``.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping

import rjieba

LONGEST_QUERY = 100
MOST_WORDS = 10

_LONGEST_LEXEME = 100
_SIGNS = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
ONE_SIGN = re.compile(f"[{_SIGNS}]")
# What stands together: signs, or letters and digits. Marks of lexemes are never among them.
RUN = re.compile(rf"(?P<signs>[{_SIGNS}]+)|[^\W_{_SIGNS}]+")

# Said in a question, and seldom in the text that answers it.
SMALL = frozenset({
    "a", "an", "and", "at", "for", "from", "how", "in", "is", "of", "on", "or", "the", "to", "with",
    "的", "了", "和", "与", "及", "在", "去", "到", "我", "我们", "想", "想要", "要", "有",
    "有没有", "吗", "呢", "怎么", "怎样", "如何", "关于", "什么",
})  # fmt: skip


def plain(text: str) -> str:
    """A text without what does not tell words apart: width, case and accents."""
    bare = "".join(
        char
        for char in unicodedata.normalize("NFKD", text.casefold())
        if unicodedata.category(char) != "Mn"
    )
    return unicodedata.normalize("NFKC", bare).casefold()


def spoken(*texts: Mapping[str, str]) -> list[str]:
    """Localised texts in every language that they are written in."""
    return [text for by_language in texts for text in by_language.values()]


def lexemes(texts: Iterable[str]) -> set[str]:
    """Everything that texts are found by; no lexeme holds a quote, a backslash or ``#``."""
    found: set[str] = set()
    for text in texts:
        for run in RUN.finditer(plain(text)):
            if run["signs"]:
                found.update((*run[0], *_pairs(run[0])))
            else:
                word = run[0][:_LONGEST_LEXEME]
                # The beginning of the plural finds every other singular.
                found.update((word, word[:-3] + "y") if word.endswith("ies") else (word,))
    return found


def vector(found: Iterable[str]) -> str:
    """Lexemes in PostgreSQL's notation of a ``tsvector``."""
    return " ".join(f"'{lexeme}'" for lexeme in found)


def wanted(text: str) -> Iterator[str]:
    """The words of a query, without the small ones as long as there are others."""
    runs = RUN.finditer(plain(text[:LONGEST_QUERY]))
    words = [word for run in runs for word in (cut(run[0]) if run["signs"] else [run[0]])]
    large = [word for word in words if word not in SMALL]
    yield from list(dict.fromkeys(large or words))[:MOST_WORDS]


def term(word: str, mark: str = "") -> str:
    """One word of a query in ``tsquery`` notation.

    Args:
        word: from :func:`wanted`; it holds no quote and no backslash.
        mark: before each lexeme, where those of a part of the text were kept with it.
    """
    if ONE_SIGN.match(word):
        return " & ".join(f"'{mark}{pair}'" for pair in _pairs(word) or [word])
    if len(word) < 3:
        return f"'{mark}{word}'"
    # Latin words are beginnings, because English bends them; and a plural finds the one thing.
    single = {
        word.removesuffix(ending) + instead
        for ending, instead in (("s", ""), ("es", ""), ("ies", "y"))
        if word.endswith(ending) and len(word) > len(ending) + 2
    }
    either = [f"'{mark}{word[:_LONGEST_LEXEME]}':*", *(f"'{mark}{one}'" for one in sorted(single))]
    return f"({' | '.join(either)})"


def _pairs(signs: str) -> list[str]:
    return [signs[place : place + 2] for place in range(len(signs) - 1)]


def cut(signs: str) -> list[str]:
    """Chinese in words; neighbours that the segmenter knows no word for stay together."""
    found: list[str] = []
    loose = False
    for word in rjieba.cut(signs):
        single = len(word) == 1 and word not in SMALL
        if single and loose:
            found[-1] += word
        else:
            found.append(word)
        loose = single
    return found
