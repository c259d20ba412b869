"""Words in Chinese and English: what an activity is found by, and what somebody looks for.

Texts are made plain (NFKC, no case, no accents) and kept as lexemes for PostgreSQL's full text;
nothing else reads ``activities.search``. Chinese is kept as its signs and as each two signs in a
row, so that no cut between words hides what stands in a text; what somebody types is cut into
words by a segmenter, and of each word every pair must be there. Neither places nor weights are
kept: with them PostgreSQL unpacks the words of every row that the index has found, and with 10,000
activities a frequent word takes many times as long. So a lexeme of the title is there a second
time with a mark, and one of the title or the names a third time.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import rjieba
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from services.chassis.i18n import LANGUAGES, country_name, speaking, words_of
from services.chassis.reference import district_name, topic_name
from services.registration.activities.models import KIND_NAMES, Activity
from services.registration.activities.words import AUDIENCE_NAMES, LANGUAGE_NAMES
from services.registration.database import database

# Stands in every row, and in no text: how the words were made. Raise it when that changes, and the
# worker makes those that are stored anew.
WAY = "#2"
BATCH = 100
LONGEST_QUERY = 100
MOST_WORDS = 10

_LONGEST_LEXEME = 100
# Marks of a lexeme by where it stands; no text has them, see _RUN.
_TITLE, _NAMES, _ANYWHERE = "1#", "2#", ""

_SIGNS = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_ONE_SIGN = re.compile(f"[{_SIGNS}]")
_RUN = re.compile(rf"(?P<signs>[{_SIGNS}]+)|[^\W_{_SIGNS}]+")

# Said in a question, and seldom in the text that answers it.
_SMALL = frozenset({
    "a", "an", "and", "at", "for", "from", "how", "in", "is", "of", "on", "or", "the", "to", "with",
    "的", "了", "和", "与", "及", "在", "去", "到", "我", "我们", "想", "想要", "要", "有",
    "有没有", "吗", "呢", "怎么", "怎样", "如何", "关于", "什么",
})  # fmt: skip


@dataclass(frozen=True)
class Looked:
    """What to ask of the rows for the words that somebody typed.

    Attributes:
        found: whether every word stands in an activity.
        tiers: conditions of which exactly one holds for what is found, the nearest first: all of
            them stand in its title; in the title, its place, topics and countries; in all its
            texts.
    """

    found: sa.ColumnElement[bool]
    tiers: tuple[sa.ColumnElement[bool], ...]


def index(activity: Activity) -> None:
    """Write anew what an activity is found by; whoever writes its texts calls this."""
    activity.search = lexemes(activity)


def index_stored() -> int:
    """Index whatever is stored without its words, or with words made another way.

    Returns:
        How many activities that were.
    """
    done = 0
    while True:
        with database.transaction() as session:
            rows = session.scalars(
                sa.select(Activity)
                .where(sa.not_(_matches(f"'{WAY}'")))
                .limit(BATCH)
                .with_for_update(skip_locked=True)
            ).all()
            for activity in rows:
                # By hand, so that this does not count as an edit.
                values = {"search": lexemes(activity), "updated_at": activity.updated_at}
                session.execute(
                    sa.update(Activity).where(Activity.id == activity.id).values(values)
                )
        done += len(rows)
        if len(rows) < BATCH:
            return done


def looked_for(text: str) -> Looked | None:
    """The query for what was typed; ``None`` when there is no word in it."""
    words = list(_wanted(text))
    if not words:
        return None
    title, names, anywhere = (
        _has(" & ".join(_term(word, mark) for word in words))
        for mark in (_TITLE, _NAMES, _ANYWHERE)
    )
    tiers = (title, sa.and_(names, sa.not_(title)), sa.and_(anywhere, sa.not_(names)))
    return Looked(found=anywhere, tiers=tiers)


def lexemes(activity: Activity) -> str:
    """Everything that an activity is found by, in PostgreSQL's notation of a ``tsvector``."""
    title = _lexemes(_spoken(activity.title))
    names = title | _lexemes(
        [*_spoken(activity.venue_name, activity.venue_address), *_names(activity)]
    )
    everything = names | _lexemes(_spoken(activity.summary))
    marked = (
        *(_TITLE + lexeme for lexeme in title),
        *(_NAMES + lexeme for lexeme in names),
        *everything,
    )
    return " ".join(f"'{lexeme}'" for lexeme in (WAY, *marked))


def plain(text: str) -> str:
    """A text without what does not tell words apart: width, case and accents."""
    bare = "".join(
        char
        for char in unicodedata.normalize("NFKD", text.casefold())
        if unicodedata.category(char) != "Mn"
    )
    return unicodedata.normalize("NFKC", bare).casefold()


def _lexemes(texts: Iterable[str]) -> set[str]:
    found: set[str] = set()
    for text in texts:
        for run in _RUN.finditer(plain(text)):
            if run["signs"]:
                found.update((*run[0], *_pairs(run[0])))
            else:
                word = run[0][:_LONGEST_LEXEME]
                # The beginning of the plural finds every other singular.
                found.update((word, word[:-3] + "y") if word.endswith("ies") else (word,))
    return found


def _pairs(signs: str) -> list[str]:
    return [signs[place : place + 2] for place in range(len(signs) - 1)]


def _spoken(*texts: Mapping[str, str]) -> list[str]:
    return [text for by_language in texts for text in by_language.values()]


def _names(activity: Activity) -> list[str]:
    """What its codes are called in both languages."""
    found: list[str] = []
    with words_of(database.service):
        for tag in LANGUAGES:
            with speaking(tag):
                found += _named(activity)
    return found


def _named(activity: Activity) -> Iterable[str]:
    yield district_name(activity.district)
    yield from map(topic_name, activity.topics)
    yield from map(country_name, activity.countries)
    for code, names in (
        *((code, AUDIENCE_NAMES) for code in activity.audience or ()),
        *((tag, LANGUAGE_NAMES) for tag in activity.languages),
        (activity.kind, KIND_NAMES),
    ):
        yield str(names.get(code, ""))


def _wanted(text: str) -> Iterator[str]:
    """The words of a query, without the small ones as long as there are others."""
    runs = _RUN.finditer(plain(text[:LONGEST_QUERY]))
    words = [word for run in runs for word in (_cut(run[0]) if run["signs"] else [run[0]])]
    large = [word for word in words if word not in _SMALL]
    yield from list(dict.fromkeys(large or words))[:MOST_WORDS]


def _cut(signs: str) -> list[str]:
    """Chinese in words; neighbours that the segmenter knows no word for stay together."""
    found: list[str] = []
    loose = False
    for word in rjieba.cut(signs):
        single = len(word) == 1 and word not in _SMALL
        if single and loose:
            found[-1] += word
        else:
            found.append(word)
        loose = single
    return found


def _term(word: str, mark: str) -> str:
    """One word of a query in ``tsquery`` notation; a word holds no quote and no backslash."""
    if _ONE_SIGN.match(word):
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


def _has(query: str) -> sa.ColumnElement[bool]:
    """Whether an activity is among those that the index finds.

    A question of its own, and the offset keeps it one: as one condition among others PostgreSQL
    would rather unpack the words of every row that these leave.
    """
    return Activity.id.in_(sa.select(Activity.id).where(_matches(query)).offset(0))


def _matches(query: str) -> sa.ColumnElement[bool]:
    return Activity.search.bool_op("@@")(sa.cast(sa.literal(query), postgresql.TSQUERY))
